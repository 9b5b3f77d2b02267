using Parley.Audio;

namespace Parley.Server.Tests;

/// <summary>Sound in and out, whatever the portions.</summary>
public class WireTests
{
    [Fact]
    public void Bytes_in_any_portions_are_the_sound_of_the_whole() =>
        Gen.Select(Gen.Byte.Array[0, 20_000], Gen.Int[1, 7_000].List[1, 12], Gen.Enum<WireFormat>()).Sample((bytes, sizes, format) =>
        {
            float[] whole = new float[bytes.Length / format.BytesPerSample];
            format.Decode(bytes.AsSpan(0, whole.Length * format.BytesPerSample), whole);
            InputDecoder decoder = new() { Format = format };
            List<float> heard = [];
            for (int at = 0, i = 0; at < bytes.Length; i++)
            {
                int size = Math.Min(sizes[i % sizes.Count], bytes.Length - at);
                ReadOnlyMemory<byte> portion = bytes.AsMemory(at, size);
                while (!portion.IsEmpty)
                {
                    AudioFrame frame = decoder.Next(ref portion);
                    Assert.True(frame.Samples.Length <= format.SampleRate / 10);
                    heard.AddRange(frame.Samples.Span);
                }
                at += size;
            }
            return heard.SequenceEqual(whole);
        });

    [Theory]
    [InlineData(WireFormat.Pcm, 24_000)]
    [InlineData(WireFormat.MuLaw, 24_000)]
    [InlineData(WireFormat.ALaw, 16_000)]
    public void Pieces_that_go_out_are_short_and_make_the_whole(object format, int rate)
    {
        WireFormat wire = (WireFormat)format;
        float[] sound = new float[rate + 123];
        for (int i = 0; i < sound.Length; i++)
            sound[i] = 0.5f * MathF.Sin(2 * MathF.PI * 300 * i / rate);
        OutputEncoder encoder = new(wire);
        List<byte[]> pieces = [];
        for (int at = 0; at < sound.Length; at += 7_000)
            pieces.AddRange(encoder.Push(new AudioFrame(sound.AsMemory(at, Math.Min(7_000, sound.Length - at)), rate)));
        pieces.AddRange(encoder.Finish());
        Assert.All(pieces, piece => Assert.InRange(piece.Length, 1, wire.SampleRate / 10 * wire.BytesPerSample));
        byte[] sent = [.. pieces.SelectMany(piece => piece)];
        float[] whole = Resampler.Convert(sound, rate, wire.SampleRate);
        byte[] expected = new byte[whole.Length * wire.BytesPerSample];
        wire.Encode(whole, expected);
        Assert.Equal(expected, sent);
    }
}
