using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Parley.Engines;
using Parley.Trials.Guarding;

namespace Parley.Server;

/// <summary>How the neighbour does.</summary>
internal enum NeighbourState
{
    /// <summary>What it usually takes is not known yet.</summary>
    Learning,

    Good,

    /// <summary>Slower than its limit; the engines here take on less.</summary>
    Slow,

    /// <summary>It does not answer; the engines here take on less.</summary>
    Dead,

    /// <summary>Below its limit again, and not yet left what it was.</summary>
    Recovering,
}

/// <summary>
/// Keeps the service beside this one from harm: asks it by the clock, halves the jobs that the engines here work on at once when it slows
/// down, and doubles them again, step by step, when it has recovered. After each step it looks anew, so that one slow spell is not counted
/// twice. An engine always keeps one place: the neighbour is spared, the callers are not turned away.
/// </summary>
internal sealed partial class NeighbourWatch : BackgroundService
{
    private const int FullWindow = 7;

    private readonly NeighbourOptions options;
    private readonly INeighbourProbe probe;
    private readonly Admission admission;
    private readonly Warmup warmup;
    private readonly TimeProvider time;
    private readonly ILogger<NeighbourWatch> log;
    private readonly Lock gate = new();
    private readonly List<double> learning = [];
    private double? baselineMs;
    private NeighbourAlarm? alarm;
    private NeighbourSample? last;
    private NeighbourState state = NeighbourState.Learning;
    private int heard, sinceStep, skipped;
    private bool wasBusy, hasSaidLowest;

    /// <param name="options">Checked.</param>
    /// <param name="probe">How it is asked.</param>
    /// <param name="catalogue">The engines that give way.</param>
    /// <param name="admission">Their queues.</param>
    /// <param name="warmup">Awaited before the first question: the loading of models is no usual state.</param>
    /// <param name="meters">For the two gauges.</param>
    /// <param name="time">Clock of the questions.</param>
    /// <param name="log">For the operator.</param>
    public NeighbourWatch(NeighbourOptions options, INeighbourProbe probe, EngineCatalogue catalogue, Admission admission, Warmup warmup, IMeterFactory meters, TimeProvider time, ILogger<NeighbourWatch> log)
    {
        (this.options, this.probe, this.admission, this.warmup, this.time, this.log) = (options, probe, admission, warmup, time, log);
        foreach (EngineDescription engine in catalogue.Engines)
            admission.QueueOf(engine); // so that all of them can be told to take on less
        if (options.Baseline is { } usual)
            Know(usual.TotalMilliseconds);
        Meter meter = meters.Create(ServerMeasures.MeterName);
        meter.CreateObservableGauge("parley.neighbour.latency", () => Now() is { LatencyMs: { } latency } ? [new Measurement<double>(latency / 1000)] : Array.Empty<Measurement<double>>(), "s", "The neighbour's last answer.");
        meter.CreateObservableGauge("parley.neighbour.ratio", () => Now() is { Ratio: { } ratio } ? [new Measurement<double>(ratio)] : Array.Empty<Measurement<double>>(), "1", "Median of the neighbour's last answers over what it usually takes.");
    }

