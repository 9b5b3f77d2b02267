using System.Buffers;
using System.Buffers.Binary;

namespace Parley.Audio.Tests;

public class OggOpusWriterTests
{
    [Fact]
    public void Header_pages_are_the_known_ones()
    {
        // Checksums confirmed with libogg: serial number 1, 24 kHz mono, pre-skip 312; comments by the vendor "x".
        OggPages pages = new(serial: 1);
        ArrayBufferWriter<byte> output = new();
        byte[] head = Convert.FromHexString("4f707573486561640101" + "3801" + "c05d0000" + "0000" + "00");
        byte[] tags = Convert.FromHexString("4f70757354616773" + "01000000" + "78" + "00000000");
        pages.Write(output, OggPages.Flags.First, 0, head, [head.Length]);
        pages.Write(output, OggPages.Flags.None, 0, tags, [tags.Length]);
        Assert.Equal(
            "4f67675300020000000000000000" + "01000000" + "00000000" + "5de9810a" + "0113" + Convert.ToHexStringLower(head)
                + "4f67675300000000000000000000" + "01000000" + "01000000" + "4efd30b7" + "0111" + Convert.ToHexStringLower(tags),
            Convert.ToHexStringLower(output.WrittenSpan));
    }

    [Theory]
    [InlineData(8_000)]
    [InlineData(16_000)]
    [InlineData(24_000)]
    [InlineData(48_000)]
    public async Task A_decoder_gets_back_the_sound_and_its_exact_length(int rate)
    {
        float[] sound = [.. ResamplerTests.Sine(300, rate, rate * 3 / 2 + 123, 0).Select(sample => 0.5f * sample)];
        using MemoryStream stream = new();
        using (OggOpusWriter writer = new(stream, rate))
        {
            foreach (float[] chunk in sound.Chunk(777))
                writer.Write(chunk);
        }
        stream.Position = 0;
        AudioBuffer decoded = await AudioDecoder.DecodeAsync(stream);
        Assert.Equal((48_000, sound.Length * (48_000 / rate)), (decoded.SampleRate, decoded.Samples.Length));

        // Opus keeps no waveform exactly; a sine stays in step and near in level.
        float[] expected = Resampler.Convert(sound, rate, 48_000);
        double dot = 0, energy = 0, found = 0;
        for (int i = 4800; i < expected.Length - 4800; i++)
        {
            dot += (double)expected[i] * decoded.Samples[i];
            energy += (double)expected[i] * expected[i];
            found += (double)decoded.Samples[i] * decoded.Samples[i];
        }
        Assert.InRange(dot / Math.Sqrt(energy * found), 0.98, 1.0);
        Assert.InRange(found / energy, 0.8, 1.25);
    }

    [Fact]
    public void Pages_come_out_while_sound_goes_in()
    {
        using MemoryStream stream = new();
        using OggOpusWriter writer = new(stream, 24_000);
        writer.Write(new float[480]);
        Assert.Equal(3, Pages(stream.ToArray()).Count); // two of headers, and the first 20 ms
        writer.Write(new float[24_000]);
        List<(long Granule, int Packets, int Flags)> pages = Pages(stream.ToArray());
        Assert.All(pages.Skip(2).Take(50), page => Assert.Equal(1, page.Packets));
        writer.Write(new float[24_000]);
        Assert.Equal(5, Pages(stream.ToArray())[^1].Packets);
    }

    [Fact]
    public void Granules_rise_to_the_end_of_the_sound() =>
        Gen.Select(Gen.Int[0, 40_000], Gen.Int[1, 5000]).Sample((length, portion) =>
        {
            using MemoryStream stream = new();
            using (OggOpusWriter writer = new(stream, 24_000))
            {
                for (int i = 0; i < length; i += portion)
                    writer.Write(new float[Math.Min(portion, length - i)]);
            }
            List<(long Granule, int Packets, int Flags)> pages = Pages(stream.ToArray());
            int preSkip = BinaryPrimitives.ReadUInt16LittleEndian(stream.ToArray().AsSpan(28 + 10));
            return pages[0].Flags == 2 && pages[^1].Flags == 4 && pages.Skip(1).SkipLast(1).All(page => page.Flags == 0)
                && pages[^1].Granule == preSkip + 2L * length
                && pages.Skip(2).Sum(page => page.Packets) * 960 is var decodable && decodable >= pages[^1].Granule && decodable - pages[^1].Granule < 960
                && pages.Zip(pages.Skip(1)).All(pair => pair.First.Granule <= pair.Second.Granule);
        }, iter: 12);

    [Theory]
    [InlineData(22_050, 32_000)]
    [InlineData(24_000, 5_000)]
    public void What_Opus_has_not_is_refused(int rate, int bitsPerSecond) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new OggOpusWriter(Stream.Null, rate, bitsPerSecond));

    private static List<(long Granule, int Packets, int Flags)> Pages(byte[] ogg)
    {
        List<(long, int, int)> pages = [];
        for (int at = 0; at < ogg.Length;)
        {
            Assert.True(ogg.AsSpan(at).StartsWith("OggS"u8));
            ReadOnlySpan<byte> lacing = ogg.AsSpan(at + 27, ogg[at + 26]);
            int body = 0, packets = 0;
            foreach (byte segment in lacing)
            {
                body += segment;
                packets += segment < 255 ? 1 : 0;
            }
            pages.Add((BitConverter.ToInt64(ogg, at + 6), packets, ogg[at + 5]));
            at += 27 + lacing.Length + body;
        }
        return pages;
    }
}
