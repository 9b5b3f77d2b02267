using System.Text;

namespace Parley.Audio.Tests;

/// <summary>Builds WAV files byte by byte, right or wrong.</summary>
internal static class WavBytes
{
    public const uint Unknown = uint.MaxValue;

    public static byte[] Riff(params ReadOnlySpan<byte[]> chunks) => Form("RIFF", null, chunks);

    public static byte[] Form(string form, uint? size, params ReadOnlySpan<byte[]> chunks)
    {
        byte[] body = [.. Encoding.ASCII.GetBytes("WAVE"), .. Join(chunks)];
        return [.. Encoding.ASCII.GetBytes(form), .. BitConverter.GetBytes(size ?? (uint)body.Length), .. body];
    }

    public static byte[] Chunk(string name, byte[] body, uint? size = null, bool isPadded = true)
    {
        byte[] padding = isPadded && body.Length % 2 == 1 ? [0] : [];
        return [.. Encoding.Latin1.GetBytes(name), .. BitConverter.GetBytes(size ?? (uint)body.Length), .. body, .. padding];
    }

    public static byte[] Format(int tag, int channels, int rate, int bits, int? sampleBytes = null)
    {
        int block = channels * (sampleBytes ?? (bits + 7) / 8);
        return Chunk("fmt ", [
            .. BitConverter.GetBytes((ushort)tag), .. BitConverter.GetBytes((ushort)channels), .. BitConverter.GetBytes(rate),
            .. BitConverter.GetBytes(rate * block), .. BitConverter.GetBytes((ushort)block), .. BitConverter.GetBytes((ushort)bits)]);
    }

    public static byte[] Extensible(int tag, int channels, int rate, int containerBits, int validBits) =>
        Chunk("fmt ", [
            .. Format(0xFFFE, channels, rate, containerBits).AsSpan(8), .. BitConverter.GetBytes((ushort)22), .. BitConverter.GetBytes((ushort)validBits),
            .. BitConverter.GetBytes(0), .. BitConverter.GetBytes((ushort)tag), 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]);

    public static byte[] Shorts(params ReadOnlySpan<short> samples)
    {
        List<byte> bytes = [];
        foreach (short sample in samples)
            bytes.AddRange(BitConverter.GetBytes(sample));
        return [.. bytes];
    }

    private static byte[] Join(ReadOnlySpan<byte[]> chunks)
    {
        List<byte> all = [];
        foreach (byte[] chunk in chunks)
            all.AddRange(chunk);
        return [.. all];
    }
}
