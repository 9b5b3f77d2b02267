using System.Globalization;
using Parley.Engines;

namespace Parley.Agent;

/// <summary>When the words of a clause end in its sound.</summary>
internal static class SpokenWords
{
    // Of English read aloud; holds until the clause's true length is known. livekit/agents, transcription synchronizer: 3.83 a second.
    private const double SyllablesPerSecond = 3.83;
    private const double PauseOfMark = 1.5; // in syllables

    private const string Vowels = "aeiouyäöüáàâãåæéèêëíìîïóòôõøœúùûÿýąęěůőűıаеёиоуыэюяіїєαεηιουωάέήίόύώ";

    /// <param name="text">The clause as it is written.</param>
    /// <param name="timings">The engine's words, from the clause's start; empty where it gives none.</param>
    /// <param name="length">Of the clause's sound; <see langword="null"/> as long as it is not known.</param>
    /// <returns>For each written word, in order, where it ends in the text and in the sound.</returns>
    public static IEnumerable<(int End, TimeSpan At)> Ends(string text, IReadOnlyList<WordTiming> timings, TimeSpan? length)
    {
        List<(int Start, int End)> words = Split(text);
        bool isUnderWay = length is null && timings.Count > 0; // the times so far are those of the first words
        if (words.Count == timings.Count || isUnderWay)
            return words.Zip(timings, (word, timing) => (word.End, timing.End));
        double[] weights = [.. words.Select(word => Weight(text.AsSpan(word.Start, word.End - word.Start)))];
        double all = weights.Sum();
        if (timings.Count > 0)
            return words.Zip(Running(weights).Select(reached => At(timings, reached / all)), (word, at) => (word.End, at));
        double perSyllable = length is { } known ? known.TotalSeconds / all : 1 / SyllablesPerSecond;
        return words.Zip(Running(weights), (word, reached) => (word.End, TimeSpan.FromSeconds(reached * perSyllable)));
    }

    /// <summary>
    /// Where the voice speaks other words than are written ("12" is two of them), the written ones end where the same share of
    /// the spoken syllables does.
    /// </summary>
    private static TimeSpan At(IReadOnlyList<WordTiming> timings, double share)
    {
        double[] weights = [.. timings.Select(timing => Weight(timing.Text))];
        double wanted = share * weights.Sum(), before = 0;
        for (int i = 0; i < timings.Count; i++)
        {
            if (before + weights[i] >= wanted - 1e-9)
                return timings[i].Start + (timings[i].End - timings[i].Start) * ((wanted - before) / weights[i]);
            before += weights[i];
        }
        return timings[^1].End;
    }

    private static IEnumerable<double> Running(double[] weights)
    {
        double sum = 0;
        foreach (double weight in weights)
            yield return sum += weight;
    }

    /// <summary>Syllables and pauses: groups of vowels, each character of a script without letters of its own for them, each digit, and the mark at the end.</summary>
    internal static double Weight(ReadOnlySpan<char> word)
    {
        double syllables = 0, pause = 0;
        bool wasVowel = false;
        foreach (char c in word)
        {
            bool isVowel = Vowels.Contains(char.ToLowerInvariant(c), StringComparison.Ordinal);
            if (char.IsDigit(c) || (isVowel && !wasVowel) || char.GetUnicodeCategory(c) == UnicodeCategory.OtherLetter)
                syllables++;
            if (char.IsPunctuation(c))
                pause = PauseOfMark;
            wasVowel = isVowel;
        }
        return Math.Max(1, syllables) + (word.Length > 0 && char.IsPunctuation(word[^1]) ? pause : 0);
    }

    private static List<(int Start, int End)> Split(string text)
    {
        List<(int, int)> words = [];
        for (int i = 0; i < text.Length;)
        {
            if (char.IsWhiteSpace(text[i]))
            {
                i++;
                continue;
            }
            int start = i;
            if (IsUnspaced(text[i]))
                i++;
            while (i < text.Length && !char.IsWhiteSpace(text[i]) && (!IsUnspaced(text[i]) || (i == start && !IsUnspaced(text[start]))))
                i++;
            words.Add((start, i));
        }
        return words;
    }

    /// <summary>Scripts without spaces are cut at every character.</summary>
    private static bool IsUnspaced(char c) => c is (>= '\u3040' and <= '\u30ff') or (>= '\u3400' and <= '\u9fff') or (>= '\u0e00' and <= '\u0e7f');
}
