using Parley.Models.Misaki;
using Parley.Models.Speech;

namespace Parley.Models.Kokoro;

/// <summary>
/// Kokoro-82M's English voices: text in, 24 kHz sound out, a piece at a time. Safe to use from several threads at once; owns
/// the network, not the front ends.
/// </summary>
/// <param name="network">Owned.</param>
/// <param name="styles">The voices' tables.</param>
/// <param name="vocabulary">The same as Hibari's.</param>
/// <param name="frontEnd">The front end of an accent; called when a voice of it first speaks.</param>
public sealed class KokoroVoices(
    KokoroNetwork network, KokoroStyles styles, PhonemeVocabulary vocabulary, Func<EnglishAccent, MisakiFrontEnd> frontEnd) : IDisposable
{
    // The sound comes three units (75 ms) before the durations say so. hexgrad/kokoro: kokoro/pipeline.py, join_timestamps.
    private const int LeadUnits = 3;

    /// <summary>The accent of a voice by its first letter; <see langword="null"/> if it speaks another language than English.</summary>
    public static EnglishAccent? AccentOf(string voice) => voice switch
    {
        ['a', ..] => EnglishAccent.American,
        ['b', ..] => EnglishAccent.British,
        _ => null,
    };

    /// <summary>Speaks a text. A piece is made when it is asked for.</summary>
    /// <param name="text">English; nothing to say in it gives no piece.</param>
    /// <param name="voice">One of the styles' names, of an English voice.</param>
    /// <param name="speed">0.25 to 4; stretched afterwards where the network does not take it.</param>
    /// <param name="pauses">Quiet around the pieces at speed 1; <see langword="null"/> keeps the network's own timing.</param>
    /// <param name="cancel">Looked at between pieces, and by the runtime between two nodes.</param>
    public IEnumerable<SpokenPiece> Speak(string text, string voice, float speed, Pauses? pauses, CancellationToken cancel = default)
    {
        EnglishAccent accent = AccentOf(voice) ?? throw new ArgumentException($"'{voice}' is no English voice.", nameof(voice));
        PieceJoiner joiner = new(KokoroNetwork.SampleRate, pauses?.AtSpeed(speed));
        float networkSpeed = network.TakesSpeed ? speed : 1;
        double unit = KokoroNetwork.DurationUnit * networkSpeed / speed;
        foreach (Sentence sentence in frontEnd(accent).ReadSentences(text))
        {
            List<Range> cuts = [.. PhonemePieces.Split(sentence.Phonemes).SelectMany(piece => CutLong(sentence.Phonemes, piece))];
            foreach ((int index, Range cut) in cuts.Index())
            {
                cancel.ThrowIfCancellationRequested();
                List<int> positions = [];
                ReadOnlySpan<char> phonemes = sentence.Phonemes.AsSpan()[cut];
                long[] ids = vocabulary.Encode(phonemes, positions);
                if (ids.Length < 3)                                       // nothing but the two edges
                    continue;
                (float[] spoken, long[] durations) = network.Run(ids, styles.Style(voice, phonemes.Length), networkSpeed, cancel);
                float[] wave = Stretching.Stretch(spoken, KokoroNetwork.SampleRate, speed / networkSpeed);
                (float[] samples, long origin) = joiner.Join(wave, index < cuts.Count - 1 ? PieceEnd.Clause : PieceEnd.Sentence);
                yield return new(samples, durations.Length == 0 ? []
                    : WordTimes.Of(sentence, cut, positions, durations, unit, origin - (long)(Math.Min(LeadUnits, durations[0]) * unit), joiner.Position));
            }
        }
    }

    public void Dispose() => network.Dispose();

    /// <summary>A clause that is too long for the network is cut once more: at white space, or where it must be.</summary>
    private static IEnumerable<Range> CutLong(string phonemes, Range piece)
    {
        int start = piece.Start.Value, end = piece.End.Value;
        while (end - start > KokoroNetwork.LongestPiece)
        {
            int space = phonemes.LastIndexOf(' ', start + KokoroNetwork.LongestPiece, KokoroNetwork.LongestPiece);
            int cut = space > start ? space : start + KokoroNetwork.LongestPiece;
            yield return start..cut;
            start = cut == space ? cut + 1 : cut;
        }
        yield return start..end;
    }
}
