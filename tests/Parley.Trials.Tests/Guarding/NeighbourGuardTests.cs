using Parley.Trials.Guarding;
using Parley.Trials.Plans;

namespace Parley.Trials.Tests.Guarding;

public class NeighbourGuardTests
{
    [Theory]
    [InlineData(1.9, null)]
    [InlineData(2.1, 5)]  // with the fifth probe
    [InlineData(10.5, 2)] // a jump
    public void A_slow_neighbour_ends_the_trial_within_seven_probes(double ratio, int? afterProbes)
    {
        NeighbourAlarm alarm = new(100, 2.0);
        int? heard = null;
        for (int probe = 1; probe <= 20 && heard is null; probe++)
            heard = alarm.Hear(100 * ratio) is null ? null : probe;

        Assert.Equal(afterProbes, heard);
    }

    [Fact]
    public void Three_probes_without_an_answer_mean_that_it_is_dead()
    {
        NeighbourAlarm alarm = new(100, 2.0);

        Assert.Null(alarm.Hear(double.PositiveInfinity));
        Assert.Null(alarm.Hear(double.PositiveInfinity));
        Assert.Equal("neighbour_dead", alarm.Hear(double.PositiveInfinity));
    }

    [Fact]
    public void One_slow_answer_is_none_of_anybodys_business()
    {
        NeighbourAlarm alarm = new(100, 2.0);

        Assert.All(new double[] { 100, 5000, 100, 110, 5000, 90, 100, 105 }, latency => Assert.Null(alarm.Hear(latency)));
    }

    [Fact]
    public Task A_neighbour_that_hangs_is_found_by_the_clock() => OwnTime.RunAsync(async time =>
    {
        // It hangs from 60 s on. A prober that waits for each answer would have one slow sample by then.
        ScriptedNeighbour neighbour = new(time, at => at < TimeSpan.FromSeconds(60) ? 100 : double.PositiveInfinity);
        await using NeighbourGuard guard = new(new NeighbourPlan { Probe = new GetProbePlan(new("http://n")) }, neighbour, time);
        using CancellationTokenSource abort = new();
        List<NeighbourSample> samples = [];
        TaskCompletionSource alarmed = new();
        using CancellationTokenRegistration heard = abort.Token.Register(() => alarmed.TrySetResult());

        guard.Watch(100, samples.Add, abort);
        await alarmed.Task;

        Assert.Equal("neighbour_dead", guard.Alarm);
        Assert.Contains(samples, sample => sample.Problem?.StartsWith("skipped", StringComparison.Ordinal) == true);
        Assert.InRange(neighbour.MostOpen, 1, 3);
    });

    [Theory]
    [InlineData(119, true)]
    [InlineData(121, false)]
    public Task Afterwards_it_must_be_within_a_fifth_of_what_it_was(double latency, bool expected) => OwnTime.RunAsync(async time =>
    {
        await using NeighbourGuard guard = new(new NeighbourPlan { Probe = new GetProbePlan(new("http://n")) }, new ScriptedNeighbour(time, _ => latency), time);
        List<NeighbourSample> samples = [];

        (_, double ratio, int rounds, bool isRecovered) = await guard.CheckRecoveryAsync(new(20, 100, 5, 0.1), samples.Add, CancellationToken.None);

        Assert.Equal(expected, isRecovered);
        Assert.Equal(latency / 100, ratio, 0.11); // the clock of the test moves by 10 ms
        Assert.Equal(expected ? 1 : 3, rounds);
        Assert.Equal(rounds * 20, samples.Count);
    });

    [Fact]
    public Task An_uneven_baseline_is_measured_twice_as_long() => OwnTime.RunAsync(async time =>
    {
        int asked = 0;
        await using NeighbourGuard guard = new(new NeighbourPlan { Probe = new GetProbePlan(new("http://n")) }, new ScriptedNeighbour(time, _ => asked++ % 2 == 0 ? 100 : 180), time);
        List<NeighbourSample> samples = [];

        NeighbourStatistics found = await guard.MeasureBaselineAsync(samples.Add, CancellationToken.None);

        Assert.Equal(40, samples.Count); // and three more that do not count
        Assert.False(NeighbourGuard.IsSteady(found));
    });

    [Theory]
    [InlineData(0.1, 20)]
    [InlineData(0.25, 30)]
    [InlineData(0.4, 50)]
    public void A_noisy_neighbour_needs_more_probes_afterwards(double sigma, int probes) => Assert.Equal(probes, NeighbourStatistics.ProbesForRecovery(20, sigma));

    [Fact]
    public Task Latency_counts_from_when_a_probe_was_due() => OwnTime.RunAsync(async time =>
    {
        OpenLoopProber prober = new(new ScriptedNeighbour(time, _ => 3000), TimeSpan.FromSeconds(30), time);

        List<NeighbourSample> samples = await prober.RunAsync("live", 0, 6, TimeSpan.FromSeconds(1), CancellationToken.None).ToListAsync();

        Assert.Equal(6, samples.Count); // one for each slot, whatever happened to the ones before
        Assert.All(samples, sample => Assert.True(sample.LatencyMs >= 3000));
    });
}
