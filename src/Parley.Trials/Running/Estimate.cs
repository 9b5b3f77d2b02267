namespace Parley.Trials.Running;

/// <summary>How long the rest will take, from what the calls so far took.</summary>
internal sealed class Estimate(TimeProvider time)
{
    private TimeSpan sum;
    private int count;

    /// <returns><see langword="null"/> before the first call.</returns>
    public TimeSpan? Left(int calls, TimeSpan pause) => count == 0 ? null : calls * (sum / count + pause);

    /// <summary>Times a call until it is disposed of.</summary>
    public IDisposable Measure() => new Timing(this, time.GetTimestamp());

    private sealed class Timing(Estimate estimate, long start) : IDisposable
    {
        public void Dispose()
        {
            estimate.sum += estimate.time.GetElapsedTime(start);
            estimate.count++;
        }
    }

    private readonly TimeProvider time = time;
}
