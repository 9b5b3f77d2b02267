using System.Text;
using System.Text.Json;
using Parley.Engines.Llama;

namespace Parley.Engines.Tests.Llama;

/// <summary>Grammars made from schemas, tried in llama.cpp itself with the bytes of texts.</summary>
public sealed class JsonSchemaGrammarTests(TinyBrain tiny) : IClassFixture<TinyBrain>
{
    [Theory]
    [InlineData("""{"type":"string"}""", """["\"a\"","\"\\n\\u00e9\"","\"ü🙂\""]""", """["a","\"a","1","\"\u0001\""]""")]
    [InlineData("""{"type":"integer"}""", """["0","-12"]""", """["1.5","01","x"]""")]
    [InlineData("""{"type":["string","null"]}""", """["null","\"x\""]""", """["1"]""")]
    [InlineData("""{"enum":["a",1,null]}""", """["\"a\"","1","null"]""", """["\"b\"","2"]""")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"boolean"},"b":{"type":"number"}},"required":["b"]}""", """["{\"a\":true,\"b\":1.5e3}","{\"b\": 2}"]""", """["{}","{\"a\":true}","{\"b\":1,\"a\":true}","{\"b\":1,\"c\":2}"]""")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"}}}""", """["{}","{\"a\":null}","{\"b\":null}","{\"a\":null,\"b\":null}"]""", """["{\"a\":null,}","{,}"]""")]
    [InlineData("""{"type":"array","items":{"type":"integer"},"minItems":1,"maxItems":3}""", """["[1]","[1,2,3]"]""", """["[]","[1,2,3,4]","[1,]"]""")]
    [InlineData("""{"type":"string","minLength":2,"maxLength":3}""", """["\"ab\"","\"abc\""]""", """["\"a\"","\"abcd\""]""")]
    [InlineData("""{"$defs":{"node":{"type":"object","properties":{"next":{"anyOf":[{"$ref":"#/$defs/node"},{"type":"null"}]}},"required":["next"]}},"$ref":"#/$defs/node"}""", """["{\"next\":{\"next\":null}}"]""", """["{\"next\":1}","{\"next\":{}}"]""")]
    [InlineData("""{}""", """["1","{\"a\":[1,{}]}","null"]""", """["a"]""")]
    public void Texts_fit_where_their_schema_says_so(string schema, string fitting, string failing)
    {
        string grammar = JsonSchemaGrammar.Of("tiny", JsonElement.Parse(schema));
        foreach (JsonElement text in JsonElement.Parse(fitting).EnumerateArray())
            Assert.True(Fits(grammar, text.GetString()!), $"{text} should fit:\n{grammar}");
        foreach (JsonElement text in JsonElement.Parse(failing).EnumerateArray())
            Assert.False(Fits(grammar, text.GetString()!), $"{text} should not fit:\n{grammar}");
    }

    [Fact]
    public void A_range_of_whole_numbers_takes_those_in_it_alone() =>
        Gen.Select(Gen.Int[-1200, 1200], Gen.Int[-1200, 1200], Gen.Int[0, 3]).Sample((a, b, open) =>
        {
            long? least = (open & 1) != 0 ? null : Math.Min(a, b), most = (open & 2) != 0 ? null : Math.Max(a, b);
            string grammar = $"root ::= {IntegerRange.Grammar(least, most)}";
            long[] numbers = [0, -1, 1, a, b, a - 1L, a + 1L, b - 1L, b + 1L, a * 10L, -a, 99, 100, -100];
            return numbers.All(number => Fits(grammar, number.ToString(System.Globalization.CultureInfo.InvariantCulture)) == (!(number < least) && !(number > most)));
        }, iter: 150);

    [Theory]
    [InlineData("""{"type":"string","pattern":"a+"}""", "'pattern'")]
    [InlineData("""{"type":"number","minimum":1}""", "'minimum'")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"text"}}}""", "/properties/a")]
    [InlineData("""{"allOf":[{},{}]}""", "'allOf'")]
    [InlineData("""{"$ref":"http://elsewhere"}""", "leads out")]
    [InlineData("""{"$ref":"#/nowhere"}""", "leads nowhere")]
    [InlineData("""{"type":"object","required":["x"]}""", "'x'")]
    [InlineData("""[1]""", "is an object")]
    public void What_a_grammar_cannot_hold_is_refused_by_name(string schema, string named)
    {
        UnsupportedOptionException fault = Assert.Throws<UnsupportedOptionException>(() => JsonSchemaGrammar.Of("tiny", JsonElement.Parse(schema)));
        Assert.Contains(named, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_object_takes_objects_and_nothing_else()
    {
        Assert.True(Fits(JsonSchemaGrammar.AnyObject, """{"a": [1, {"b": null}], "c": "<|eot_id|>"}"""));
        Assert.False(Fits(JsonSchemaGrammar.AnyObject, "[1]"));
        Assert.False(Fits(JsonSchemaGrammar.AnyObject, "{" + new string(' ', 30)));
    }

    [Fact]
    public void Masking_leaves_exactly_the_tokens_that_fit()
    {
        using LlamaGrammar grammar = new(tiny.Model, "tiny", "root ::= \"a\" | \"en\"");
        float[] logits = new float[tiny.Model.VocabularySize];
        grammar.Mask(logits);
        for (int token = 0; token < logits.Length; token++)
            Assert.Equal(grammar.Allows(token), !float.IsNegativeInfinity(logits[token]));
        Assert.Equal(3, logits.Count(logit => !float.IsNegativeInfinity(logit))); // a, e, en
    }

    private bool Fits(string rules, string text)
    {
        using LlamaGrammar grammar = new(tiny.Model, "tiny", rules);
        foreach (byte b in Encoding.UTF8.GetBytes(text))
        {
            int token = Enumerable.Range(0, tiny.Model.VocabularySize).First(id => tiny.Model.Piece(id) is [byte only] && only == b);
            if (!grammar.Allows(token))
                return false;
            grammar.Accept(token);
        }
        return grammar.Allows(tiny.Model.EndTokens.First());
    }
}
