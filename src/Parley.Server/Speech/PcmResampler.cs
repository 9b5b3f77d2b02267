using System.Buffers;
using Parley.Audio;

namespace Parley.Server;

/// <summary>Brings 16-bit sound from the engine's rate to the answer's.</summary>
internal sealed class PcmResampler(int from, int to)
{
    private readonly Resampler resampler = new(from, to);
    private float[] input = [];
    private float[] output = [];
    private byte[] bytes = [];

    /// <returns>Valid until the next call.</returns>
    public ReadOnlyMemory<byte> Push(ReadOnlySpan<byte> pcm)
    {
        int samples = pcm.Length / 2;
        Grow(ref input, samples);
        Grow(ref output, resampler.MaxOutputSamples(samples));
        Pcm16.ToFloat(pcm, input);
        return ToBytes(resampler.Push(input.AsSpan(0, samples), output));
    }

    /// <summary>What was still waiting for what comes after it.</summary>
    public ReadOnlyMemory<byte> Flush()
    {
        Grow(ref output, resampler.MaxOutputSamples(resampler.LookaheadSamples));
        return ToBytes(resampler.Flush(output));
    }

    private ReadOnlyMemory<byte> ToBytes(int samples)
    {
        Grow(ref bytes, 2 * samples);
        Pcm16.FromFloat(output.AsSpan(0, samples), bytes.AsSpan(0, 2 * samples));
        return bytes.AsMemory(0, 2 * samples);
    }

    private static void Grow<T>(ref T[] array, int length)
    {
        if (array.Length < length)
            array = new T[length];
    }
}
