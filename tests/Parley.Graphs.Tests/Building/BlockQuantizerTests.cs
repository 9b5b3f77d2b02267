namespace Parley.Graphs.Tests;

public class BlockQuantizerTests
{
    /// <summary>The worked example of MatMulNBits: bytes 10 32 54 76 98 BA DC FE, twice.</summary>
    [Fact]
    public void Four_bits_are_packed_low_nibble_first()
    {
        float[] row = [.. Enumerable.Range(0, 32).Select(i => 0.5f * (i % 16 - 8))];
        BlockQuantizer quantizer = new(Precision.Q4Fast, 32);
        byte[] packed = new byte[quantizer.RowBytes];
        float[] scales = new float[1];
        quantizer.Quantize(row, packed, scales, []);
        Assert.Equal(0.5f, scales[0]);
        Assert.Equal("1032547698badcfe1032547698badcfe", Convert.ToHexStringLower(packed.AsSpan(0, 16)));
    }

    /// <summary>Root mean square error of normal weights as a share of their own: what each precision costs before the product.</summary>
    [Theory]
    [InlineData("q8", 0.0075)]
    [InlineData("q4", 0.095)]
    [InlineData("q4-fast", 0.125)]
    public void The_error_of_normal_weights_is_bounded(string name, double bound) => Gen.Select(Gen.Int[1, 300], Gen.Int[0, 1000]).Sample((depth, seed) =>
    {
        BlockQuantizer quantizer = new(Precision.Parse(name), depth);
        double error = 0, power = 0;
        foreach (int row in Enumerable.Range(0, 40))
        {
            float[] values = Plain.Random(seed * 40 + row, depth).Values, back = new float[depth];
            byte[] packed = new byte[quantizer.RowBytes], zeros = new byte[quantizer.ZeroPointBytes];
            float[] scales = new float[quantizer.Blocks];
            quantizer.Quantize(values, packed, scales, zeros);
            quantizer.Dequantize(packed, scales, zeros, back);
            error += values.Zip(back).Sum(pair => Math.Pow(pair.First - pair.Second, 2));
            power += values.Sum(value => (double)value * value);
        }
        return Math.Sqrt(error / power) < bound;
    }, iter: 20, threads: 1);

    [Theory]
    [InlineData("q8")]
    [InlineData("q4")]
    [InlineData("q4-fast")]
    public void Zeros_stay_zeros(string name)
    {
        BlockQuantizer quantizer = new(Precision.Parse(name), 100);
        byte[] packed = new byte[quantizer.RowBytes], zeros = new byte[quantizer.ZeroPointBytes];
        float[] scales = new float[quantizer.Blocks], back = new float[100];
        quantizer.Quantize(new float[100], packed, scales, zeros);
        quantizer.Dequantize(packed, scales, zeros, back);
        Assert.All(back, value => Assert.Equal(0, value));
        Assert.All(scales, scale => Assert.Equal(1, scale));
    }

    /// <summary>The product with quantised rows is the product with their dequantised values, up to the 8-bit input of the kernel.</summary>
    [Theory]
    [InlineData("q8")]
    [InlineData("q4")]
    [InlineData("q4-fast")]
    public void The_kernel_multiplies_with_the_dequantised_rows(string name) => Gen.Select(Gen.Int[33, 300], Gen.Int[16, 40], Gen.Int[2, 5], Gen.Int[0, 1000]).Sample((depth, width, tokens, seed) =>
    {
        Precision precision = Precision.Parse(name);
        Plain x = Plain.Random(seed, tokens, depth), w = Plain.Random(seed + 1, width, depth), rounded = new(new float[width * depth], w.Shape);
        BlockQuantizer quantizer = new(precision, depth);
        byte[] packed = new byte[quantizer.RowBytes], zeros = new byte[quantizer.ZeroPointBytes];
        float[] scales = new float[quantizer.Blocks];
        for (int row = 0; row < width; row++)
        {
            quantizer.Quantize(w.Values.AsSpan(row * depth, depth), packed, scales, zeros);
            quantizer.Dequantize(packed, scales, zeros, rounded.Values.AsSpan(row * depth, depth));
        }
        GraphCheck.Equal(Plain.Linear(x, rounded), (g, v) => g.Linear(v[0], w.AsWeight("w")), [x], 0.02, precision);
    }, iter: 6, threads: 1);
}
