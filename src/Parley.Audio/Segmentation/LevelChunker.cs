namespace Parley.Audio;

/// <summary>Chunks of the whole sound, silence and all: cut where it is quietest in the last sixth of the longest chunk.</summary>
/// <param name="sampleRate">Of the sound, in Hz.</param>
/// <param name="maxChunk">The longest chunk.</param>
public sealed class LevelChunker(int sampleRate, TimeSpan maxChunk) : ISoundChunker
{
    private readonly int maxSamples = (int)(maxChunk.TotalSeconds * sampleRate);
    private readonly int frame = sampleRate / 10; // 100 ms, a short pause between two words
    private readonly HeldSound held = new();
    private readonly Queue<SoundChunk> complete = [];

    public long Samples => held.End;

    public void Push(ReadOnlySpan<float> samples)
    {
        while (!samples.IsEmpty)
        {
            int taken = Math.Min(samples.Length, maxSamples);
            held.Append(samples[..taken]);
            samples = samples[taken..];
            while (held.End - held.Start > maxSamples)
                Complete(QuietestCut());
        }
    }

    public void Finish()
    {
        if (held.End > held.Start)
            Complete((int)(held.End - held.Start));
    }

    public bool TryTake(out SoundChunk? chunk) => complete.TryDequeue(out chunk);

    /// <returns>The length of the next chunk: up to the middle of the quietest 100 ms.</returns>
    private int QuietestCut()
    {
        ReadOnlySpan<float> sound = held.Slice(held.Start, maxSamples);
        int step = Math.Max(1, frame / 4), best = maxSamples;
        double least = double.PositiveInfinity;
        for (int start = maxSamples - maxSamples / 6; start + frame <= maxSamples; start += step)
        {
            double energy = 0;
            foreach (float sample in sound.Slice(start, frame))
                energy += sample * sample;
            if (energy <= least) // of equals the last: fewer chunks
                (least, best) = (energy, start + frame / 2);
        }
        return best;
    }

    private void Complete(int length)
    {
        float[] samples = held.Slice(held.Start, length).ToArray();
        complete.Enqueue(new SoundChunk(samples, sampleRate, [new SoundPiece(0, held.Start, length, held.Start, held.Start + length)]));
        held.DropBefore(held.Start + length);
    }
}
