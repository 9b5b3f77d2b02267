using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Parley.Audio;

/// <summary>
/// Between float samples and signed 16 bit, which exists only at the edge. Out: times 32767, saturated, rounded to nearest
/// with ties to even; NaN becomes 0. In: divided by 32768. The two differ as they do in libsndfile: full scale must not wrap.
/// </summary>
public static class Pcm16
{
    /// <summary>One sample; the definition that the vectors below are held to.</summary>
    public static short FromFloat(float sample) => (short)MathF.Round(Math.Clamp(sample, -1f, 1f) * 32767f);

    /// <inheritdoc cref="FromFloat(float)"/>
    public static float ToFloat(short sample) => sample * (1f / 32768f);

    /// <param name="samples">Any length.</param>
    /// <param name="pcm">At least as long; the rest is left alone.</param>
    public static void FromFloat(ReadOnlySpan<float> samples, Span<short> pcm)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pcm.Length, samples.Length, nameof(pcm));
        int i = 0;
        for (; i <= samples.Length - 2 * Vector<float>.Count; i += 2 * Vector<float>.Count)
            Vector.Narrow(Scaled(samples[i..]), Scaled(samples[(i + Vector<float>.Count)..])).CopyTo(pcm[i..]);
        for (; i < samples.Length; i++)
            pcm[i] = FromFloat(samples[i]);
    }

    /// <param name="pcm">Any length.</param>
    /// <param name="samples">At least as long; the rest is left alone.</param>
    public static void ToFloat(ReadOnlySpan<short> pcm, Span<float> samples)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(samples.Length, pcm.Length, nameof(samples));
        int i = 0;
        for (; i <= pcm.Length - Vector<short>.Count; i += Vector<short>.Count)
        {
            Vector.Widen(new Vector<short>(pcm[i..]), out Vector<int> low, out Vector<int> high);
            (Vector.ConvertToSingle(low) * (1f / 32768f)).CopyTo(samples[i..]);
            (Vector.ConvertToSingle(high) * (1f / 32768f)).CopyTo(samples[(i + Vector<int>.Count)..]);
        }
        for (; i < pcm.Length; i++)
            samples[i] = ToFloat(pcm[i]);
    }

    /// <summary>Little endian bytes, two a sample.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> is shorter than two bytes a sample.</exception>
    public static void FromFloat(ReadOnlySpan<float> samples, Span<byte> bytes)
    {
        Span<short> pcm = MemoryMarshal.Cast<byte, short>(bytes);
        FromFloat(samples, pcm);
        if (!BitConverter.IsLittleEndian)
            BinaryPrimitives.ReverseEndianness(pcm, pcm);
    }

    /// <summary>From little endian bytes, two a sample.</summary>
    /// <exception cref="ArgumentException">The bytes are not whole samples.</exception>
    public static void ToFloat(ReadOnlySpan<byte> bytes, Span<float> samples)
    {
        if (bytes.Length % 2 != 0)
            throw new ArgumentException($"{bytes.Length} bytes are not whole 16-bit samples.", nameof(bytes));
        if (BitConverter.IsLittleEndian)
        {
            ToFloat(MemoryMarshal.Cast<byte, short>(bytes), samples);
            return;
        }
        for (int i = 0; i < bytes.Length / 2; i++)
            samples[i] = ToFloat(BinaryPrimitives.ReadInt16LittleEndian(bytes[(2 * i)..]));
    }

    private static Vector<int> Scaled(ReadOnlySpan<float> samples)
    {
        Vector<float> clamped = Vector.Clamp(new Vector<float>(samples), -Vector<float>.One, Vector<float>.One);
        return Vector.ConvertToInt32(Vector.Round(clamped * 32767f));
    }
}