    /// <summary>How the neighbour does, and what that costs the engines here.</summary>
    public NeighbourReport Now()
    {
        lock (gate)
        {
            return new(state.ToString().ToLowerInvariant(), probe.Model, Rounded(baselineMs), Rounded(last?.LatencyMs), Rounded(alarm?.Ratio), options.Limit, admission.Share, heard, learning.Count)
            {
                Problem = last?.Problem,
            };
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await (warmup.ExecuteTask ?? Task.CompletedTask).WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        OpenLoopProber prober = new(probe, options.Timeout, time);
        try
        {
            await foreach (NeighbourSample sample in prober.RunAsync(NeighbourSample.Live, 0, count: null, options.Interval, stoppingToken))
                Hear(sample);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    /// <summary>Takes one answer, and acts on it.</summary>
    public void Hear(NeighbourSample sample)
    {
        lock (gate)
        {
            last = sample;
            heard++;
            if (baselineMs is null)
                Learn(sample.LatencyMs);
            else
                Judge(sample.LatencyMs);
        }
    }

    private void Learn(double latencyMs)
    {
        bool isBusy = admission.IsWorking;
        bool isUsual = !isBusy && !wasBusy;
        wasBusy = isBusy;
        if (!isUsual)
        {
            if (++skipped == 5 * options.BaselineSamples)
                LogStillLearning(skipped);
            return;
        }
        learning.Add(latencyMs);
        if (learning.Count < options.BaselineSamples)
            return;
        double median = NeighbourStatistics.Of(learning).MedianMs;
        learning.Clear();
        if (double.IsInfinity(median))
            LogNoAnswer(probe.Model, last?.Problem ?? "");
        else
            Know(median);
    }

    private void Know(double usualMs)
    {
        baselineMs = usualMs;
        state = NeighbourState.Good;
        LogLearned(probe.Model, usualMs);
        LookAnew();
    }

    private void Judge(double latencyMs)
    {
        sinceStep++;
        string? reason = alarm!.Hear(latencyMs);
        if (reason is not null)
        {
            state = double.IsInfinity(latencyMs) ? NeighbourState.Dead : NeighbourState.Slow;
            Lower(alarm.Ratio ?? latencyMs / baselineMs!.Value);
        }
        else if (sinceStep >= FullWindow && alarm.Ratio <= options.Recovery)
        {
            state = NeighbourState.Good;
            if (admission.Share < 1)
                Raise(alarm.Ratio.Value);
        }
        else if (sinceStep >= FullWindow && state is NeighbourState.Slow or NeighbourState.Dead)
            state = NeighbourState.Recovering;
    }

    private void Lower(double ratio)
    {
        if (admission.IsAtLowest)
        {
            if (!hasSaidLowest)
                LogLowest(ratio);
            hasSaidLowest = true;
        }
        else
        {
            admission.Restrain(admission.Share / 2);
            LogLowered(ratio, admission.Share);
        }
        LookAnew();
    }

    private void Raise(double ratio)
    {
        hasSaidLowest = false;
        admission.Restrain(Math.Min(1, admission.Share * 2));
        LogRaised(ratio, admission.Share);
        LookAnew();
    }

    private void LookAnew()
    {
        alarm = new NeighbourAlarm(baselineMs!.Value, options.Limit);
        sinceStep = 0;
    }

    // Infinity is no number in JSON; the state tells.
    private static double? Rounded(double? value) => value is { } number && double.IsFinite(number) ? Math.Round(number, 3) : null;

    [LoggerMessage(3701, LogLevel.Information, "The neighbour ({Neighbour}) usually takes {Milliseconds:0} ms")]
    private partial void LogLearned(string neighbour, double milliseconds);

    [LoggerMessage(3702, LogLevel.Warning, "The neighbour takes {Ratio:0.0} times as long as usual: the engines work on {Share:P0} of their jobs at once")]
    private partial void LogLowered(double ratio, double share);

    [LoggerMessage(3703, LogLevel.Warning, "The neighbour is back at {Ratio:0.0} times its usual time: the engines work on {Share:P0} of their jobs at once")]
    private partial void LogRaised(double ratio, double share);

    [LoggerMessage(3704, LogLevel.Warning, "The neighbour takes {Ratio:0.0} times as long as usual, though every engine works on one job at a time: what slows it down may be something else")]
    private partial void LogLowest(double ratio);

    [LoggerMessage(3705, LogLevel.Warning, "The neighbour ({Neighbour}) does not answer, so that what it usually takes cannot be learned: {Problem}")]
    private partial void LogNoAnswer(string neighbour, string problem);

    [LoggerMessage(3706, LogLevel.Warning, "What the neighbour usually takes is not known yet: the engines here were at work during {Count} of its answers. Set neighbour.baseline")]
    private partial void LogStillLearning(int count);
}

/// <param name="State">learning, good, slow, dead or recovering.</param>
/// <param name="Asked">The model, address or program that is asked.</param>
/// <param name="BaselineMs">What it usually takes.</param>
/// <param name="LatencyMs">The last answer; null if there was none in time.</param>
/// <param name="Ratio">Median of the last seven answers over the usual; null before the fifth since the last step.</param>
/// <param name="Limit">The ratio from which on it counts as slow.</param>
/// <param name="Concurrency">Share of their jobs that the engines here work on at once, 0 to 1.</param>
/// <param name="Heard">Questions that have been answered, or not in time.</param>
/// <param name="Learned">Answers learned from so far; 0 once it is known what is usual.</param>
internal sealed record NeighbourReport(string State, string Asked, double? BaselineMs, double? LatencyMs, double? Ratio, double Limit, double Concurrency, int Heard, int Learned)
{
    [System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)]
    public string? Problem { get; init; }
}
