using System.Numerics.Tensors;

namespace Parley.Models.Speech;

/// <summary>What follows a piece.</summary>
public enum PieceEnd
{
    /// <summary>The rest of the same sentence.</summary>
    Clause,

    /// <summary>Another sentence, or nothing.</summary>
    Sentence,
}

/// <summary>
/// Puts the pieces of one utterance end to end with the pauses a speaker makes. Networks that speak whole sentences leave
/// 0.2 to 0.5 s of quiet at either end, three quarters of a second between two sentences: too slow an answer and too long a pause.
/// The quiet is cut to what <see cref="Pauses"/> says, with short fades; where there is too little, zeros are added.
/// </summary>
/// <param name="sampleRate">In Hz.</param>
/// <param name="pauses">How long; <see langword="null"/> keeps every piece as it is.</param>
public sealed class PieceJoiner(int sampleRate, Pauses? pauses)
{
    private const float QuietBelow = 0.00316f;         // -50 dB of the piece's peak
    private const float MillisecondsPerFrame = 12.5f;  // how finely the start and the end of the sound are found

    private PieceEnd? previous;                        // null before the first piece

    /// <summary>Samples handed out so far: where the next piece starts.</summary>
    public long Position { get; private set; }

    /// <summary>Cuts and fades the next piece.</summary>
    /// <param name="wave">The piece as the network made it.</param>
    /// <param name="end">What follows it.</param>
    /// <returns>
    /// The piece as it is heard, a fresh array, and where sample 0 of <paramref name="wave"/> would lie in the utterance
    /// (it may have been cut away).
    /// </returns>
    public (float[] Samples, long Origin) Join(ReadOnlySpan<float> wave, PieceEnd end)
    {
        if (pauses is null)
        {
            long start = Position;
            Position += wave.Length;
            return (wave.ToArray(), start);
        }
        (int first, int last) = Sound(wave);
        int from = first - Samples(Before(pauses)), to = last + Samples(end == PieceEnd.Clause ? pauses.AfterClause : pauses.AfterSentence);
        float[] joined = new float[to - from];
        int kept = Math.Max(from, 0), keptEnd = Math.Min(to, wave.Length);
        wave[kept..keptEnd].CopyTo(joined.AsSpan(kept - from));
        Fade(joined.AsSpan(kept - from, keptEnd - kept));
        long origin = Position - from;
        Position += joined.Length;
        previous = end;
        return (joined, origin);
    }

    private TimeSpan Before(Pauses pauses) => previous switch
    {
        null => pauses.BeforeFirst,
        PieceEnd.Clause => pauses.BeforeClause,
        _ => pauses.BeforeSentence,
    };

    /// <summary>From the first frame that is not quiet to the end of the last one; the whole piece if all is quiet.</summary>
    private (int First, int Last) Sound(ReadOnlySpan<float> wave)
    {
        if (wave.IsEmpty)
            return (0, 0);
        float quiet = MathF.Abs(TensorPrimitives.MaxMagnitude(wave)) * QuietBelow;
        int frame = (int)(sampleRate * MillisecondsPerFrame / 1000), first = 0, last = wave.Length;
        while (first + frame < last && MathF.Abs(TensorPrimitives.MaxMagnitude(wave.Slice(first, frame))) <= quiet)
            first += frame;
        while (last - frame > first && MathF.Abs(TensorPrimitives.MaxMagnitude(wave.Slice(last - frame, frame))) <= quiet)
            last -= frame;
        return (first, last);
    }

    private void Fade(Span<float> samples)
    {
        int length = Math.Min(Samples(Pauses.Fade), samples.Length / 2);
        for (int i = 0; i < length; i++)
        {
            float gain = (i + 0.5f) / length;
            samples[i] *= gain;
            samples[^(i + 1)] *= gain;
        }
    }

    private int Samples(TimeSpan time) => (int)Math.Round(time.TotalSeconds * sampleRate);
}
