using Parley.Trials.Statistics;

namespace Parley.Trials.Tests.Statistics;

public class QuantilesTests
{
    private static readonly double[] OneToTwenty = [.. Enumerable.Range(1, 20)];

    [Theory]
    [InlineData(0.5, 10.5)]
    [InlineData(0.9, 18.1)]
    [InlineData(0.95, 19.05)]
    [InlineData(0.99, 19.81)]
    [InlineData(0, 1)]
    [InlineData(1, 20)]
    public void Linear_interpolates_order_statistics(double share, double expected) =>
        Assert.Equal(expected, Quantiles.Linear(OneToTwenty, share), 12);

    [Theory]
    [InlineData(0, 1)]
    [InlineData(50, 10)]
    [InlineData(90, 18)]
    [InlineData(95, 19)]
    [InlineData(99, 20)]
    [InlineData(100, 20)]
    public void Nearest_rank_takes_one_of_the_sample(int percent, double expected) =>
        Assert.Equal(expected, Quantiles.NearestRank(OneToTwenty, percent, 100));

    [Fact]
    public void Calls_that_never_ended_take_part_in_the_ranking()
    {
        double[] sample = [.. Enumerable.Range(1, 18), double.PositiveInfinity, double.PositiveInfinity];

        Assert.Equal(10.5, Quantiles.Linear(sample, 0.5));
        Assert.Equal(double.PositiveInfinity, Quantiles.Linear(sample, 0.9)); // index 17.1 touches the 19th
        Assert.Equal(double.PositiveInfinity, Quantiles.Linear([1, double.PositiveInfinity], 1));
        Assert.Equal(1, Quantiles.Linear([1, double.PositiveInfinity], 0)); // not infinity times zero
    }

    [Theory]
    [InlineData(10, 0.5, 2, 9, 0.979)]
    [InlineData(20, 0.5, 6, 15, 0.959)]
    [InlineData(40, 0.5, 14, 27, 0.962)]
    [InlineData(100, 0.5, 40, 60, 0.954)]
    [InlineData(200, 0.5, 86, 114, 0.952)]
    [InlineData(40, 0.9, 32, 40, 0.95)]
    [InlineData(100, 0.9, 84, 96, 0.95)]
    [InlineData(200, 0.9, 172, 189, 0.95)]
    [InlineData(100, 0.95, 91, 100, 0.95)]
    [InlineData(200, 0.95, 184, 197, 0.95)]
    public void The_interval_of_a_quantile_is_the_shortest_that_covers_it(int count, double share, int low, int high, double coverage)
    {
        (int Low, int High, double Coverage)? found = Quantiles.Interval(count, share);

        Assert.Equal((low, high), (found!.Value.Low, found.Value.High));
        Assert.InRange(found.Value.Coverage, Math.Max(0.95, coverage - 0.001), coverage == 0.95 ? 1 : coverage + 0.001);
    }

    [Theory]
    [InlineData(20, 0.9)]
    [InlineData(40, 0.95)]
    [InlineData(1, 0.5)]
    public void Too_small_a_sample_has_no_interval(int count, double share) => Assert.Null(Quantiles.Interval(count, share));

    [Theory]
    [InlineData(0.5, new[] { 7, 11, 14, 17, 19, 22, 25, 27 })]
    [InlineData(0.9, new[] { 44, 64, 81 })]
    [InlineData(0.95, new[] { 90, 130, 165 })]
    [InlineData(0.99, new[] { 459, 662, 838 })]
    public void Early_stopping_needs_the_published_counts(double share, int[] counts) =>
        Assert.Equal(counts, counts.Select((_, over) => Quantiles.EarlyStoppingCount(over, share)));

    [Fact]
    public void Of_twenty_calls_early_stopping_discards_three()
    {
        Assert.Equal(3, Quantiles.EarlyStoppingDiscard(20, 0.5));
        Assert.Equal(0, Quantiles.EarlyStoppingDiscard(11, 0.5));
        Assert.Equal(-1, Quantiles.EarlyStoppingDiscard(7, 0.5));
    }
}
