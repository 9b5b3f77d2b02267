namespace Parley.Trials.Measuring;

/// <summary>
/// What a player would have heard that starts with the first sound: where the next piece came after the sound in hand had run out, it
/// stalled. For piece k with arrival a and length d: stall = max(0, a - B), B = max(B, a) + d.
/// </summary>
/// <param name="MaxStallMs">The longest gap.</param>
/// <param name="Stalls">Gaps of any length.</param>
public readonly record struct Continuity(double MaxStallMs, int Stalls)
{
    /// <summary>Gaps up to this are not heard as such (vllm-project/vllm-omni: benchmarks/tts).</summary>
    public const double AudibleMs = 100;

    public bool IsSmooth => MaxStallMs <= AudibleMs;

    /// <param name="arrivals">In order; seconds are sums.</param>
    public static Continuity Of(IReadOnlyList<SoundArrival> arrivals)
    {
        if (arrivals.Count == 0)
            return default;
        double playedUntil = arrivals[0].Ms + 1000 * arrivals[0].Seconds, longest = 0;
        int stalls = 0;
        for (int k = 1; k < arrivals.Count; k++)
        {
            double stall = Math.Max(0, arrivals[k].Ms - playedUntil);
            stalls += stall > 0 ? 1 : 0;
            longest = Math.Max(longest, stall);
            playedUntil = Math.Max(playedUntil, arrivals[k].Ms) + 1000 * (arrivals[k].Seconds - arrivals[k - 1].Seconds);
        }
        return new(longest, stalls);
    }
}
