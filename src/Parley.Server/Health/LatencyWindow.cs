namespace Parley.Server;

/// <summary>The last latencies of a component, and their percentiles over the last minute, or the last five where the last had too few.</summary>
internal sealed class LatencyWindow(TimeProvider time)
{
    /// <summary>Samples without which a percentile says nothing.</summary>
    public const int Enough = 20;

    private const int Capacity = 4096; // a minute of the busiest engine
    private static readonly TimeSpan Short = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);

    private readonly (long At, double Value)[] samples = new (long At, double Value)[Capacity];
    private long count;

    public void Add(double value) => samples[count++ % Capacity] = (time.GetTimestamp(), value);

    /// <returns><see langword="null"/> if the last five minutes had none.</returns>
    public Percentiles? Now() => Percentiles.Of(Recent());

    /// <summary>The mean over the same time; 0 where there is nothing.</summary>
    public double Mean() => Recent() is { Length: > 0 } recent ? recent.Average() : 0;

    private double[] Recent() => Within(Short) is { Length: >= Enough } minute ? minute : Within(Long);

    private double[] Within(TimeSpan age)
    {
        List<double> recent = [];
        for (long i = count - 1; i >= Math.Max(0, count - Capacity); i--)
        {
            (long at, double value) = samples[i % Capacity];
            if (time.GetElapsedTime(at) > age)
                break;
            recent.Add(value);
        }
        return [.. recent];
    }
}

/// <summary>Half of the values are at most P50, nineteen of twenty at most P95.</summary>
internal readonly record struct Percentiles(double P50, double P95, int Samples)
{
    /// <summary>By nearest rank; <see langword="null"/> for no values.</summary>
    public static Percentiles? Of(double[] values)
    {
        if (values.Length == 0)
            return null;
        Array.Sort(values);
        return new Percentiles(values[Rank(0.50)], values[Rank(0.95)], values.Length);

        int Rank(double share) => Math.Max(0, (int)Math.Ceiling(share * values.Length) - 1);
    }
}
