using Parley.Trials.Statistics;

namespace Parley.Trials.Tests.Statistics;

public class ScoreStatisticsTests
{
    [Theory]
    [InlineData(5, 2.776)]
    [InlineData(8, 2.365)]
    [InlineData(10, 2.262)]
    [InlineData(12, 2.201)]
    [InlineData(16, 2.131)]
    [InlineData(20, 2.093)]
    [InlineData(40, 2.023)]
    [InlineData(100, 1.984)]
    public void Students_quantiles_are_those_of_the_tables(int pairs, double t) => Assert.Equal(t, PairedMean.StudentQuantile(pairs - 1), 3);

    [Fact]
    public void The_interval_of_a_mean_is_its_error_times_students_quantile()
    {
        PairedMean found = PairedMean.Of([1, 0, 2, 1, 1]);

        Assert.Equal(1, found.Mean);
        Assert.Equal(Math.Sqrt(0.5), found.StandardDeviation, 12);
        Assert.Equal(1 - 2.776445 * Math.Sqrt(0.1), found.Low, 5);
        Assert.Equal(2 - found.Low, found.High, 12);
        Assert.True(double.IsNaN(PairedMean.Of([1]).Low));
    }

    [Theory]
    [InlineData(6, 0)]
    [InlineData(7, 2)]
    [InlineData(8, 3)]
    [InlineData(9, 5)]
    [InlineData(10, 8)]
    [InlineData(12, 13)]
    [InlineData(15, 25)]
    [InlineData(16, 29)]
    [InlineData(20, 52)]
    [InlineData(25, 89)]
    [InlineData(30, 137)]
    public void Wilcoxon_rejects_at_the_tabled_rank_sums_and_not_one_above(int count, int critical)
    {
        Assert.True(Wilcoxon.Of(WithSmallerSum(count, critical)).P <= 0.05);
        Assert.True(Wilcoxon.Of(WithSmallerSum(count, critical + 1)).P > 0.05);
    }

    [Fact]
    public void Five_pairs_cannot_reach_five_percent() => Assert.Equal(0.0625, Wilcoxon.Of([1, 2, 3, 4, 5]).P, 12);

    [Fact]
    public void With_ties_wilcoxon_equals_counting_every_sign() =>
        Gen.Int[-3, 3].Array[1, 12].Sample(scores =>
        {
            double[] differences = [.. scores.Select(score => (double)score)];
            double[] sizes = [.. differences.Where(d => d != 0).Select(Math.Abs)];
            double[] ranks = [.. sizes.Select(size => sizes.Count(other => other < size) + (sizes.Count(other => other == size) + 1) / 2.0)];
            double found = differences.Where(d => d != 0).Zip(ranks, (d, rank) => d > 0 ? rank : 0).Sum();
            int atMost = 0, atLeast = 0;
            for (int signs = 0; signs < 1 << ranks.Length; signs++)
            {
                double sum = ranks.Where((_, i) => (signs >> i & 1) == 1).Sum();
                atMost += sum <= found ? 1 : 0;
                atLeast += sum >= found ? 1 : 0;
            }
            double expected = Math.Min(1, 2.0 * Math.Min(atMost, atLeast) / (1 << ranks.Length));
            return Math.Abs(expected - Wilcoxon.Of(differences).P) < 1e-12;
        });

    [Theory]
    [InlineData(6, 6)]
    [InlineData(8, 8)]
    [InlineData(10, 9)]
    [InlineData(12, 10)]
    [InlineData(15, 12)]
    [InlineData(16, 13)]
    [InlineData(20, 15)]
    [InlineData(24, 18)]
    [InlineData(30, 21)]
    [InlineData(40, 27)]
    [InlineData(50, 33)]
    [InlineData(100, 61)]
    public void The_sign_test_needs_the_tabled_wins(int decided, int wins) => Assert.Equal(wins, Proportions.WinsNeeded(decided));

    [Theory]
    [InlineData(5, 5)]
    [InlineData(8, 7)]
    [InlineData(10, 9)]
    [InlineData(12, 10)]
    [InlineData(16, 12)]
    [InlineData(20, 15)]
    [InlineData(25, 18)]
    [InlineData(30, 20)]
    [InlineData(40, 26)]
    [InlineData(100, 59)]
    public void An_abx_session_needs_the_tabled_answers(int trials, int right) => Assert.Equal(right, Proportions.RightNeeded(trials));

