namespace Parley.Audio.Tests;

public class WavWriterTests
{
    private static readonly Gen<float[]> Sound = Gen.Float[-1f, 1f].Array[0, 5000];

    [Fact]
    public void Floats_come_back_as_they_were() =>
        Sound.Sample(samples => WavReader.Read(WavWriter.ToBytes(new(samples, 24_000), WavSampleFormat.Float32)).Samples.AsSpan().SequenceEqual(samples));

    [Fact]
    public void Sixteen_bits_come_back_within_a_step_and_a_half() =>
        Sound.Sample(samples => WavReader.Read(WavWriter.ToBytes(new(samples, 24_000))).Samples.Zip(samples).All(pair => Math.Abs(pair.First - pair.Second) <= 1.5001f / 32768));

    [Fact]
    public void Any_portions_give_the_same_bytes() =>
        Gen.Select(Sound, Gen.Int[1, 700], Gen.Enum<WavSampleFormat>()).Sample((samples, portion, format) =>
        {
            byte[] whole = WavWriter.ToBytes(new(samples, 16_000), format);
            using MemoryStream stream = new();
            using (WavWriter writer = new(stream, 16_000, format))
            {
                for (int i = 0; i < samples.Length; i += portion)
                    writer.Write(samples.AsSpan(i, Math.Min(portion, samples.Length - i)));
            }
            return whole.AsSpan().SequenceEqual(stream.ToArray());
        });

    [Fact]
    public void A_file_has_exact_sizes()
    {
        byte[] file = WavWriter.ToBytes(new([0.5f, -0.5f, 1f], 24_000));
        Assert.Equal(44 + 6, file.Length);
        Assert.Equal((36 + 6, 6), (BitConverter.ToInt32(file, 4), BitConverter.ToInt32(file, 40)));
        byte[] floats = WavWriter.ToBytes(new([0.5f, -0.5f, 1f], 24_000), WavSampleFormat.Float32);
        Assert.Equal(58 + 12, floats.Length);
        Assert.Equal((50 + 12, 3, 12), (BitConverter.ToInt32(floats, 4), BitConverter.ToInt32(floats, 46), BitConverter.ToInt32(floats, 54)));
    }

    [Fact]
    public void A_stream_begins_with_the_agreed_header_and_has_only_one()
    {
        OneWaySink sink = new();
        using (WavWriter writer = new(sink, 24_000))
        {
            writer.Write([0f, 1f]);
            writer.Write([1f]);
        }
        Assert.Equal(
            "52494646ffffffff57415645666d74201000000001000100c05d000080bb00000200100064617461ffffffff" + "0000ff7f" + "ff7f",
            Convert.ToHexStringLower(sink.Written.ToArray()));
        Assert.Equal(48, sink.FirstWrite); // the header travels with the first sound, not ahead of it
    }

    [Fact]
    public void An_empty_file_is_a_header()
    {
        Assert.Equal(44, WavWriter.ToBytes(new([], 8000)).Length);
        Assert.Empty(WavReader.Read(WavWriter.ToBytes(new([], 8000))).Samples);
    }

    [Fact]
    public void Writing_on_allocates_nothing()
    {
        using WavWriter writer = new(Stream.Null, 24_000);
        float[] samples = new float[480];
        writer.Write(samples);
        writer.Write(samples);
        Assert.Equal(0, SteadyState.AllocatedBytes(() => writer.Write(samples)));
    }

    private sealed class OneWaySink : OneWayStream
    {
        public OneWaySink()
            : base([]) { }

        public MemoryStream Written { get; } = new();

        public int FirstWrite { get; private set; }

        public override bool CanWrite => true;

        public override void Write(byte[] buffer, int offset, int count)
        {
            if (Written.Length == 0)
                FirstWrite = count;
            Written.Write(buffer, offset, count);
        }
    }
}
