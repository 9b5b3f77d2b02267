namespace Parley.Server;

/// <summary>Whether a component does its work as it usually does.</summary>
internal enum Condition
{
    Good,

    /// <summary>It works, but slower than usual or with failures.</summary>
    Degraded,

    /// <summary>Its last jobs all failed.</summary>
    Failed,
}

/// <summary>
/// How one engine does: its latencies, what it usually takes, and whether it is slow today. Degraded when the middle latency lies
/// above twice the learned one in three judgements in a row; good again below 1.3 times in three. The judgements are made when a
/// job ends or somebody asks, so an idle server does nothing.
/// </summary>
internal sealed class ComponentHealth(HealthOptions options, TimeProvider time, Percentiles? baseline = null)
{
    private const double SlowFactor = 2, RecoveredFactor = 1.3;
    private const int InARow = 3;
    private const int FailuresInARow = 5;
    private const double FailureShare = 0.05;

    private readonly Lock gate = new();
    private readonly LatencyWindow latencies = new(time);
    private readonly LatencyWindow failures = new(time);
    private readonly List<double> learning = [];
    private long judged = time.GetTimestamp();
    private int slowInARow, fineInARow, failedInARow;
    private bool isSlow;

    /// <summary>What it usually takes; <see langword="null"/> while that is being learned.</summary>
    public Percentiles? Baseline { get; private set; } = baseline;

    /// <summary>Jobs from which the baseline has been learned so far.</summary>
    public int Learned
    {
        get
        {
            lock (gate)
                return Baseline is null ? learning.Count : options.BaselineSamples;
        }
    }

    /// <summary>A job ended well.</summary>
    /// <param name="value">Its latency, in the unit of the component.</param>
    /// <param name="isUnloaded">True if it had the machine to itself; only such jobs teach what is usual.</param>
    /// <returns>True if the baseline has just been learned.</returns>
    public bool Succeeded(double value, bool isUnloaded)
    {
        lock (gate)
        {
            Judge();
            latencies.Add(value);
            failures.Add(0);
            failedInARow = 0;
            if (Baseline is not null || !isUnloaded)
                return false;
            learning.Add(value);
            if (learning.Count < options.BaselineSamples)
                return false;
            Baseline = Percentiles.Of([.. learning]);
            learning.Clear();
            return true;
        }
    }

    /// <summary>The engine failed at a job.</summary>
    public void Failed()
    {
        lock (gate)
        {
            failures.Add(1);
            failedInARow++;
        }
    }

    /// <summary>The present condition, its reason, and the present latencies.</summary>
    public (Condition Condition, string? Reason, Percentiles? Current) Now()
    {
        lock (gate)
        {
            Judge();
            Percentiles? current = latencies.Now();
            if (failedInARow >= FailuresInARow)
                return (Condition.Failed, "errors", current);
            if (failures.Now() is { Samples: >= LatencyWindow.Enough } && failures.Mean() > FailureShare)
                return (Condition.Degraded, "errors", current);
            return isSlow ? (Condition.Degraded, "latency", current) : (Condition.Good, null, current);
        }
    }

    private void Judge()
    {
        if (time.GetElapsedTime(judged) < options.Interval)
            return;
        judged = time.GetTimestamp();
        if (Baseline is not { } usual || latencies.Now() is not { } now)
        {
            // Nobody has asked it anything for five minutes: nothing is known against it.
            (isSlow, slowInARow, fineInARow) = (isSlow && latencies.Now() is not null, 0, 0);
            return;
        }
        if (now.Samples < LatencyWindow.Enough)
            return;
        slowInARow = now.P50 > SlowFactor * usual.P50 ? slowInARow + 1 : 0;
        fineInARow = now.P50 < RecoveredFactor * usual.P50 ? fineInARow + 1 : 0;
        if (slowInARow >= InARow)
            isSlow = true;
        else if (fineInARow >= InARow)
            isSlow = false;
    }
}
