using System.Buffers.Binary;
using Parley.Audio;

namespace Parley.Trials.Tests.Measuring;

/// <summary>WAV files as good and as bad as engines send them.</summary>
internal static class Wavs
{
    /// <summary>A tone of 200 Hz.</summary>
    public static AudioBuffer Tone(double seconds, int rate = 16_000, double amplitude = 0.3, double silence = 0)
    {
        float[] samples = new float[(int)((seconds + silence) * rate)];
        for (int i = (int)(silence * rate); i < samples.Length; i++)
            samples[i] = (float)(amplitude * Math.Sin(2 * Math.PI * 200 * i / rate));
        return new(samples, rate);
    }

    /// <summary>A file with its parts as given; sizes are right unless said otherwise.</summary>
    public static byte[] Of(
        short[] samples, int tag = 1, int channels = 1, int rate = 16_000, int bits = 16, int? block = null, uint? dataSize = null, byte[]? before = null, int? keep = null)
    {
        int align = block ?? channels * bits / 8;
        using MemoryStream file = new();
        using BinaryWriter writer = new(file);
        writer.Write("RIFF"u8);
        writer.Write(0xFFFFFFFF);
        writer.Write("WAVEfmt "u8);
        writer.Write(16);
        writer.Write((short)tag);
        writer.Write((short)channels);
        writer.Write(rate);
        writer.Write(rate * align);
        writer.Write((short)align);
        writer.Write((short)bits);
        writer.Write(before ?? []);
        writer.Write("data"u8);
        writer.Write(dataSize ?? (uint)(2 * samples.Length));
        foreach (short sample in samples)
            writer.Write(sample);
        byte[] bytes = file.ToArray();
        return keep is { } count ? bytes[..count] : bytes;
    }

    public static short[] Pcm(AudioBuffer sound) => [.. sound.Samples.Select(Pcm16.FromFloat)];

    /// <summary>A chunk that players skip; of odd length, so a pad byte follows.</summary>
    public static byte[] OddChunk { get; } = [.. "LIST"u8, 3, 0, 0, 0, 1, 2, 3, 0];

    public static byte[] Float(float[] samples)
    {
        byte[] file = Of([], tag: 3, bits: 32, dataSize: (uint)(4 * samples.Length));
        byte[] data = new byte[4 * samples.Length];
        for (int i = 0; i < samples.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(data.AsSpan(4 * i), samples[i]);
        return [.. file, .. data];
    }
}
