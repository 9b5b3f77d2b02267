using static Parley.Audio.Tests.WavBytes;

namespace Parley.Audio.Tests;

public class WavReaderTests
{
    private static readonly byte[] FourShorts = Shorts(0, 16384, -16384, -32768);
    private static readonly float[] FourFloats = [0, 0.5f, -0.5f, -1];

    public static TheoryData<string, byte[], byte[]> Encodings => new()
    {
        { "8 bit", Format(1, 1, 8000, 8), [128, 192, 64, 0] },
        { "16 bit", Format(1, 1, 8000, 16), FourShorts },
        { "24 bit", Format(1, 1, 8000, 24), [0, 0, 0, 0, 0, 0x40, 0, 0, 0xC0, 0, 0, 0x80] },
        { "32 bit", Format(1, 1, 8000, 32), [0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0xC0, 0, 0, 0, 0x80] },
        { "24 bit in 4 bytes", Format(1, 1, 8000, 24, 4), [0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0xC0, 0, 0, 0, 0x80] },
        { "float 32", Format(3, 1, 8000, 32), [.. FourFloats.SelectMany(BitConverter.GetBytes)] },
        { "float 64", Format(3, 1, 8000, 64), [.. FourFloats.SelectMany(f => BitConverter.GetBytes((double)f))] },
        { "extensible 16 bit", Extensible(1, 1, 8000, 16, 16), FourShorts },
        { "extensible 20 bit in 3 bytes", Extensible(1, 1, 8000, 24, 20), [0, 0, 0, 0, 0, 0x40, 0, 0, 0xC0, 0, 0, 0x80] },
        { "extensible float", Extensible(3, 1, 8000, 32, 32), [.. FourFloats.SelectMany(BitConverter.GetBytes)] },
    };

    [Theory]
    [MemberData(nameof(Encodings))]
    public void Every_encoding_gives_the_same_sound(string name, byte[] format, byte[] data)
    {
        AudioBuffer sound = WavReader.Read(Riff(format, Chunk("data", data)));
        Assert.True(sound.Samples.AsSpan().SequenceEqual(FourFloats), name);
        Assert.Equal(8000, sound.SampleRate);
    }

    [Fact]
    public void Telephone_codes_are_read()
    {
        float mu = WavReader.Read(Riff(Format(7, 1, 8000, 8), Chunk("data", [0x80]))).Samples[0];
        float a = WavReader.Read(Riff(Format(6, 1, 8000, 8), Chunk("data", [0xAA]))).Samples[0];
        Assert.Equal((32124f / 32768, 32256f / 32768), (mu, a));
    }

    [Fact]
    public void Chunks_of_odd_size_and_any_kind_may_stand_around_the_sound()
    {
        byte[] file = [.. Riff(
            Chunk("JUNK", [1, 2, 3]), Chunk("bext", new byte[602]), Format(1, 1, 8000, 16), Chunk("LIST", [4]), Chunk("data", FourShorts), Chunk("id3 ", [5, 6, 7])), 0xDE, 0xAD];
        Assert.Equal(FourFloats, WavReader.Read(file).Samples);
    }

    [Fact]
    public void A_forgotten_padding_byte_is_noticed()
    {
        byte[] file = Riff(Chunk("JUNK", [1, 2, 3], isPadded: false), Format(1, 1, 8000, 16), Chunk("data", FourShorts));
        Assert.Equal(FourFloats, WavReader.Read(file).Samples);
    }

    [Fact]
    public void Sound_before_its_format_is_read_where_one_can_seek()
    {
        byte[] file = Riff(Chunk("data", FourShorts), Chunk("LIST", [1, 2, 3]), Format(1, 1, 8000, 16));
        Assert.Equal(FourFloats, WavReader.Read(file).Samples);
        AudioFormatException fault = Assert.Throws<AudioFormatException>(() => WavReader.Read(new OneWayStream(file)));
        Assert.Equal(("data", 12L), (fault.Chunk, fault.Offset));
    }

