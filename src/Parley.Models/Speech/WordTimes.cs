using Parley.Models.Misaki;

namespace Parley.Models.Speech;

/// <summary>Word times from a network's durations: a word lasts as long as the ids of its phonemes.</summary>
internal static class WordTimes
{
    /// <param name="sentence">The sentence that the piece is cut from.</param>
    /// <param name="piece">Where the piece lies in the sentence's phonemes.</param>
    /// <param name="positions">For each id, the position in the piece's phonemes that it stands for; -1 at the ends.</param>
    /// <param name="durations">For each id, its length in units.</param>
    /// <param name="unit">Samples of one unit, as they are heard.</param>
    /// <param name="origin">Where the network's first sample lies in the utterance.</param>
    /// <param name="length">Samples that the utterance has so far: no word ends later.</param>
    public static List<SpokenWord> Of(
        Sentence sentence, Range piece, IReadOnlyList<int> positions, ReadOnlySpan<long> durations, double unit, long origin, long length)
    {
        (int pieceStart, int pieceLength) = piece.GetOffsetAndLength(sentence.Phonemes.Length);
        List<SpokenWord> words = [];
        int id = 0;
        double at = origin;
        foreach (Word word in sentence.Words)
        {
            int from = word.PhonemeStart - pieceStart, to = from + word.Phonemes.Length;
            if (!word.IsSpoken || from < 0 || to > pieceLength)
                continue;
            for (; id < positions.Count && positions[id] < from; id++)
                at += durations[id] * unit;
            double start = at;
            for (; id < positions.Count && positions[id] >= from && positions[id] < to; id++)
                at += durations[id] * unit;
            words.Add(new(word.Text, word.TextStart, word.TextLength, Sample(start, length), Sample(at, length)));
        }
        return words;
    }

    private static long Sample(double at, long length) => Math.Clamp((long)Math.Round(at), 0, length);
}
