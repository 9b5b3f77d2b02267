using System.Text;
using System.Text.RegularExpressions;

namespace Parley.Models.Misaki;

/// <summary>
/// A text that remembers, for each of its characters, which run of the source it stands for, so that what is spoken can be
/// shown where it was written. Immutable.
/// </summary>
internal sealed class AlignedText
{
    private readonly int[] starts;
    private readonly int[] ends;

    private AlignedText(string text, int[] starts, int[] ends)
    {
        Text = text;
        this.starts = starts;
        this.ends = ends;
    }

    public string Text { get; }

    /// <summary>A run of the source, each character standing for itself.</summary>
    public static AlignedText Of(string source, int start, int length)
    {
        int[] starts = new int[length], ends = new int[length];
        for (int i = 0; i < length; i++)
            (starts[i], ends[i]) = (start + i, start + i + 1);
        return new(source.Substring(start, length), starts, ends);
    }

    /// <summary>A whole source.</summary>
    public static AlignedText Of(string source) => Of(source, 0, source.Length);

    /// <summary>Two texts with a space between, which stands for what lies between them in the source.</summary>
    public static AlignedText Join(AlignedText left, AlignedText right)
    {
        if (left.Text.Length == 0)
            return right;
        if (right.Text.Length == 0)
            return left;
        return new(
            $"{left.Text} {right.Text}", [.. left.starts, left.ends[^1], .. right.starts], [.. left.ends, Math.Max(left.ends[^1], right.starts[0]), .. right.ends]);
    }

    /// <summary>Two texts without anything between.</summary>
    public static AlignedText Append(AlignedText left, AlignedText right) =>
        new(left.Text + right.Text, [.. left.starts, .. right.starts], [.. left.ends, .. right.ends]);

    /// <summary>A part of this text.</summary>
    public AlignedText Slice(int start, int end) => new(Text[start..end], starts[start..end], ends[start..end]);

    /// <summary>Start (inclusive) and end (exclusive) in the source of a run of this text.</summary>
    public (int Start, int End) Source(int start, int length)
    {
        if (Text.Length == 0)
            return (0, 0);
        int first = Math.Clamp(start, 0, Text.Length - 1), last = Math.Clamp(start + length - 1, first, Text.Length - 1);
        return (starts[first], ends[last]);
    }

    /// <summary>The place in the source between two characters of this text, for what is inserted there.</summary>
    private (int Start, int End) Boundary(int at)
    {
        if (at == 0)
            return starts.Length > 0 ? (starts[0], starts[0]) : (0, 0);
        int end = ends[at - 1];
        return (at < starts.Length ? Math.Min(end, starts[at]) : end, end);
    }

    /// <summary>
    /// Rewrites every match, from left to right and without overlap; null leaves a match as it is. What a match and its
    /// replacement have in common at either end keeps its alignment, the rest stands for the rest.
    /// </summary>
    /// <param name="pattern">What to rewrite.</param>
    /// <param name="say">The replacement of a match.</param>
    /// <param name="needs">Characters of which every match has one: a text without them is not searched. Null to search always.</param>
    public AlignedText Replace(Regex pattern, Func<Match, string?> say, string? needs = null)
    {
        if (needs is not null && !Text.AsSpan().ContainsAny(needs))
            return this;
        Builder? built = null;
        int done = 0;
        for (Match match = pattern.Match(Text); match.Success; match = match.NextMatch())
        {
            string? said = say(match);
            if (said is null || said.AsSpan().SequenceEqual(match.ValueSpan))
                continue;
            built ??= new(this);
            built.Keep(done, match.Index);
            built.Replace(match.Index, match.Length, said);
            done = match.Index + match.Length;
        }
        if (built is null)
            return this;
        built.Keep(done, Text.Length);
        return built.Build();
    }

    /// <summary>Of every match only one group stays, with its alignment: marks around words go.</summary>
    /// <param name="pattern">What to reduce.</param>
    /// <param name="group">The group that stays.</param>
    /// <param name="applies">False leaves a match as it is; null for all.</param>
    public AlignedText Keep(Regex pattern, string group, Func<Match, bool>? applies = null)
    {
        Builder? built = null;
        int done = 0;
        for (Match match = pattern.Match(Text); match.Success; match = match.NextMatch())
        {
            if (applies is not null && !applies(match))
                continue;
            Group kept = match.Groups[group];
            built ??= new(this);
            built.Keep(done, match.Index);
            built.Keep(kept.Index, kept.Index + kept.Length);
            done = match.Index + match.Length;
        }
        if (built is null)
            return this;
        built.Keep(done, Text.Length);
        return built.Build();
    }

    /// <summary>White space runs become one space, and none is left at the ends.</summary>
    public AlignedText Collapse()
    {
        bool clean = Text.Length == 0 || (Text[0] != ' ' && Text[^1] != ' ');
        for (int i = 0; clean && i < Text.Length; i++)
            clean = !CharacterClass.IsSpace(Text[i]) || (Text[i] == ' ' && Text[i - 1] != ' ');
        if (clean)
            return this;

        Builder built = new(this);
        int start = 0;
        while (start < Text.Length)
        {
            int end = start;
            bool space = CharacterClass.IsSpace(Text[start]);
            while (end < Text.Length && CharacterClass.IsSpace(Text[end]) == space)
                end++;
            if (!space)
                built.Keep(start, end);
            else if (start > 0 && end < Text.Length)
                built.Replace(start, end - start, " ");
            start = end;
        }
        return built.Build();
    }

    private sealed class Builder(AlignedText old)
    {
        private readonly StringBuilder text = new(old.Text.Length + 32);
        private readonly List<int> starts = new(old.Text.Length + 32);
        private readonly List<int> ends = new(old.Text.Length + 32);

        public void Keep(int start, int end)
        {
            text.Append(old.Text, start, end - start);
            starts.AddRange(old.starts.AsSpan(start, end - start));
            ends.AddRange(old.ends.AsSpan(start, end - start));
        }

        public void Replace(int start, int length, string said)
        {
            ReadOnlySpan<char> match = old.Text.AsSpan(start, length), rest = said;
            int prefix = match.CommonPrefixLength(rest);
            Keep(start, start + prefix);
            match = match[prefix..];
            rest = rest[prefix..];

            int suffix = 0;
            while (suffix < match.Length && suffix < rest.Length && match[^(suffix + 1)] == rest[^(suffix + 1)])
                suffix++;
            int from = start + prefix, to = start + length - suffix;
            ReadOnlySpan<char> middle = rest[..^suffix];
            (int first, int last) = to > from ? old.Source(from, to - from) : old.Boundary(from);
            text.Append(middle);
            for (int i = 0; i < middle.Length; i++)
            {
                starts.Add(first);
                ends.Add(last);
            }
            Keep(to, start + length);
        }

        public AlignedText Build() => new(text.ToString(), [.. starts], [.. ends]);
    }
}
