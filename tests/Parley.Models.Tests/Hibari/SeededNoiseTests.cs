using Parley.Models.Hibari;

namespace Parley.Models.Tests.Hibari;

public class SeededNoiseTests
{
    private const int Block = HibariVocoder.Bins * 16;

    [Fact]
    public void It_is_normal_with_variance_one_and_its_parts_are_independent()
    {
        (float[] re, float[] im) = Draw(seed: 7, piece: 0, blocks: 20);
        double n = re.Length;
        foreach (float[] part in (float[][])[re, im])
        {
            Assert.InRange(part.Average(), -0.01, 0.01);
            Assert.InRange(part.Average(x => (double)x * x), 0.98, 1.02);
            Assert.InRange(part.Average(x => (double)x * x * x * x), 2.9, 3.1); // a normal variable's fourth moment is 3
            Assert.InRange(part.Count(x => Math.Abs(x) < 1) / n, 0.675, 0.690);
            Assert.InRange(part.Zip(part.Skip(1), (a, b) => (double)a * b).Average(), -0.01, 0.01);
            Assert.InRange(part.Zip(part.Skip(16), (a, b) => (double)a * b).Average(), -0.01, 0.01);
        }
        Assert.InRange(re.Zip(im, (a, b) => (double)a * b).Average(), -0.01, 0.01);
    }

    [Fact]
    public void A_seed_repeats_itself_and_another_seed_or_piece_does_not()
    {
        (float[] first, _) = Draw(seed: 5, piece: 1, blocks: 2);
        Assert.Equal(first, Draw(seed: 5, piece: 1, blocks: 2).Re);
        Assert.NotEqual(first, Draw(seed: 6, piece: 1, blocks: 2).Re);
        Assert.NotEqual(first, Draw(seed: 5, piece: 2, blocks: 2).Re);
        Assert.NotEqual(first[..Block], first[Block..]);
    }

    [Fact]
    public void Every_seed_gives_finite_numbers() =>
        Gen.Long.Sample(seed =>
        {
            float[] re = new float[Block], im = new float[Block];
            SeededNoise.Of(seed, 0)(0, 16, re, im);
            return re.All(float.IsFinite) && im.All(float.IsFinite);
        }, iter: 200);

    private static (float[] Re, float[] Im) Draw(long seed, int piece, int blocks)
    {
        float[] re = new float[Block * blocks], im = new float[Block * blocks];
        HibariNoise noise = SeededNoise.Of(seed, piece);
        for (int block = 0; block < blocks; block++)
            noise(16 * block, 16, re.AsSpan(block * Block, Block), im.AsSpan(block * Block, Block));
        return (re, im);
    }
}
