using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Parley.Audio;

/// <summary>From the bytes of interleaved samples to one float channel.</summary>
internal static class WavSamples
{
    private const int ScratchSamples = 2048;

    /// <param name="format">How the bytes are coded.</param>
    /// <param name="bytes">Whole blocks.</param>
    /// <param name="channel">The channel to take, or <see langword="null"/> for the mean of all.</param>
    /// <param name="mono">As many samples as there are blocks.</param>
    public static void ToMono(WavFormat format, ReadOnlySpan<byte> bytes, int? channel, Span<float> mono)
    {
        if (format.Channels == 1)
        {
            ToFloat(format, bytes, mono);
            return;
        }
        Span<float> scratch = stackalloc float[ScratchSamples];
        int blocksAtOnce = ScratchSamples / format.Channels;
        while (!mono.IsEmpty)
        {
            int blocks = Math.Clamp(blocksAtOnce, 1, mono.Length);
            ReadOnlySpan<byte> portion = bytes[..(blocks * format.BlockBytes)];
            if (blocksAtOnce == 0) // a single block is wider than the scratch
                mono[0] = Wide(format, portion, channel, scratch);
            else
            {
                Span<float> interleaved = scratch[..(blocks * format.Channels)];
                ToFloat(format, portion, interleaved);
                MixDown(interleaved, format.Channels, channel, mono[..blocks]);
            }
            bytes = bytes[portion.Length..];
            mono = mono[blocks..];
        }
    }

    private static void MixDown(ReadOnlySpan<float> interleaved, int channels, int? channel, Span<float> mono)
    {
        if (channel is int chosen)
        {
            for (int i = 0; i < mono.Length; i++)
                mono[i] = interleaved[i * channels + chosen];
        }
        else if (channels == 2)
        {
            for (int i = 0; i < mono.Length; i++)
                mono[i] = 0.5f * (interleaved[2 * i] + interleaved[2 * i + 1]);
        }
        else
        {
            for (int i = 0; i < mono.Length; i++)
            {
                float sum = 0;
                foreach (float sample in interleaved.Slice(i * channels, channels))
                    sum += sample;
                mono[i] = sum / channels;
            }
        }
    }

    private static float Wide(WavFormat format, ReadOnlySpan<byte> block, int? channel, Span<float> scratch)
    {
        if (channel is int chosen)
        {
            ToFloat(format, block.Slice(chosen * format.SampleBytes, format.SampleBytes), scratch[..1]);
            return scratch[0];
        }
        double sum = 0;
        for (int first = 0; first < format.Channels; first += ScratchSamples)
        {
            int count = Math.Min(ScratchSamples, format.Channels - first);
            ToFloat(format, block.Slice(first * format.SampleBytes, count * format.SampleBytes), scratch[..count]);
            sum += TensorPrimitives.Sum<float>(scratch[..count]);
        }
        return (float)(sum / format.Channels);
    }

    /// <summary>Every sample in order; integers are divided by the power of two that maps full scale to -1.</summary>
    private static void ToFloat(WavFormat format, ReadOnlySpan<byte> bytes, Span<float> samples)
    {
        switch (format.Encoding, format.SampleBytes)
        {
            case (WavEncoding.Pcm, 1):
                for (int i = 0; i < samples.Length; i++)
                    samples[i] = (bytes[i] - 128) * (1f / 128f);
                break;
            case (WavEncoding.Pcm, 2):
                Pcm16.ToFloat(bytes, samples);
                break;
            case (WavEncoding.Pcm, 3):
                for (int i = 0; i < samples.Length; i++)
                {
                    int high = BinaryPrimitives.ReadInt16LittleEndian(bytes[(3 * i + 1)..]);
                    samples[i] = ((high << 8) | bytes[3 * i]) * (1f / 8_388_608f);
                }
                break;
            case (WavEncoding.Pcm, _):
                for (int i = 0; i < samples.Length; i++)
                    samples[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(4 * i)..]) * (1f / 2_147_483_648f);
                break;
            case (WavEncoding.Float, 4) when BitConverter.IsLittleEndian:
                MemoryMarshal.Cast<byte, float>(bytes)[..samples.Length].CopyTo(samples);
                break;
            case (WavEncoding.Float, 4):
                for (int i = 0; i < samples.Length; i++)
                    samples[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(4 * i)..]);
                break;
            case (WavEncoding.Float, _):
                for (int i = 0; i < samples.Length; i++)
                    samples[i] = (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes[(8 * i)..]);
                break;
            case (WavEncoding.ALaw, _):
                G711.DecodeALaw(bytes, samples);
                break;
            default:
                G711.DecodeMuLaw(bytes, samples);
                break;
        }
    }
}
