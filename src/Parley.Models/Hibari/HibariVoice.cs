using System.Collections.Concurrent;
using Parley.Models.Misaki;
using Parley.Models.Speech;

namespace Parley.Models.Hibari;

/// <summary>
/// One Hibari voice: English text in, 24 kHz sound out, a piece at a time. Safe to use from several threads at once; does not
/// own the front end, which voices of one accent share.
/// </summary>
public sealed class HibariVoice : IDisposable
{
    // Durations are whole units of 25 ms, at least one for each phoneme: beyond this speed they hardly shrink any more.
    private const float FastestNetwork = 2;

    private readonly HibariNetwork network;
    private readonly PhonemeVocabulary vocabulary;
    private readonly MisakiFrontEnd frontEnd;
    private readonly ConcurrentBag<HibariVocoder> idle = [];          // one for each caller at the same time

    private HibariVoice(HibariNetwork network, PhonemeVocabulary vocabulary, MisakiFrontEnd frontEnd)
    {
        this.network = network;
        this.vocabulary = vocabulary;
        this.frontEnd = frontEnd;
    }

    /// <param name="network">The voice's ONNX file.</param>
    /// <param name="vocabulary"><c>vocab.json</c>.</param>
    /// <param name="frontEnd">Of the voice's own accent: phonemes of the other one are spoken with many errors.</param>
    /// <exception cref="ModelFileException">A file is missing, damaged or of another model.</exception>
    public static HibariVoice Open(string network, string vocabulary, MisakiFrontEnd frontEnd) =>
        new(HibariNetwork.Open(network), PhonemeVocabulary.Read(vocabulary), frontEnd);

    /// <summary>
    /// Speaks a text. A piece is made when it is asked for: the first one is there as soon as the first sentence is.
    /// Text without anything to say (white space, emoji, marks) gives no piece.
    /// </summary>
    public IEnumerable<SpokenPiece> Speak(string text, HibariOptions options, CancellationToken cancel = default)
    {
        PieceJoiner joiner = new(HibariVocoder.SampleRate, options.Pauses?.AtSpeed(options.Speed));
        float networkSpeed = Math.Min(options.Speed, FastestNetwork);
        int pieces = 0;
        foreach (Sentence sentence in frontEnd.ReadSentences(text, options.Reading))
        {
            IReadOnlyList<Range> cuts = PhonemePieces.Split(sentence.Phonemes);
            foreach ((int index, Range cut) in cuts.Index())
            {
                cancel.ThrowIfCancellationRequested();
                List<int> positions = [];
                long[] ids = vocabulary.Encode(sentence.Phonemes.AsSpan()[cut], positions);
                if (ids.Length < 3)                                       // nothing but the two edges: no phoneme that the network knows
                    continue;
                using HibariPiece piece = network.Run(ids, networkSpeed, cancel);
                float[] rendered = Render(piece, options.Seed is long seed ? SeededNoise.Of(seed, pieces) : null);
                float[] wave = Stretching.Stretch(rendered, HibariVocoder.SampleRate, options.Speed / networkSpeed);
                (float[] samples, long origin) = joiner.Join(wave, index < cuts.Count - 1 ? PieceEnd.Clause : PieceEnd.Sentence);
                yield return new(samples, WordTimes.Of(
                    sentence, cut, positions, piece.Durations, HibariVocoder.DurationUnit / (options.Speed / networkSpeed), origin, joiner.Position));
                pieces++;
            }
        }
    }

    public void Dispose() => network.Dispose();

    private float[] Render(HibariPiece piece, HibariNoise? noise)
    {
        HibariVocoder vocoder = idle.TryTake(out HibariVocoder? used) ? used : new HibariVocoder();
        try
        {
            float[] wave = new float[piece.Spectra.Frames * HibariVocoder.Hop];
            vocoder.Render(piece.Spectra, noise, wave);
            return wave;
        }
        finally
        {
            idle.Add(vocoder);
        }
    }
}
