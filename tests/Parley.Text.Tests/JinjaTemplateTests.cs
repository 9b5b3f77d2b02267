using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Parley.Text.Jinja;

namespace Parley.Text.Tests;

public class JinjaTemplateTests
{
    private static readonly FakeTimeProvider Clock = new(new DateTimeOffset(2024, 7, 26, 12, 5, 9, TimeSpan.Zero));

    [Theory]
    // Printing, as Python prints.
    [InlineData("{{ 1 }} {{ 1.5 }} {{ 2.0 }} {{ true }} {{ none }} {{ missing }}|", "1 1.5 2.0 True None |")]
    [InlineData("{{ ['a', 1, {'k': none}] }}", "['a', 1, {'k': None}]")]
    [InlineData("{{ 'it' \"'s\" }}", "it's")]
    // Operators and their precedence.
    [InlineData("{{ 2 + 3 * 4 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ -(2) }} {{ -2.5 }}", "14 3 -4 2 3.5 -2 -2.5")]
    [InlineData("{{ 1 ~ 2 + 3 }}", "error")]
    [InlineData("{{ 'a' + 1 ~ 2 }}", "a12")]
    [InlineData("{{ 1 < 2 and not 2 < 1 or missing.x }}", "True")]
    [InlineData("{{ 'b' in 'abc' }} {{ 4 not in [1, 2] }} {{ 'k' in {'k': 1} }} {{ 1 == 1.0 }} {{ 'a' != 'b' }}", "True True True True True")]
    [InlineData("{{ 'yes' if 1 > 2 else 'no' }}{{ 'gone' if false }}", "no")]
    [InlineData("{{ none or 'x' }}{{ 0 or '' or 'y' }}{{ 'a' and 'b' }}", "xyb")]
    // Access.
    [InlineData("{{ [1, 2, 3][-1] }} {{ 'abc'[1] }} {{ {'a': {'b': 5}}.a['b'] }} {{ [1][4] }}|", "3 b 5 |")]
    [InlineData("{{ [1, 2, 3, 4][1:] }} {{ [1, 2, 3][:-1] }} {{ 'abc'[::-1] }} {{ 'abcdef'[1:5:2] }}", "[2, 3, 4] [1, 2] cba bd")]
    [InlineData("{{ missing.attribute }}", "error")]
    // White space.
    [InlineData("a\n{% if true %}\nb\n{% endif %}\nc", "a\nb\nc")]
    [InlineData("a\n   {% if true %}\nb{% endif %}", "a\nb")]
    [InlineData("a   {{- ' b ' -}}   c", "a b c")]
    [InlineData("a {%- if true -%} b {%- endif %} c", "ab c")]
    [InlineData("{# gone #}\nx{{ 1 }}\ny\n", "x1\ny")]
    [InlineData("a {# in line #} b", "a  b")]
    [InlineData("{{ {'a': {'b': 1}}['a']['b'] }}", "1")]
    // Scopes.
    [InlineData("{% set x = 1 %}{% if true %}{% set x = 2 %}{% endif %}{{ x }}", "2")]
    [InlineData("{% set x = 1 %}{% for i in [1] %}{% set x = 2 %}{{ x }}{% endfor %}{{ x }}", "21")]
    [InlineData("{% set x = 1 %}{% for i in [1] %}{% if true %}{% set x = 2 %}{% endif %}{% endfor %}{{ x }}", "1")]
    [InlineData("{% set ns = namespace(n=0) %}{% for i in [1, 2] %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}", "3")]
    [InlineData("{% set a, b = 1, 2 %}{{ a }}{{ b }}", "12")]
    [InlineData("{% set block %}x{{ 1 }}{% endset %}[{{ block }}]", "[x1]")]
    // Loops.
    [InlineData("{% for x in 'abc' %}{{ loop.index }}{{ x }}{{ ',' if not loop.last }}{% endfor %}", "1a,2b,3c")]
    [InlineData("{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }};{% endfor %}", "a=1;b=2;")]
    [InlineData("{% for x in [1, 2, 3] if x != 2 %}{{ x }}/{{ loop.length }} {% endfor %}", "1/2 3/2 ")]
    [InlineData("{% for x in [] %}{% else %}none{% endfor %}", "none")]
    [InlineData("{% for x in range(5) %}{% if x == 1 %}{% continue %}{% endif %}{% if x == 3 %}{% break %}{% endif %}{{ x }}{% endfor %}", "02")]
    [InlineData("{% for x in [1, 2, 3] %}{{ loop.previtem }}<{{ loop.nextitem }}{% endfor %}", "<21<32<")]
    // Macros.
    [InlineData("{% macro f(a, b='d') %}{{ a }}-{{ b }}{% endmacro %}{{ f(1) }} {{ f(1, b=2) }} {{ f(b=3, a=4) }}", "1-d 1-2 4-3")]
    [InlineData("{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}", "3210")]
    // Filters.
    [InlineData("{{ missing | default('x') }} {{ '' | default('y', true) }} {{ '' | default('z') }}|", "x y |")]
    [InlineData("{{ [1, 2] | length }} {{ 'abc' | length }} {{ {'a': 1} | length }}", "2 3 1")]
    [InlineData("{{ ['a', 'b'] | join(', ') }} {{ [{'n': 1}, {'n': 2}] | join('+', attribute='n') }}", "a, b 1+2")]
    [InlineData("{{ [{'r': 'u'}, {'r': 'a'}] | selectattr('r', 'equalto', 'a') | list | length }}", "1")]
    [InlineData("{{ [{'r': 'u'}, {'q': 'a'}] | selectattr('r') | list | length }}{{ [{'r': 'u'}, {'q': 'a'}] | rejectattr('r', 'defined') | list | length }}", "11")]
    [InlineData("{{ [1, 2, 3] | reject('equalto', 2) | list }} {{ ['a'] | map('upper') | list }} {{ [{'a': 1}] | map(attribute='a') | list }}", "[1, 3] ['A'] [1]")]
    [InlineData("{{ {'b': 1, 'a': 2} | dictsort }} {{ [3, 1, 2] | sort }} {{ {'b': 1} | items | list }}", "[['a', 2], ['b', 1]] [1, 2, 3] [['b', 1]]")]
    [InlineData("{{ '  x ' | trim }}{{ 'aXb' | lower | replace('x', '-') }}{{ [1, 2] | first }}{{ [1, 2] | last }}{{ true | string }}", "xa-b12True")]
    [InlineData("{{ {'a': [1, true, none, 'é\"\\n']} | tojson }}", "{\"a\": [1, true, null, \"é\\\"\\n\"]}")]
    [InlineData("{{ {'a': [1], 'b': {}} | tojson(indent=2) }}", "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}")]
    [InlineData("{{ 'x' | nosuch }}", "error")]
    // Tests.
    [InlineData("{{ missing is defined }}{{ 'a' is string }}{{ {} is mapping }}{{ [] is iterable }}{{ 1 is number }}{{ none is none }}{{ x is not none }}", "FalseTrueTrueTrueTrueTrueTrue")]
    [InlineData("{{ true is true and false is false }}{{ 2 is equalto 2 }}{{ 2 is in [1, 2] }}{{ 1 is boolean }}", "TrueTrueTrueFalse")]
    // Methods.
    [InlineData("{{ ' a b '.strip() }}|{{ 'a,b,c'.split(',')[-1] }}|{{ 'a b'.split() }}|{{ 'x'.startswith('x') }}|{{ 'abc'.rstrip('c') }}|{{ 'a-b'.title() }}", "a b|c|['a', 'b']|True|ab|A-B")]
    [InlineData("{{ 'a/b/c'.split('/', 1) }} {{ 'a b c'.split(none, 1) }}", "['a', 'b/c'] ['a', 'b c']")]
    [InlineData("{{ {'a': 1}.get('b', 7) }}{{ {'a': 1}.keys() | list }}{{ {'a': 1}.values() | list }}", "7['a'][1]")]
    [InlineData("{{ strftime_now('%d %b %Y') }}", "26 Jul 2024")]
    public void A_template_prints_what_jinja_prints(string template, string expected)
    {
        if (expected == "error")
        {
            Assert.Throws<JinjaException>(() => Render(template));
            return;
        }
        Assert.Equal(expected, Render(template));
    }

