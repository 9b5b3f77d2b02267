namespace Parley.Server;

/// <summary>A rate with room for bursts: tokens fall in evenly, each request takes one out.</summary>
internal sealed class TokenBucket
{
    private readonly double perMinute, burst;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private double tokens;
    private long at;

    /// <param name="perMinute">Tokens a minute.</param>
    /// <param name="burst">Tokens that the bucket holds; it begins full.</param>
    /// <param name="time">Clock.</param>
    public TokenBucket(double perMinute, double burst, TimeProvider time)
    {
        (this.perMinute, this.burst, this.time) = (perMinute, burst, time);
        tokens = burst;
        at = time.GetTimestamp();
    }

    /// <returns>Zero if a token was there, else the time until there is one.</returns>
    public TimeSpan Take()
    {
        lock (gate)
        {
            long now = time.GetTimestamp();
            tokens = Math.Min(burst, tokens + time.GetElapsedTime(at, now).TotalMinutes * perMinute);
            at = now;
            if (tokens < 1)
                return TimeSpan.FromMinutes((1 - tokens) / perMinute);
            tokens--;
            return TimeSpan.Zero;
        }
    }

    /// <summary>Whole tokens that are in it now, and the time until it is full.</summary>
    public (int Tokens, TimeSpan UntilFull) Level
    {
        get
        {
            lock (gate)
            {
                double now = Math.Min(burst, tokens + time.GetElapsedTime(at).TotalMinutes * perMinute);
                return ((int)now, TimeSpan.FromMinutes((burst - now) / perMinute));
            }
        }
    }

    /// <summary>True if no token is missing: nothing is lost by forgetting the bucket.</summary>
    public bool IsFull
    {
        get
        {
            lock (gate)
                return tokens + time.GetElapsedTime(at).TotalMinutes * perMinute >= burst;
        }
    }
}
