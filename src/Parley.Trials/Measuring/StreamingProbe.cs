namespace Parley.Trials.Measuring;

/// <summary>Whether an engine really hands out sound while it makes it, judged by calls with a long text.</summary>
internal static class StreamingProbe
{
    /// <summary>Calls that are made.</summary>
    public const int Calls = 3;

    private const int CallsNeeded = 2, ReadsNeeded = 3, GapsNeeded = 2;
    private const double GapMs = 20, LargestShare = 0.7;

    public static bool IsStreaming(IEnumerable<SpokenCall> calls) => calls.Count(Streamed) >= CallsNeeded;

    /// <summary>At least three reads with sound, apart in time at least twice, the first well before the last.</summary>
    public static bool Streamed(SpokenCall call) =>
        call.Error is null && call.Arrivals.Count >= ReadsNeeded && call.FirstAudioMs <= LargestShare * call.TotalMs
        && call.Arrivals.Zip(call.Arrivals.Skip(1)).Count(pair => pair.Second.Ms - pair.First.Ms > GapMs) >= GapsNeeded;
}
