namespace Parley.Server;

/// <summary>What one key may still do: requests a minute, requests at once, seconds of sound a day.</summary>
internal sealed class KeyAllowance
{
    private readonly TokenBucket rate;
    private readonly int perMinute, concurrent;
    private readonly int? audioSecondsPerDay;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private int open;
    private double audioSeconds;
    private DateOnly day;

    public KeyAllowance(ApiKey key, AuthOptions options, TimeProvider time)
    {
        perMinute = key.RequestsPerMinute ?? options.RequestsPerMinute;
        rate = new TokenBucket(perMinute, Math.Max(1, perMinute / 3), time);
        concurrent = key.ConcurrentRequests ?? options.ConcurrentRequests;
        audioSecondsPerDay = key.AudioSecondsPerDay;
        this.time = time;
    }

    /// <summary>Requests a minute, those that may be made at once now, and the time until all may.</summary>
    public (int Limit, int Remaining, TimeSpan Reset) Rate
    {
        get
        {
            (int tokens, TimeSpan untilFull) = rate.Level;
            return (perMinute, tokens, untilFull);
        }
    }

    /// <summary>Counts a request in; it is to be counted out with <see cref="Leave"/>.</summary>
    /// <exception cref="ApiException">429 with the time to wait.</exception>
    public void Enter()
    {
        lock (gate)
        {
            if (open >= concurrent)
                throw ApiException.TooMany("rate_limited", $"This key has {open} requests open, all it may.", TimeSpan.FromSeconds(1));
            CheckAudio();
            TimeSpan wait = rate.Take();
            if (wait > TimeSpan.Zero)
                throw ApiException.TooMany("rate_limited", "This key sends requests faster than it may.", wait);
            open++;
        }
    }

    /// <summary>Asks whether there is sound left for today; sessions last longer than one request.</summary>
    /// <exception cref="ApiException">429 with the time to wait.</exception>
    public void CheckAudio()
    {
        lock (gate)
        {
            DateTimeOffset now = time.GetUtcNow();
            if (DateOnly.FromDateTime(now.UtcDateTime) != day)
                (day, audioSeconds) = (DateOnly.FromDateTime(now.UtcDateTime), 0);
            if (audioSeconds >= audioSecondsPerDay)
                throw ApiException.TooMany("quota_exceeded", $"This key has used its {audioSecondsPerDay} seconds of sound for today (UTC).",
                    now.UtcDateTime.Date.AddDays(1) - now.UtcDateTime);
        }
    }

    public void Leave()
    {
        lock (gate)
            open--;
    }

    /// <summary>Notes sound that was spoken or heard.</summary>
    public void Use(TimeSpan audio)
    {
        lock (gate)
            audioSeconds += audio.TotalSeconds;
    }
}
