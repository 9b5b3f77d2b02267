using Parley.Trials.Plans;

namespace Parley.Trials.Measuring;

/// <summary>The time limits of one call: the longest gap, re-armed by every read, and the longest call.</summary>
internal sealed class CallClock : IDisposable
{
    private readonly TimeProvider time;
    private readonly LimitPlan limits;
    private readonly CancellationTokenSource gap, cap, all;
    private readonly long start;

    public CallClock(LimitPlan limits, TimeProvider time, CancellationToken cancel)
    {
        (this.limits, this.time) = (limits, time);
        gap = new CancellationTokenSource(limits.Read, time);
        cap = new CancellationTokenSource(limits.Call, time);
        all = CancellationTokenSource.CreateLinkedTokenSource(gap.Token, cap.Token, cancel);
        start = time.GetTimestamp();
    }

    public CancellationToken Token => all.Token;

    /// <summary>Milliseconds since the start.</summary>
    public double Ms => time.GetElapsedTime(start).TotalMilliseconds;

    /// <summary>Something came: the gap begins again.</summary>
    public void Heard() => gap.CancelAfter(limits.Read);

    /// <returns>Which limit ended the call; <see langword="null"/> if none did.</returns>
    public string? Ended => cap.IsCancellationRequested ? ErrorClass.CapTimeout : gap.IsCancellationRequested ? ErrorClass.ReadTimeout : null;

    public void Dispose()
    {
        all.Dispose();
        cap.Dispose();
        gap.Dispose();
    }
}
