using Parley.Audio;

namespace Parley.Audio.Tests;

public class Pcm16Tests
{
    private static readonly Gen<float> AnySample = Gen.OneOf(
        Gen.Float[-1.5f, 1.5f], Gen.Float, Gen.OneOf(0f, -0f, 1f, -1f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0.5f / 32767f, 1.5f / 32767f));

    [Fact]
    public void Vectors_give_what_the_definition_gives() =>
        AnySample.Array[0, 200].Sample(samples =>
        {
            short[] pcm = new short[samples.Length];
            Pcm16.FromFloat(samples, pcm);
            return pcm.AsSpan().SequenceEqual(Array.ConvertAll(samples, Pcm16.FromFloat));
        });

    [Fact]
    public void Vectors_back_give_what_the_definition_gives() =>
        Gen.Short.Array[0, 200].Sample(pcm =>
        {
            float[] samples = new float[pcm.Length];
            Pcm16.ToFloat(pcm, samples);
            return samples.AsSpan().SequenceEqual(Array.ConvertAll(pcm, Pcm16.ToFloat));
        });

    [Theory]
    [InlineData(1f, 32767)]
    [InlineData(-1f, -32767)]
    [InlineData(2f, 32767)]
    [InlineData(-2f, -32767)]
    [InlineData(0.5f / 32767f, 0)] // ties go to even
    [InlineData(1.5f / 32767f, 2)]
    [InlineData(float.NaN, 0)]
    public void Known_values(float sample, short expected) => Assert.Equal(expected, Pcm16.FromFloat(sample));

    [Fact]
    public void A_round_trip_stays_within_one_step() =>
        Gen.Short.Sample(pcm => Math.Abs(Pcm16.FromFloat(Pcm16.ToFloat(pcm)) - pcm) <= 1);

    [Fact]
    public void Half_a_sample_is_refused() =>
        Assert.Throws<ArgumentException>(() => Pcm16.ToFloat([1, 2, 3], new float[2]));
}
