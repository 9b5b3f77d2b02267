using System.Text.Json;

namespace Parley.Engines.Llama;

/// <summary>How the family of a model writes the calls of functions and its thoughts into an answer.</summary>
/// <param name="Calls">The way of calls.</param>
/// <param name="TakesTools">True if the template puts functions before the model.</param>
internal sealed record AnswerFormat(CallStyle Calls, bool TakesTools)
{
    /// <summary>Pairs around thoughts.</summary>
    public static IReadOnlyList<(string Open, string Close)> Thoughts { get; } = [("<think>", "</think>"), ("[THINK]", "[/THINK]"), ("<|channel>thought\n", "<channel|>")];

    private static readonly string[] CallTokens = ["<tool_call>", "</tool_call>", "[TOOL_CALLS]", "[ARGS]", "[CALL_ID]", "<|tool_call>", "<tool_call|>", "<|\"|>", "<|python_tag|>"];

    /// <summary>What opens and closes a call; an empty end lasts to the end of the answer.</summary>
    public (string Open, string Close)? CallMarks => Calls switch
    {
        CallStyle.Hermes => ("<tool_call>", "</tool_call>"),
        CallStyle.Mistral => ("[TOOL_CALLS]", ""),
        CallStyle.Gemma => ("<|tool_call>", "<tool_call|>"),
        _ => null,
    };

    /// <summary>Control tokens whose text must come out of the tokens, because it says what follows.</summary>
    public static IEnumerable<string> Marks(bool withCalls)
    {
        foreach ((string open, string close) in Thoughts)
        {
            yield return open;
            yield return close;
        }
        yield return "<|channel>";
        if (!withCalls)
            yield break;
        foreach (string mark in CallTokens)
            yield return mark;
    }

    /// <summary>Told by the template, which shows the model's own past calls to it.</summary>
    public static AnswerFormat Of(string template) => new(
        template.Contains("<|tool_call>", StringComparison.Ordinal) ? CallStyle.Gemma
        : template.Contains("[TOOL_CALLS]", StringComparison.Ordinal) ? CallStyle.Mistral
        : template.Contains("<tool_call>", StringComparison.Ordinal) ? CallStyle.Hermes
        : template.Contains("python_tag", StringComparison.Ordinal) || template.Contains("\"parameters\":", StringComparison.Ordinal) ? CallStyle.BareJson
        : CallStyle.Hermes,
        template.Contains("tools", StringComparison.Ordinal));

    /// <summary>A grammar of answers that call one of the functions.</summary>
    /// <param name="engine">The engine's name, for messages.</param>
    /// <param name="functions">Names and the schemas of their arguments.</param>
    /// <param name="several">True if more than one call may be made.</param>
    /// <exception cref="UnsupportedOptionException">A schema, or this family, is outside what grammars here can say.</exception>
    public string CallGrammar(string engine, IReadOnlyList<(string Name, JsonElement Schema)> functions, bool several)
    {
        if (Calls == CallStyle.Gemma)
            throw new UnsupportedOptionException(engine, "ToolMode", "a call cannot be forced on this family, which writes arguments in a notation of its own. Leave tool_choice at 'auto'.");
        JsonSchemaGrammar grammar = new(engine);
        List<string> calls = [];
        foreach ((string name, JsonElement schema) in functions)
        {
            string arguments = grammar.AddSchema(schema);
            calls.Add(Calls switch
            {
                CallStyle.Mistral => $"{Literal("[TOOL_CALLS]" + name + "[ARGS]")} {arguments}",
                CallStyle.BareJson => $"{Literal($"{{\"name\": {Quoted(name)}, \"parameters\": ")} {arguments} \"}}\"",
                _ => $"{Literal($"<tool_call>\n{{\"name\": {Quoted(name)}, \"arguments\": ")} {arguments} {Literal("}\n</tool_call>")}",
            });
        }
        string call = grammar.AddRule("call", string.Join(" | ", calls));
        string separator = Calls == CallStyle.Hermes ? "\"\\n\"" : Calls == CallStyle.BareJson ? "\"; \"" : "";
        return grammar.Build(several && Calls != CallStyle.BareJson ? $"{call} ({separator} {call})*" : call);
    }

    private static string Literal(string text) => JsonSchemaGrammar.Literal(text);

    private static string Quoted(string name) => $"\"{JsonEncodedText.Encode(name, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
}

/// <summary>The ways in which published families write a call.</summary>
internal enum CallStyle
{
    /// <summary>Qwen, SmolLM3, Hermes: JSON between <c>&lt;tool_call&gt;</c> marks.</summary>
    Hermes,

    /// <summary>Llama 3: the whole answer is a JSON object with <c>name</c> and <c>parameters</c>.</summary>
    BareJson,

    /// <summary>Mistral: <c>[TOOL_CALLS]name[ARGS]{...}</c>, in older ones a JSON list.</summary>
    Mistral,

    /// <summary>Gemma 4: <c>call:name{key:value}</c> between <c>&lt;|tool_call&gt;</c> marks.</summary>
    Gemma,
}
