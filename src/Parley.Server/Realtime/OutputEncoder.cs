using Parley.Audio;

namespace Parley.Server;

/// <summary>The sound of one message, brought to the rate and code of the wire, in pieces that are short enough to be thrown away late.</summary>
internal sealed class OutputEncoder(WireFormat format)
{
    // 100 ms: what is usual; a piece that has been handed out can no longer be taken back.
    private readonly int pieceSamples = format.SampleRate / 10;

    private Resampler? resampler;
    private float[] resampled = [];

    /// <returns>Whole samples of the wire; a piece is the receiver's to keep.</returns>
    public IEnumerable<byte[]> Push(AudioFrame sound)
    {
        resampler ??= new Resampler(sound.SampleRate, format.SampleRate);
        Grow(resampler.MaxOutputSamples(sound.Samples.Length));
        return Encode(resampler.Push(sound.Samples.Span, resampled));
    }

    /// <returns>What the resampler still held.</returns>
    public IEnumerable<byte[]> Finish()
    {
        if (resampler is null)
            return [];
        Grow(resampler.MaxFlushedSamples);
        int count = resampler.Flush(resampled);
        resampler = null;
        return Encode(count);
    }

    private IEnumerable<byte[]> Encode(int count)
    {
        for (int from = 0; from < count; from += pieceSamples)
        {
            int length = Math.Min(pieceSamples, count - from);
            byte[] piece = new byte[length * format.BytesPerSample];
            format.Encode(resampled.AsSpan(from, length), piece);
            yield return piece;
        }
    }

    private void Grow(int samples)
    {
        if (resampled.Length < samples)
            resampled = new float[samples];
    }
}