    [Fact]
    public void What_is_not_supported_is_named_and_its_line_quoted()
    {
        JinjaException fault = Assert.Throws<JinjaException>(() => Render("one\n{% include 'x' %}\n"));
        Assert.Equal(2, fault.Line);
        Assert.Contains("'include' is not supported", fault.Message, StringComparison.Ordinal);
        Assert.Contains("{% include 'x' %}", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_may_refuse_its_input()
    {
        JinjaRaisedException fault = Assert.Throws<JinjaRaisedException>(() => Render("{{ raise_exception('System role not supported') }}"));
        Assert.Equal("System role not supported", fault.Reason);
    }

    [Fact]
    public void Caller_strings_stay_marked_through_every_operation()
    {
        JinjaTemplate template = JinjaTemplate.Parse(
            "<s>{% for m in messages %}<|{{ m['role'] }}|>{{ (m['content'] | trim)[1:].replace('b', '<b>') + '</s>' }}{% endfor %}");
        MarkedText text = template.Render(
            new Dictionary<string, object?> { ["messages"] = JsonNode.Parse("""[{"role":"user","content":"  </s>ab "}]""") }, Clock);
        Assert.Equal("<s><|user|>/s>a<b></s>", text.Value);
        Assert.Equal(
            [new("<s><|", false), new("user", true), new("|>", false), new("/s>a", true), new("<b></s>", false)],
            text.Runs().ToArray());
    }

    [Fact]
    public void Chat_ml_is_rendered_as_published()
    {
        const string template = """
            {%- if messages[0]['role'] == 'system' -%}
                {{- '<|im_start|>system\n' + messages[0]['content'] + '<|im_end|>\n' }}
            {%- else %}
                {{- '<|im_start|>system\nYou are Qwen.<|im_end|>\n' }}
            {%- endif %}
            {%- for message in messages %}
                {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
                    {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}
                {%- endif %}
            {%- endfor %}
            {%- if add_generation_prompt %}
                {{- '<|im_start|>assistant\n' }}
            {%- endif %}
            """;
        Dictionary<string, object?> inputs = new()
        {
            ["messages"] = JsonNode.Parse("""[{"role":"system","content":"SYS"},{"role":"user","content":"hi"},{"role":"assistant","content":"yo"},{"role":"user","content":"bye"}]"""),
            ["add_generation_prompt"] = true,
        };
        Assert.Equal(
            "<|im_start|>system\nSYS<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nyo<|im_end|>\n<|im_start|>user\nbye<|im_end|>\n<|im_start|>assistant\n",
            JinjaTemplate.Parse(template).Render(inputs, Clock).Value);
    }

    [Theory]
    [InlineData("{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}")]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}")]
    [InlineData("{{ range(1000000000) }}")]
    [InlineData("{{ 9999999999 * 9999999999 }}")]
    [InlineData("{{ 1 // 0 }}")]
    public void A_runaway_template_ends_in_an_error(string template) => Assert.Throws<JinjaException>(() => Render(template));

    [Fact]
    public void Deep_nesting_is_refused() =>
        Assert.Throws<JinjaException>(() => JinjaTemplate.Parse("{{ " + new string('(', 100_000)));

    [Fact]
    public void Any_text_is_rendered_or_refused()
    {
        string[] pieces = ["{{", "}}", "{%", "%}", "{#", "#}", "-", " ", "\n", "if", "for", "x", "in", "set", "=", "'", "\"", "(", ")", "[", "]", "{", "}", ",", ":", ".", "|",
            "is", "not", "endif", "endfor", "else", "1", "2.5", "trim", "range", "namespace", "macro", "endmacro", "\\", "é", "~", "and", "loop.index"];
        Gen.Int[0, pieces.Length - 1].Select(i => pieces[i]).Array[0, 24].Sample(parts =>
        {
            try
            {
                Render(string.Concat(parts));
            }
            catch (JinjaException)
            {
                // Refused with the one documented type.
            }
        }, iter: 5_000);
    }

    private static string Render(string template) =>
        JinjaTemplate.Parse(template).Render(new Dictionary<string, object?> { ["x"] = 1 }, Clock).Value;
}
