using System.Text;

namespace Parley.Text.Jinja;

/// <summary>
/// A string in which every character knows whether it came from the caller. Only what the template itself wrote may be
/// read as control tokens; a user who writes <c>&lt;|eot_id|&gt;</c> has written nine characters.
/// </summary>
public sealed class MarkedText
{
    private readonly bool[]? fromInput; // null: no character is

    private MarkedText(string value, bool[]? fromInput)
    {
        Value = value;
        this.fromInput = fromInput;
    }

    public static MarkedText Empty { get; } = new("", null);

    public string Value { get; }

    public int Length => Value.Length;

    public static MarkedText OfTemplate(string value) => new(value, null);

    public static MarkedText OfInput(string value)
    {
        if (value.Length == 0)
            return Empty;
        bool[] marks = new bool[value.Length];
        Array.Fill(marks, true);
        return new(value, marks);
    }

    /// <summary>The parts one behind the other, each with its marks.</summary>
    public static MarkedText Concat(IEnumerable<MarkedText> parts)
    {
        MarkedTextBuilder whole = new();
        foreach (MarkedText part in parts)
            whole.Append(part);
        return whole.ToText();
    }

    public bool IsInput(int index) => fromInput is not null && fromInput[index];

    public bool HasInput => fromInput is not null && Array.IndexOf(fromInput, true) >= 0;

    public MarkedText Slice(int start, int length)
    {
        if (start == 0 && length == Value.Length)
            return this;
        return new(Value.Substring(start, length), fromInput?[start..(start + length)]);
    }

    /// <summary>The characters at the given places, in that order.</summary>
    public MarkedText Pick(IReadOnlyList<int> indices)
    {
        MarkedTextBuilder picked = new();
        foreach (int index in indices)
            picked.Append(Slice(index, 1));
        return picked.ToText();
    }

    /// <summary>Each character mapped to one character; marks stay.</summary>
    public MarkedText Map(Func<string, string> change) => change(Value) is var changed && changed.Length == Value.Length
        ? new(changed, fromInput)
        : HasInput ? OfInput(changed) : OfTemplate(changed);

    public MarkedText Trim(string? characters, bool start, bool end)
    {
        int from = 0, to = Value.Length;
        while (start && from < to && IsTrimmed(Value[from]))
            from++;
        while (end && to > from && IsTrimmed(Value[to - 1]))
            to--;
        return Slice(from, to - from);

        bool IsTrimmed(char c) => characters is null ? char.IsWhiteSpace(c) : characters.Contains(c, StringComparison.Ordinal);
    }

    public MarkedText Replace(string old, MarkedText with)
    {
        if (old.Length == 0)
            return this;
        MarkedTextBuilder result = new();
        int from = 0;
        for (int at; (at = Value.IndexOf(old, from, StringComparison.Ordinal)) >= 0; from = at + old.Length)
        {
            result.Append(Slice(from, at - from));
            result.Append(with);
        }
        result.Append(Slice(from, Value.Length - from));
        return result.ToText();
    }

    public override string ToString() => Value;

    public override bool Equals(object? obj) => obj is MarkedText other && other.Value == Value;

    public override int GetHashCode() => Value.GetHashCode(StringComparison.Ordinal);

    /// <summary>Runs of equal origin, in order; joined they are the whole text.</summary>
    public IEnumerable<MarkedRun> Runs()
    {
        for (int from = 0, to; from < Value.Length; from = to)
        {
            bool mark = IsInput(from);
            to = from + 1;
            while (to < Value.Length && IsInput(to) == mark)
                to++;
            yield return new(Value[from..to], mark);
        }
    }

    internal bool[]? Marks => fromInput;

    internal static MarkedText FromParts(string value, bool[]? marks) => new(value, marks);
}

/// <summary>A run of characters of one origin.</summary>
/// <param name="Text">The characters.</param>
/// <param name="IsInput">True if the caller supplied it: never to be read as control tokens.</param>
public readonly record struct MarkedRun(string Text, bool IsInput);

internal sealed class MarkedTextBuilder
{
    private readonly StringBuilder text = new();
    private readonly List<bool> marks = [];
    private bool anyInput;

    public int Length => text.Length;

    public void Append(MarkedText part)
    {
        text.Append(part.Value);
        if (part.Marks is { } partMarks)
        {
            marks.AddRange(partMarks);
            anyInput = true;
        }
        else
        {
            int from = marks.Count;
            System.Runtime.InteropServices.CollectionsMarshal.SetCount(marks, from + part.Length);
            System.Runtime.InteropServices.CollectionsMarshal.AsSpan(marks)[from..].Clear();
        }
    }

    public MarkedText ToText() => MarkedText.FromParts(text.ToString(), anyInput ? [.. marks] : null);
}
