using CsCheck;
using Parley.Models.Whisper;

namespace Parley.Models.Tests.Whisper;

public sealed class WhisperLogitsTests
{
    [Fact]
    public void The_sum_of_a_row_is_that_of_double_precision_whatever_is_masked() => Gen.Select(Gen.Int[1, 400], Gen.Int[0, 3], Gen.Int).Sample((length, spread, seed) =>
    {
        Random random = new(seed);
        float[] row = [.. Enumerable.Range(0, length).Select(_ => random.Next(4) == 0 ? float.NegativeInfinity : (float)((random.NextDouble() - 0.5) * Math.Pow(10, spread)))];
        double largest = row.Max();
        double expected = double.IsNegativeInfinity(largest) ? largest : largest + Math.Log(row.Sum(value => Math.Exp(value - largest)));
        Assert.Equal(expected, WhisperLogits.LogSumExp(row), 1e-6 * Math.Max(1, Math.Abs(double.IsNegativeInfinity(largest) ? 0 : largest)));
    }, threads: 1);

    [Fact]
    public void A_row_as_long_as_the_vocabulary_loses_nothing_in_its_sum()
    {
        float[] row = new float[51_866];
        Array.Fill(row, -3.5f);
        Assert.Equal(Math.Log(row.Length) - 3.5, WhisperLogits.LogSumExp(row), 1e-5);
    }
}
