using Parley.Trials.Verdicts;

namespace Parley.Trials.Tests.Verdicts;

public class SvgPlotTests
{
    [Theory]
    [InlineData(-1.05, 2.1, 3)]
    [InlineData(-0.4, 0.9, 1)]
    [InlineData(0, 17_300, 4)]
    [InlineData(0, 0.0021, 2)]
    public void An_axis_has_several_ticks_within_what_it_spans_and_no_negative_zero(double low, double high, int wanted)
    {
        double[] ticks = [.. SvgPlot.Ticks(low, high, wanted)];

        Assert.InRange(ticks.Length, 2, 9);
        Assert.All(ticks, tick => Assert.InRange(tick, low, high));
        Assert.DoesNotContain(ticks, tick => tick == 0 && double.IsNegative(tick));
    }
}
