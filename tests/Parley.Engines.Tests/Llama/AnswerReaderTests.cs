using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Engines.Llama;

namespace Parley.Engines.Tests.Llama;

public class AnswerReaderTests
{
    private static readonly HashSet<string> Functions = ["f", "g"];
    private static readonly string[] Parts =
        ["<tool_call>", "</tool_call>", "[TOOL_CALLS]", "[ARGS]", "{", "}", "\"name\"", ":", "\"f\"", "<|tool_call>", "<tool_call|>", "call:f", "<|\"|>", "[", ",", "<think>", "</think>", "x"];

    [Theory]
    [InlineData(nameof(CallStyle.Hermes), "I will.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n</tool_call>\n<tool_call>{\"name\":\"g\",\"arguments\":{}}</tool_call>", "I will.\n|f{\"a\":1}|g{}")]
    [InlineData(nameof(CallStyle.Hermes), "<think>hm</think>\n\nYes.", "(hm)|Yes.")]
    [InlineData(nameof(CallStyle.Hermes), "<tool_call>{\"name\": \"unknown\", \"arguments\": {}}</tool_call>", "<tool_call>{\"name\": \"unknown\", \"arguments\": {}}</tool_call>")]
    [InlineData(nameof(CallStyle.Hermes), "a <tool_ca b <", "a <tool_ca b <")]
    [InlineData(nameof(CallStyle.Hermes), "x<tool_call>{\"name\": \"f\", \"argu", "x|<tool_call>{\"name\": \"f\", \"argu</tool_call>")]
    [InlineData(nameof(CallStyle.BareJson), " {\"name\": \"f\", \"parameters\": {\"a\": \"b\"}}", "f{\"a\":\"b\"}")]
    [InlineData(nameof(CallStyle.BareJson), "<|python_tag|>{\"name\": \"f\", \"parameters\": {}}; {\"name\": \"g\", \"parameters\": {}}", "f{}|g{}")]
    [InlineData(nameof(CallStyle.BareJson), "{\"name\": \"nobody\"} is JSON", "{\"name\": \"nobody\"} is JSON")]
    [InlineData(nameof(CallStyle.BareJson), "plain", "plain")]
    [InlineData(nameof(CallStyle.Mistral), "[TOOL_CALLS]f[ARGS]{\"a\": 1}[TOOL_CALLS]g[CALL_ID]x[ARGS]{}", "f{\"a\":1}|g{}")]
    [InlineData(nameof(CallStyle.Mistral), "[TOOL_CALLS][{\"name\": \"f\", \"arguments\": {\"a\": [1]}}]", "f{\"a\":[1]}")]
    [InlineData(nameof(CallStyle.Mistral), "[THINK]so[/THINK]ok", "(so)|ok")]
    [InlineData(nameof(CallStyle.Gemma), "<|tool_call>call:f{a:1,b:<|\"|>x, y<|\"|>,c:[true,null],d:{e:2.5}}<tool_call|>", "f{\"a\":1,\"b\":\"x, y\",\"c\":[true,null],\"d\":{\"e\":2.5}}")]
    [InlineData(nameof(CallStyle.Gemma), "<|channel>thought\nhm<channel|>ok", "(hm)|ok")]
    public void Answers_are_read_in_any_chunking(string style, string text, string expected)
    {
        for (int size = 1; size <= text.Length; size += size < 8 ? 1 : 7)
            Assert.Equal(expected, Read(Enum.Parse<CallStyle>(style), text, size));
    }

    [Fact]
    public void Without_functions_a_call_is_text_and_flows() =>
        Assert.Equal("<tool_call>x", string.Concat(new AnswerReader(new(CallStyle.Hermes, true), new HashSet<string>(), false).Push("<tool_call>x").OfType<TextContent>().Select(content => content.Text)));

    [Fact]
    public void Thoughts_flow_while_they_are_thought()
    {
        AnswerReader reader = new(new(CallStyle.Hermes, true), Functions, isThinking: true);
        Assert.Equal("so it is", Assert.IsType<TextReasoningContent>(Assert.Single(reader.Push("so it is"))).Text);
        Assert.Equal("Yes", Assert.IsType<TextContent>(Assert.Single(reader.Push("</think>Yes"))).Text);
    }

    [Fact]
    public void Garbage_comes_out_as_it_is_or_as_calls_and_never_as_a_fault() =>
        Gen.Select(Gen.Int[0, Parts.Length - 1].Select(i => Parts[i]).Array[0, 30], Gen.Enum<CallStyle>())
            .Sample((parts, style) =>
            {
                Read(style, string.Concat(parts), 3);
            });

    private static string Read(CallStyle style, string text, int size)
    {
        AnswerReader reader = new(new(style, true), Functions, isThinking: false);
        List<AIContent> contents = [];
        for (int at = 0; at < text.Length; at += size)
            contents.AddRange(reader.Push(text.Substring(at, Math.Min(size, text.Length - at))));
        contents.AddRange(reader.Finish());
        List<(char Kind, string Text)> parts = [];
        foreach (AIContent content in contents)
        {
            (char kind, string said) = content switch
            {
                TextReasoningContent thought => ('t', thought.Text),
                TextContent plain => ('p', plain.Text),
                FunctionCallContent call => ('c', call.Name + JsonSerializer.Serialize(call.Arguments)),
                _ => throw new InvalidOperationException(),
            };
            if (kind != 'c' && parts.Count > 0 && parts[^1].Kind == kind && !(kind == 'p' && said.StartsWith("<tool_call>", StringComparison.Ordinal)))
                parts[^1] = (kind, parts[^1].Text + said);
            else
                parts.Add((kind, said));
        }
        return string.Join('|', parts.Select(part => part.Kind == 't' ? $"({part.Text})" : part.Text));
    }
}