    [Theory]
    [InlineData(15, 20, 0.041)]
    [InlineData(0, 0, 1)]
    [InlineData(10, 20, 1)]
    public void P_values_of_the_sign_test(int wins, int decided, double p) => Assert.Equal(p, Proportions.SignTest(wins, decided), 3);

    [Theory]
    [InlineData(14, 20, 0.481, 0.855)]
    [InlineData(15, 20, 0.531, 0.888)]
    public void Wilsons_interval(int hits, int trials, double low, double high)
    {
        Assert.Equal(low, Proportions.Wilson(hits, trials).Low, 3);
        Assert.Equal(high, Proportions.Wilson(hits, trials).High, 3);
    }

    [Theory]
    [InlineData(0, 0, 0.168)]
    [InlineData(1, 0.001, 0.249)]
    [InlineData(2, 0.012, 0.317)]
    [InlineData(3, 0.032, 0.379)]
    public void Exact_interval_of_failures_among_twenty(int failures, double low, double high)
    {
        Assert.Equal(low, Proportions.ClopperPearson(failures, 20).Low, 3);
        Assert.Equal(high, Proportions.ClopperPearson(failures, 20).High, 3);
    }

    [Fact]
    public void Holm_adjusts_step_by_step() => Assert.Equal([0.03, 0.06, 0.06], Proportions.Holm([0.01, 0.04, 0.03]).Select(p => Math.Round(p, 12)));

    [Theory]
    [InlineData(0.2, 199)]
    [InlineData(0.3, 90)]
    [InlineData(0.4, 52)]
    [InlineData(0.5, 34)]
    [InlineData(0.6, 24)]
    [InlineData(0.7, 19)]
    [InlineData(0.8, 15)]
    [InlineData(1.0, 10)]
    public void Pairs_for_power_eighty_percent(double effect, int pairs) => Assert.Equal(pairs, Power.PairsFor80(effect));

    [Theory]
    [InlineData(0.3, 0.25)]
    [InlineData(0.5, 0.57)]
    [InlineData(0.65, 0.79)]
    [InlineData(0.7, 0.84)]
    public void Power_of_twenty_pairs(double effect, double power) => Assert.Equal(power, Power.OfPairedT(effect, 20), 0.006);

    [Theory]
    [InlineData(0.55, 820)]
    [InlineData(0.60, 210)]
    [InlineData(0.65, 97)]
    [InlineData(0.70, 54)]
    [InlineData(0.75, 35)]
    [InlineData(0.80, 23)]
    [InlineData(0.90, 12)]
    public void Decided_pairs_for_power_eighty_percent_of_a_preference(double share, int decided)
    {
        Assert.True(Power.OfPreference(share, decided - 1) < 0.8);
        Assert.All(Enumerable.Range(decided, 30), count => Assert.True(Power.OfPreference(share, count) >= 0.8)); // from here on, whatever the steps of the count
    }

    [Theory]
    [InlineData(0.8, 0, 0.003)]
    [InlineData(0.8, 0.7, 0.868)]
    [InlineData(1.0, 0.25, 0.132)]
    [InlineData(1.0, 0.5, 0.5)]
    [InlineData(1.0, 1.0, 0.987)]
    [InlineData(1.2, 0.75, 0.824)]
    public void Chance_that_a_rule_of_half_a_point_passes(double deviation, double gain, double chance) =>
        Assert.Equal(chance, Power.OfThreshold(gain, 0.5, deviation, 20), 3);

    [Theory]
    [InlineData(0.8, 0.65)]
    [InlineData(1.0, 0.69)]
    [InlineData(1.2, 0.73)]
    public void Gain_that_passes_such_a_rule_four_times_out_of_five(double deviation, double gain) =>
        Assert.Equal(gain, Power.GainFor80(0.5, deviation, 20), 2);

    /// <summary>Ranks 1 to n, distinct, with the smaller of the two sums as wanted: greedily from the largest rank.</summary>
    private static double[] WithSmallerSum(int count, int sum)
    {
        double[] values = new double[count];
        for (int rank = count; rank >= 1; rank--)
        {
            bool isPositive = rank <= sum;
            sum -= isPositive ? rank : 0;
            values[rank - 1] = isPositive ? rank : -rank;
        }
        return values;
    }
}
