using Parley.Audio;
using Parley.Audio.Effects;
using Parley.Audio.Loudness;

namespace Parley.Trials.Measuring;

/// <summary>One call as results keep it. Times in milliseconds with three decimals; <see langword="null"/> where there is none.</summary>
public sealed record CallRecord
{
    /// <summary>The engine's role: <c>baseline</c>, <c>candidate</c>, or the name of one of several candidates.</summary>
    public required string Engine { get; init; }

    public required string Utterance { get; init; }

    public required string Condition { get; init; }

    public required bool Cloned { get; init; }

    /// <summary>From 1.</summary>
    public required int Repetition { get; init; }

    /// <summary>Place in the seeded order, from 0.</summary>
    public required int Order { get; init; }

    /// <summary>Which start of the trial made the call, from 1.</summary>
    public required int Attempt { get; init; }

    /// <summary>True if it decides; false for warm-up, probes and brackets.</summary>
    public required bool Timed { get; init; }

    /// <summary><c>timed</c>, <c>cold</c>, <c>streaming</c>, <c>warmup</c>, <c>baseline_audio</c>, <c>bracket_before</c> or <c>bracket_after</c>.</summary>
    public required string Part { get; init; }

    /// <summary>True if it was measured after the trial had been interrupted.</summary>
    public required bool Resumed { get; init; }

    public required DateTimeOffset AtUtc { get; init; }

    public int? HttpStatus { get; init; }

    public string? ErrorClass { get; init; }

    public string? ErrorDetail { get; init; }

    public bool? ConnectionReused { get; init; }

    public double? HeadersMs { get; init; }

    public double? FirstByteMs { get; init; }

    /// <summary>First byte of sound; never set for an engine that does not stream.</summary>
    public double? TtfaMs { get; init; }

    public string? TtfaBasis { get; init; }

    /// <summary>Silence at the head of the sound.</summary>
    public double? OnsetOffsetMs { get; init; }

    /// <summary>First audible sound of a player that starts at once.</summary>
    public double? PerceivedTtfaMs { get; init; }

    public required double TotalMs { get; init; }

    public long Bytes { get; init; }

    /// <summary>Reads that carried sound.</summary>
    public int Chunks { get; init; }

    /// <summary>Longest time between two of them.</summary>
    public double? MaxGapMs { get; init; }

    public double? AudioS { get; init; }

    /// <summary>Total over audio time; below 1 is faster than real time.</summary>
    public double? RtfTotal { get; init; }

    /// <summary>Time after the first sound over audio time.</summary>
    public double? RtfStream { get; init; }

    /// <summary>Longest gap that a player would have heard.</summary>
    public double? MaxStallMs { get; init; }

    public int? Stalls { get; init; }

    public bool? ContinuityOk { get; init; }

    public bool WavValid { get; init; }

    public bool WavPlausible { get; init; }

    public int? SampleRate { get; init; }

    public int? Channels { get; init; }

    public double? LufsI { get; init; }

    public double? Lra { get; init; }

    public double? Dbtp { get; init; }

    public string? Sha256 { get; init; }

    /// <summary>Below the run's folder.</summary>
    public string? File { get; init; }

    /// <summary>True if it ended at one of the time limits.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsTimeout => Measuring.ErrorClass.IsTimeout(ErrorClass);

    /// <summary>The facts of a call, added to what is known before it.</summary>
    /// <param name="known">Which call it is.</param>
    /// <param name="call">What was measured.</param>
    /// <param name="isStreaming">False leaves the times of first sound out: a non-streaming engine has none.</param>
    internal static CallRecord Of(CallRecord known, SpokenCall call, bool isStreaming)
    {
        CallRecord record = known with
        {
            HttpStatus = call.HttpStatus,
            ErrorClass = call.Error,
            ErrorDetail = call.ErrorDetail is { Length: > 500 } detail ? detail[..500] : call.ErrorDetail,
            ConnectionReused = call.IsConnectionReused,
            HeadersMs = Rounded(call.HeadersMs),
            FirstByteMs = Rounded(call.FirstByteMs),
            TotalMs = Math.Round(call.TotalMs, 3),
            Bytes = call.Bytes,
            Chunks = call.Arrivals.Count,
            MaxGapMs = Rounded(call.Arrivals.Zip(call.Arrivals.Skip(1)).Select(pair => (double?)(pair.Second.Ms - pair.First.Ms)).Max()),
        };
        if (isStreaming && call.FirstAudioMs is { } first)
            record = record with { TtfaMs = Math.Round(first, 3), TtfaBasis = call.FirstAudioBasis };
        return call.Sound is { Samples.Length: > 0 } sound ? WithSound(record, call, sound) : record;
    }

    private static CallRecord WithSound(CallRecord record, SpokenCall call, AudioBuffer sound)
    {
        double seconds = (double)sound.Samples.Length / sound.SampleRate;
        (int onset, int length) = Silence.SustainedSound(sound.Samples, sound.SampleRate).GetOffsetAndLength(sound.Samples.Length);
        double? onsetMs = length > 0 ? Math.Round(1000.0 * onset / sound.SampleRate, 3) : null;
        LoudnessReading loudness = LoudnessReading.Of(sound.Samples, sound.SampleRate);
        Continuity? continuity = record.TtfaMs is not null && call.Arrivals.Count > 0 ? Continuity.Of(call.Arrivals) : null;
        return record with
        {
            AudioS = Math.Round(seconds, 6),
            OnsetOffsetMs = onsetMs,
            PerceivedTtfaMs = record.TtfaMs + onsetMs,
            RtfTotal = call.Error is null ? call.TotalMs / 1000 / seconds : null,
            RtfStream = call.Error is null && record.TtfaMs is { } first ? (call.TotalMs - first) / 1000 / seconds : null,
            MaxStallMs = Rounded(continuity?.MaxStallMs),
            Stalls = continuity?.Stalls,
            ContinuityOk = continuity?.IsSmooth,
            WavValid = call.Error is null,
            WavPlausible = call.IsPlausible,
            SampleRate = sound.SampleRate,
            Channels = call.Channels,
            LufsI = Finite(loudness.IntegratedLufs),
            Lra = Finite(loudness.RangeLu),
            Dbtp = Finite(loudness.TruePeakDbtp),
        };
    }

    private static double? Rounded(double? ms) => ms is { } value ? Math.Round(value, 3) : null;

    private static double? Finite(double? value) => value is { } number && double.IsFinite(number) ? Math.Round(number, 3) : null;
}
