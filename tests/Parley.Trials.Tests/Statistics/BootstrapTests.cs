using Parley.Trials.Statistics;

namespace Parley.Trials.Tests.Statistics;

public class BootstrapTests
{
    // Twenty differences of scores.
    private static readonly double[] Differences = [1, 0, 2, 1, 0, -1, 1, 1, 0, 2, 1, 0, 1, 3, 0, 1, -1, 1, 2, 0];

    [Fact]
    public void The_same_seed_gives_the_same_interval_to_the_last_bit()
    {
        double[] fine = [.. Differences.Select((d, i) => d + Math.Sqrt(i))]; // sums of small integers would coincide for other seeds too

        Assert.Equal(Bootstrap.BcaOfMean(fine, 7), Bootstrap.BcaOfMean(fine, 7));
        Assert.NotEqual(Bootstrap.BcaOfMean(fine, 7), Bootstrap.BcaOfMean(fine, 8));
    }

    [Fact]
    public void The_interval_lies_near_students_for_a_symmetric_sample()
    {
        (double low, double high) = Bootstrap.BcaOfMean(Differences, 1);
        PairedMean student = PairedMean.Of(Differences);

        Assert.Equal(student.Low, low, 0.08);
        Assert.Equal(student.High, high, 0.08);
    }

    [Fact]
    public void Acceleration_and_bias_move_the_interval_of_a_skewed_sample_to_the_right()
    {
        double[] skewed = [.. Enumerable.Range(0, 20).Select(i => Math.Exp(i / 4.0))];
        (double low, double high) = Bootstrap.BcaOfMean(skewed, 1);
        double mean = skewed.Average();

        Assert.True(high - mean > 1.3 * (mean - low), $"{low} {mean} {high}");
    }

    [Fact]
    public void Equal_differences_have_no_width() => Assert.Equal((1, 1), Bootstrap.BcaOfMean([1, 1, 1], 1));

    [Fact]
    public void Votes_that_are_missing_do_not_count()
    {
        (double low, double high) = Bootstrap.TwoWay(new[,] { { 1, double.NaN, 1 }, { 1, 1, double.NaN } }, 3);

        Assert.Equal((1, 1), (low, high));
    }

    [Fact]
    public void Doubtful_listeners_widen_the_interval()
    {
        double[,] agreeing = new double[3, 20], doubtful = new double[3, 20];
        for (int pair = 0; pair < 20; pair++)
        {
            for (int listener = 0; listener < 3; listener++)
                (agreeing[listener, pair], doubtful[listener, pair]) = (Differences[pair], Differences[pair] + (listener - 1));
        }

        Assert.True(Width(Bootstrap.TwoWay(doubtful, 1)) > 1.2 * Width(Bootstrap.TwoWay(agreeing, 1)));
        static double Width((double Low, double High) interval) => interval.High - interval.Low;
    }

    [Fact]
    public void A_ratio_of_medians_keeps_the_cells_together()
    {
        double[] bottom = [.. Enumerable.Range(1, 20)], top = [.. bottom.Select(value => 2 * value)];

        Assert.Equal((2, 2), Bootstrap.MedianRatio(top, bottom, 1)); // drawn apart, it would spread
    }

    [Fact]
    public void A_shuffle_is_a_permutation_and_every_position_as_likely()
    {
        int[] counts = new int[5];
        SeededRandom random = new(1);
        for (int round = 0; round < 5000; round++)
        {
            int[] items = [0, 1, 2, 3, 4];
            random.Shuffle<int>(items);
            Assert.Equal([0, 1, 2, 3, 4], items.Order());
            counts[Array.IndexOf(items, 0)]++;
        }
        Assert.All(counts, count => Assert.InRange(count, 880, 1120)); // 1000 on average, four standard deviations
    }

    [Fact]
    public void The_generator_is_splitmix64() // first three of seed 1234567, S. Vigna, splitmix64.c
    {
        SeededRandom random = new(1234567);

        Assert.Equal([6457827717110365317UL, 3203168211198807973UL, 9817491932198370423UL], [random.NextBits(), random.NextBits(), random.NextBits()]);
    }
}