    [Theory]
    [InlineData(0xFFFFFFFF, 0xFFFFFFFF)] // this writer, ffmpeg
    [InlineData(0u, 0u)]                 // a recorder that was killed
    [InlineData(36u, 0u)]                // a writer that would have patched the header
    [InlineData(0x7FFFF024u, 0x7FFFF000u)] // espeak-ng, sox
    [InlineData(0xFFFFFFFFu, 0x7FFFFFFFu)]
    public void Placeholder_sizes_mean_to_the_end(uint riffSize, uint dataSize)
    {
        byte[] file = Form("RIFF", riffSize, Format(1, 1, 8000, 16), Chunk("data", FourShorts, dataSize));
        Assert.Equal(FourFloats, WavReader.Read(file).Samples);
        Assert.Equal(FourFloats, WavReader.Read(new OneWayStream(file)).Samples);
    }

    [Fact]
    public void An_empty_data_chunk_before_others_is_empty()
    {
        byte[] file = Riff(Format(1, 1, 8000, 16), Chunk("data", []), Chunk("LIST", FourShorts));
        Assert.Empty(WavReader.Read(file).Samples);
    }

    [Theory]
    [InlineData("RF64")]
    [InlineData("BW64")]
    public void Sizes_of_64_bits_are_read(string form)
    {
        byte[] ds64 = Chunk("ds64", [.. BitConverter.GetBytes(0L), .. BitConverter.GetBytes(8L), .. BitConverter.GetBytes(4L), 0, 0, 0, 0]);
        byte[] file = Form(form, Unknown, ds64, Format(1, 1, 8000, 16), Chunk("data", FourShorts, Unknown), Chunk("LIST", [1, 2, 3]));
        Assert.Equal(FourFloats, WavReader.Read(file).Samples);
    }

