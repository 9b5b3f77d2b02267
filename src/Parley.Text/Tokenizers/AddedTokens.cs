using System.Buffers;
using System.Text;
using Parley.Text.Jinja;

namespace Parley.Text.Tokenizers;

/// <summary>Tokens that a program may spell out in text; where several begin at one place, the longest wins.</summary>
internal sealed class AddedTokens
{
    private readonly string[] byLength;
    private readonly SearchValues<char> starts;

    public AddedTokens(IReadOnlyDictionary<string, int> ids)
    {
        Ids = ids;
        byLength = [.. ids.Keys.OrderByDescending(text => text.Length)];
        starts = SearchValues.Create([.. ids.Keys.Select(text => text[0]).Distinct()]);
    }

    public IReadOnlyDictionary<string, int> Ids { get; }

    /// <summary>
    /// Added tokens and the text between them, in order. They are looked for only in the runs that the template wrote; between
    /// two of them the text is whole, so that the border between template and user text changes no piece.
    /// </summary>
    public IEnumerable<TextSection> Cut(IEnumerable<MarkedRun> runs)
    {
        StringBuilder plain = new();
        foreach (MarkedRun run in runs)
        {
            int from = 0;
            while (!run.IsInput && Find(run.Text, from) is { } found)
            {
                plain.Append(run.Text, from, found.Start - from);
                if (plain.Length > 0)
                    yield return new(plain.ToString(), null);
                plain.Clear();
                yield return new("", Ids[found.Token]);
                from = found.Start + found.Token.Length;
            }
            plain.Append(run.Text, from, run.Text.Length - from);
        }
        if (plain.Length > 0)
            yield return new(plain.ToString(), null);
    }

    /// <summary>Tokens of runs: the added ones, and between them what a tokenizer makes of plain text.</summary>
    public List<int> Encode(IEnumerable<MarkedRun> runs, Action<string, List<int>> encodePlain)
    {
        List<int> ids = [];
        foreach (TextSection section in Cut(runs))
        {
            if (section.Added is int added)
                ids.Add(added);
            else
                encodePlain(section.Plain, ids);
        }
        return ids;
    }

    private (int Start, string Token)? Find(string text, int from)
    {
        for (int at = from; text.AsSpan(at).IndexOfAny(starts) is int ahead and >= 0; at++)
        {
            at += ahead;
            foreach (string token in byLength)
            {
                if (string.CompareOrdinal(text, at, token, 0, token.Length) == 0)
                    return (at, token);
            }
        }
        return null;
    }
}

/// <summary>Either an added token's id, or text without one.</summary>
internal readonly record struct TextSection(string Plain, int? Added);
