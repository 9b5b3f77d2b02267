namespace Parley.Engines.Whisper;

/// <summary>Undoes the loop of a decoder that says the same words over and over; used only where every temperature did.</summary>
internal static class Repetitions
{
    private const int Least = 3; // a speaker repeats something once, for emphasis

    /// <summary>Leaves one of three or more equal runs of words (or characters, where no spaces are written) at the end of a text.</summary>
    public static string Collapse(string text)
    {
        for (int length = 1; length <= text.Length / Least; length++)
        {
            ReadOnlySpan<char> run = text.AsSpan(text.Length - length);
            int times = 1;
            while ((times + 1) * length <= text.Length && text.AsSpan(text.Length - (times + 1) * length, length).SequenceEqual(run))
                times++;
            bool isWhole = length > 1 || run[0] > 0x7F; // "...aaaa" may be a cry; one CJK character may be a word
            if (times >= Least && isWhole)
                return text[..(text.Length - (times - 1) * length)];
        }
        return text;
    }
}
