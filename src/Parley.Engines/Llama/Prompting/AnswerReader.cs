using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Parley.Engines.Llama;

/// <summary>
/// Sorts the text of an answer, as it comes, into what is said, what is thought, and calls of functions. What may begin a mark is
/// held back until it is known; something that looks like a call and is none comes out as text.
/// </summary>
/// <param name="format">How the model's family writes them.</param>
/// <param name="functions">Names that may be called; empty if none.</param>
/// <param name="isThinking">True if the prompt ended within a thought.</param>
internal sealed class AnswerReader(AnswerFormat format, IReadOnlySet<string> functions, bool isThinking)
{
    private readonly StringBuilder held = new();
    private readonly (string Open, string Close)[] pairs = [.. AnswerFormat.Thoughts, .. functions.Count > 0 && format.CallMarks is { } marks ? [marks] : (ReadOnlySpan<(string, string)>)[]];
    private (string Open, string Close)? inside = isThinking ? AnswerFormat.Thoughts[0] : null;
    private bool hasBegun;

    /// <summary>True once a call was read.</summary>
    public bool HasCalls { get; private set; }

    private bool IsCall => inside is { } pair && pair == format.CallMarks && functions.Count > 0;

    private bool MayBeBareCall => format.Calls == CallStyle.BareJson && functions.Count > 0;

    /// <returns>What is known now, in order.</returns>
    public IEnumerable<AIContent> Push(string text)
    {
        held.Append(text);
        return Read(isEnd: false);
    }

    /// <returns>The rest: the answer has ended.</returns>
    public IEnumerable<AIContent> Finish() => Read(isEnd: true);

    private List<AIContent> Read(bool isEnd)
    {
        List<AIContent> contents = [];
        while (true)
        {
            string all = held.ToString();
            if (inside is { } pair)
            {
                int end = pair.Close.Length > 0 ? all.IndexOf(pair.Close, StringComparison.Ordinal) : -1;
                if (end >= 0)
                {
                    Close(all[..end], contents);
                    held.Remove(0, end + pair.Close.Length);
                    inside = null;
                    continue;
                }
                if (isEnd)
                {
                    Close(all, contents);
                    held.Clear();
                    inside = null;
                }
                else if (!IsCall)
                    Take(all.Length - StopFilter.LongestBeginning(all, [pair.Close]), all, contents);
                return contents;
            }
            if (!hasBegun && MayBeBareCall && ReadBareCall(all, isEnd, contents))
                return contents;
            (int at, (string Open, string Close)? found) = First(all);
            if (found is { } opened)
            {
                Say(all[..at], contents);
                held.Remove(0, at + opened.Open.Length);
                inside = opened;
                continue;
            }
            int kept = isEnd ? 0 : StopFilter.LongestBeginning(all, [.. pairs.Select(mark => mark.Open)]);
            Say(all[..^kept], contents);
            held.Remove(0, all.Length - kept);
            return contents;
        }
    }

    /// <returns>True if all that is held is, or may become, a call that is the whole answer.</returns>
    private bool ReadBareCall(string all, bool isEnd, List<AIContent> contents)
    {
        const string tag = "<|python_tag|>";
        string trimmed = all.TrimStart();
        if (trimmed.Length == 0 || (trimmed.Length < tag.Length && tag.StartsWith(trimmed, StringComparison.Ordinal)))
            return !isEnd;
        if (trimmed.StartsWith(tag, StringComparison.Ordinal))
            trimmed = trimmed[tag.Length..].TrimStart();
        else if (trimmed[0] != '{')
            return false;
        if (!isEnd)
            return true;
        List<FunctionCallContent> calls = [];
        foreach (string part in trimmed.Split("; {", StringSplitOptions.TrimEntries).Select((part, index) => index == 0 ? part : "{" + part))
        {
            if (TryReadJsonCall(part) is not { } call)
                return false;
            calls.Add(call);
        }
        contents.AddRange(calls);
        HasCalls = true;
        held.Clear();
        return true;
    }

