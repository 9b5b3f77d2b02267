namespace Parley.Models.Misaki;

/// <summary>Puts spoken words back together to what was written: "$5" is one word, "five dollars" or not.</summary>
internal static class WrittenWords
{
    /// <param name="source">The text that was given to the front end.</param>
    /// <param name="sentence">The normalised sentence, which knows where it came from.</param>
    /// <param name="spoken">The words with their phonemes.</param>
    /// <param name="phonemes">The sentence's phonemes.</param>
    /// <param name="starts">Where each word's phonemes start.</param>
    public static IReadOnlyList<Word> Of(string source, AlignedText sentence, IReadOnlyList<SubToken> spoken, string phonemes, int[] starts)
    {
        List<Word> words = [];
        (int Start, int End, int PhonemeStart, int PhonemeEnd, bool IsMark)? open = null;
        for (int i = 0; i < spoken.Count; i++)
        {
            string own = spoken[i].Phonemes?.Trim() ?? "";
            (int start, int end) = sentence.Source(spoken[i].Start, spoken[i].Length);
            int phonemeStart = starts[i], phonemeEnd = Math.Min(phonemes.Length, starts[i] + own.Length);
            bool isMark = own.Length > 0 && !PhonemeSet.HasSound(own);
            if (open is { } before && (start < before.End || start == end || before.Start == before.End || (isMark == before.IsMark && !HasSpace(source, before.End, start))))
            {
                open = (before.Start, Math.Max(before.End, end),
                    before.PhonemeEnd > before.PhonemeStart ? before.PhonemeStart : phonemeStart,
                    own.Length > 0 ? phonemeEnd : before.PhonemeEnd, before.IsMark && isMark);
                continue;
            }
            Add(words, source, phonemes, open);
            open = (start, end, phonemeStart, phonemeEnd, isMark);
        }
        Add(words, source, phonemes, open);
        return words;
    }

    private static void Add(
        List<Word> words, string source, string phonemes, (int Start, int End, int PhonemeStart, int PhonemeEnd, bool IsMark)? closed)
    {
        if (closed is not { } word || word.PhonemeEnd <= word.PhonemeStart)
            return;
        while (word.Start < word.End && CharacterClass.IsSpace(source[word.Start]))
            word.Start++;
        while (word.End > word.Start && CharacterClass.IsSpace(source[word.End - 1]))
            word.End--;
        words.Add(new(source[word.Start..word.End], word.Start, word.End - word.Start, phonemes[word.PhonemeStart..word.PhonemeEnd], word.PhonemeStart));
    }

    private static bool HasSpace(string source, int start, int end)
    {
        for (int i = start; i < end; i++)
        {
            if (CharacterClass.IsSpace(source[i]))
                return true;
        }
        return false;
    }
}
