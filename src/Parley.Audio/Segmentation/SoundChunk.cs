namespace Parley.Audio;

/// <summary>
/// Up to half a minute of sound out of a recording, cut at pauses and perhaps with long pauses taken out, with the map from
/// its own time back to the recording's. Owns its samples.
/// </summary>
/// <param name="Samples">Mono, -1 to 1.</param>
/// <param name="SampleRate">In Hz.</param>
/// <param name="Pieces">What it is made of, in order and without gaps; at least one.</param>
public sealed record SoundChunk(float[] Samples, int SampleRate, IReadOnlyList<SoundPiece> Pieces)
{
    /// <summary>When something began, in the recording's time; never in a pause, but at the speech that follows.</summary>
    /// <param name="seconds">From the start of the chunk; times outside it are those of its ends.</param>
    public TimeSpan MapStart(double seconds)
    {
        double at = seconds * SampleRate;
        int index = Find(at, isEnd: false);
        SoundPiece piece = Pieces[index];
        double sample = piece.Start + Math.Clamp(at - piece.Offset, 0, piece.Length);
        if (sample >= piece.SpeechEnd && index + 1 < Pieces.Count)
            return Time(Pieces[index + 1].SpeechStart);
        return Time(Math.Max(sample, piece.SpeechStart));
    }

    /// <summary>When something ended, in the recording's time; never in a pause, but with the speech before it.</summary>
    /// <inheritdoc cref="MapStart"/>
    public TimeSpan MapEnd(double seconds)
    {
        double at = seconds * SampleRate;
        int index = Find(at, isEnd: true);
        SoundPiece piece = Pieces[index];
        double sample = piece.Start + Math.Clamp(at - piece.Offset, 0, piece.Length);
        if (sample <= piece.SpeechStart && index > 0)
            return Time(Pieces[index - 1].SpeechEnd);
        return Time(Math.Min(sample, piece.SpeechEnd));
    }

    /// <summary>When a word was said, in the recording's time: inside the piece that holds its middle, for no word spans a long pause.</summary>
    /// <param name="start">In seconds from the start of the chunk.</param>
    /// <param name="end">In seconds from the start of the chunk, not before <paramref name="start"/>.</param>
    public (TimeSpan Start, TimeSpan End) MapWord(double start, double end)
    {
        SoundPiece piece = Pieces[Find((start + end) / 2 * SampleRate, isEnd: false)];
        return (Inside(start), Inside(end));

        TimeSpan Inside(double seconds) =>
            Time(Math.Clamp(piece.Start + seconds * SampleRate - piece.Offset, piece.SpeechStart, piece.SpeechEnd));
    }

    /// <summary>Speech between a time of the chunk and its end.</summary>
    /// <param name="seconds">From the start of the chunk.</param>
    public TimeSpan SpeechAfter(double seconds)
    {
        double at = seconds * SampleRate, samples = 0;
        foreach (SoundPiece piece in Pieces)
        {
            double from = Math.Max(piece.SpeechStart, piece.Start + at - piece.Offset);
            samples += Math.Max(0, piece.SpeechEnd - from);
        }
        return Time(samples);
    }

    // An end that falls on a border belongs to the piece before it.
    private int Find(double at, bool isEnd)
    {
        int index = 0;
        while (index + 1 < Pieces.Count && (isEnd ? Pieces[index + 1].Offset < at : Pieces[index + 1].Offset <= at))
            index++;
        return index;
    }

    private TimeSpan Time(double samples) => TimeSpan.FromSeconds(samples / SampleRate);
}

/// <summary>A run of a recording that is part of a <see cref="SoundChunk"/>; all in samples.</summary>
/// <param name="Offset">Where it begins in the chunk.</param>
/// <param name="Start">Where it begins in the recording.</param>
/// <param name="Length">How long it is.</param>
/// <param name="SpeechStart">Where speech begins in it, in the recording.</param>
/// <param name="SpeechEnd">Where speech ends in it, in the recording.</param>
public readonly record struct SoundPiece(int Offset, long Start, int Length, long SpeechStart, long SpeechEnd)
{
    public long End => Start + Length;
}