    private (int At, (string Open, string Close)? Pair) First(string all)
    {
        (int at, (string, string)? first) = (int.MaxValue, null);
        foreach ((string Open, string Close) pair in pairs)
        {
            int place = all.IndexOf(pair.Open, StringComparison.Ordinal);
            if (place >= 0 && place < at)
                (at, first) = (place, pair);
        }
        return (at, first);
    }

    private void Take(int length, string all, List<AIContent> contents)
    {
        if (length <= 0)
            return;
        contents.Add(new TextReasoningContent(all[..length]));
        held.Remove(0, length);
    }

    private void Say(string text, List<AIContent> contents)
    {
        if (!hasBegun)
            text = text.TrimStart('\n', '\r'); // behind a thought, or where a template ends early
        if (text.Length == 0)
            return;
        if (HasCalls && string.IsNullOrWhiteSpace(text))
            return; // between two calls
        hasBegun = true;
        contents.Add(new TextContent(text));
    }

    private void Close(string body, List<AIContent> contents)
    {
        if (!IsCall)
        {
            if (body.Length > 0)
                contents.Add(new TextReasoningContent(body));
            return;
        }
        List<FunctionCallContent>? calls = format.Calls switch
        {
            CallStyle.Mistral => ReadMistralCalls(body),
            CallStyle.Gemma => GemmaCall.TryRead(body, out string name, out Dictionary<string, object?> arguments) && functions.Contains(name) ? [Call(name, arguments)] : null,
            _ => TryReadJsonCall(body) is { } call ? [call] : null,
        };
        if (calls is null)
        {
            Say(inside!.Value.Open + body + inside.Value.Close, contents);
            return;
        }
        HasCalls = true;
        contents.AddRange(calls);
    }

    private List<FunctionCallContent>? ReadMistralCalls(string body)
    {
        List<FunctionCallContent> calls = [];
        if (body.TrimStart().StartsWith('['))
        {
            try
            {
                using JsonDocument list = JsonDocument.Parse(body);
                foreach (JsonElement entry in list.RootElement.EnumerateArray())
                {
                    if (ReadCall(entry) is not { } call)
                        return null;
                    calls.Add(call);
                }
                return calls;
            }
            catch (JsonException)
            {
                return null;
            }
        }
        foreach (string part in body.Split("[TOOL_CALLS]"))
        {
            int arguments = part.IndexOf("[ARGS]", StringComparison.Ordinal), id = part.IndexOf("[CALL_ID]", StringComparison.Ordinal);
            if (arguments < 0)
                return null;
            string name = part[..(id >= 0 && id < arguments ? id : arguments)].Trim();
            if (!functions.Contains(name) || ParseObject(part[(arguments + "[ARGS]".Length)..]) is not { } read)
                return null;
            calls.Add(Call(name, read));
        }
        return calls;
    }

    private FunctionCallContent? TryReadJsonCall(string body)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(body);
            return ReadCall(json.RootElement);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private FunctionCallContent? ReadCall(JsonElement call)
    {
        if (call.ValueKind != JsonValueKind.Object || !call.TryGetProperty("name", out JsonElement name) || name.ValueKind != JsonValueKind.String || !functions.Contains(name.GetString()!))
            return null;
        if (!call.TryGetProperty("arguments", out JsonElement arguments) && !call.TryGetProperty("parameters", out arguments))
            return null;
        Dictionary<string, object?>? read = arguments.ValueKind == JsonValueKind.String ? ParseObject(arguments.GetString()!) : ParseObject(arguments.GetRawText());
        return read is null ? null : Call(name.GetString()!, read);
    }

    private static Dictionary<string, object?>? ParseObject(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.EnumerateObject().DistinctBy(member => member.Name).ToDictionary(member => member.Name, member => (object?)member.Value.Clone()) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static FunctionCallContent Call(string name, IDictionary<string, object?> arguments) =>
        new("call_" + RandomNumberGenerator.GetHexString(24, lowercase: true), name, arguments);
}
