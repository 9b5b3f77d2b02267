namespace Parley.Models.Misaki;

/// <summary>Keeps sentences to a length that one pass of every rule and one run of a network can bear.</summary>
internal static class SentenceBounds
{
    /// <summary>In characters: two minutes of speech. A longer sentence is cut at white space.</summary>
    public const int Longest = 2000;

    /// <summary>The reference's sentences.</summary>
    public static IEnumerable<AlignedText> Faithful(string text)
    {
        foreach ((int start, int end) in SentenceSplitter.Split(text))
        {
            foreach ((int from, int to) in Cut(text, start, end))
                yield return AlignedText.Of(text, from, to - from);
        }
    }

    /// <returns>The run itself, or pieces of it; never half of a surrogate pair.</returns>
    public static IEnumerable<(int Start, int End)> Cut(string text, int start, int end)
    {
        while (end - start > Longest)
        {
            int cut = start + Longest, least = start + (Longest / 2);
            while (cut > least && !CharacterClass.IsSpace(text[cut]))
                cut--;
            if (cut == least)
                cut = start + Longest - (char.IsLowSurrogate(text[start + Longest]) ? 1 : 0);
            yield return (start, cut);
            start = cut;
        }
        yield return (start, end);
    }
}