    [Fact]
    public void Channels_are_averaged_or_chosen()
    {
        byte[] file = Riff(Format(1, 4, 8000, 16), Chunk("data", Shorts(16384, -16384, 8192, 0, 0, 0, 0, -32768)));
        Assert.Equal([0.0625f, -0.25f], WavReader.Read(file).Samples);
        Assert.Equal([0.25f, 0f], WavReader.Read(file, channel: 2).Samples);
        AudioFormatException fault = Assert.Throws<AudioFormatException>(() => WavReader.Read(file, channel: 4));
        Assert.Contains("there are 4", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void As_many_channels_as_a_header_can_say_are_averaged()
    {
        const int channels = 60_000;
        byte[] block = new byte[channels];
        Array.Fill(block, (byte)192);
        byte[] file = Riff(Format(1, channels, 8000, 8), Chunk("data", [.. block, .. block]));
        Assert.Equal([0.5f, 0.5f], WavReader.Read(file).Samples);
        Assert.Equal([0.5f, 0.5f], WavReader.Read(file, channel: channels - 1).Samples);
    }

    [Fact]
    public void An_incomplete_last_block_is_dropped() =>
        Assert.Equal(FourFloats, WavReader.Read(Form("RIFF", 0, Format(1, 1, 8000, 16), Chunk("data", [.. FourShorts, 7], 0, isPadded: false))).Samples);

    [Fact]
    public void A_header_counted_as_sound_is_forgiven() =>
        Assert.Equal(FourFloats, WavReader.Read(Riff(Format(1, 1, 8000, 16), Chunk("data", FourShorts, 8 + 44))).Samples);

    public static TheoryData<string, byte[], string, long> Faults => new()
    {
        { "empty", Array.Empty<byte>(), "RIFF", 0 },
        { "short", "RIFF"u8.ToArray(), "RIFF", 0 },
        { "not RIFF", "OggS        "u8.ToArray(), "RIFF", 0 },
        { "big endian", "RIFX    WAVE"u8.ToArray(), "RIFF", 0 },
        { "not WAVE", "RIFF    AVI "u8.ToArray(), "RIFF", 0 },
        { "no data", Riff(Format(1, 1, 8000, 16)), "fmt ", 12 },
        { "no format", Riff(Chunk("data", FourShorts)), "data", 12 },
        { "garbage between", Riff(Format(1, 1, 8000, 16), Chunk("\x01\x02\x03\x04", [1, 2])), @"\x01\x02\x03\x04", 36 },
        { "small format", Riff(Chunk("fmt ", new byte[14])), "fmt ", 12 },
        { "ADPCM", Riff(Format(2, 1, 8000, 4)), "fmt ", 12 },
        { "no channels", Riff(Format(1, 0, 8000, 16)), "fmt ", 12 },
        { "no rate", Riff(Format(1, 1, 0, 16)), "fmt ", 12 },
        { "lying rate", Riff(Format(1, 1, -1, 16)), "fmt ", 12 },
        { "no bits", Riff(Format(1, 1, 8000, 0, 2)), "fmt ", 12 },
        { "40 bits", Riff(Format(1, 1, 8000, 40)), "fmt ", 12 },
        { "24 bits in 2 bytes", Riff(Format(1, 1, 8000, 24, 2)), "fmt ", 12 },
        { "float 16", Riff(Format(3, 1, 8000, 16)), "fmt ", 12 },
        { "truncated", Riff(Format(1, 1, 8000, 16), Chunk("data", new byte[100], 1000)), "data", 36 },
        { "not a number", Riff(Format(3, 1, 8000, 32), Chunk("data", BitConverter.GetBytes(float.NaN))), "data", 36 },
        { "infinite", Riff(Format(3, 1, 8000, 64), Chunk("data", BitConverter.GetBytes(1e300))), "data", 36 },
        { "format cut", Riff(Format(1, 1, 8000, 16)).AsSpan(0, 30).ToArray(), "fmt ", 12 },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_fault_names_chunk_and_offset(string name, byte[] file, string chunk, long offset)
    {
        AudioFormatException fault = Assert.ThrowsAny<AudioFormatException>(() => WavReader.Read(file));
        Assert.Equal((name, chunk, offset), (name, fault.Chunk, fault.Offset));
    }

    [Fact]
    public void Streaming_in_any_portions_equals_reading_whole() =>
        Gen.Select(Gen.Short.Array[0, 3000], Gen.Int[1, 5], Gen.Int[1, 40], Gen.Bool).Sample((shorts, channels, portion, isUnknown) =>
        {
            byte[] file = Riff(Chunk("JUNK", [1]), Format(1, channels, 8000, 16), Chunk("data", Shorts(shorts.AsSpan(0, shorts.Length / channels * channels)), isUnknown ? Unknown : null));
            float[] whole = WavReader.Read(file).Samples;
            List<float> streamed = [];
            foreach (AudioFrame frame in WavReader.ReadFramesAsync(new OneWayStream(file, portion)).ToBlockingEnumerable())
                streamed.AddRange(frame.Samples.Span);
            return whole.AsSpan().SequenceEqual(streamed.ToArray());
        }, iter: 200);

    [Fact]
    public async Task Streaming_keeps_no_more_than_a_portion()
    {
        // 64 MiB of sound from a stream without end or size: what is kept must not grow with it.
        await using EndlessWav stream = new(64 * 1024 * 1024);
        long samples = 0;
        await foreach (AudioFrame frame in WavReader.ReadFramesAsync(stream))
            samples += frame.Samples.Length;
        Assert.Equal(32 * 1024 * 1024, samples);
        Assert.InRange(stream.AllocatedWhileReading, 0, 1024 * 1024);
    }

    private sealed class EndlessWav(long dataBytes) : OneWayStream(Form("RIFF", Unknown, Format(1, 1, 8000, 16), Chunk("data", [], Unknown)))
    {
        private long left = dataBytes;
        private readonly long before = GC.GetAllocatedBytesForCurrentThread();

        public long AllocatedWhileReading => GC.GetAllocatedBytesForCurrentThread() - before;

        public override int Read(Span<byte> buffer)
        {
            int header = base.Read(buffer);
            if (header > 0)
                return header;
            int count = (int)Math.Min(left, buffer.Length);
            left -= count;
            return count;
        }
    }
}
