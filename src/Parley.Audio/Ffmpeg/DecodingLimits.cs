namespace Parley.Audio;

/// <summary>How much may come out of a stranger's file. A few megabytes can decode to days of sound.</summary>
public sealed record DecodingLimits
{
    public static DecodingLimits Default { get; } = new();

    /// <summary>The longest sound, checked while decoding. Default 4 h.</summary>
    public TimeSpan MaxDuration { get; init; } = TimeSpan.FromHours(4);

    /// <summary>The largest stream that is kept on disk for the formats that must be read back and forth. Default 2 GiB.</summary>
    public long MaxSpooledBytes { get; init; } = 2L * 1024 * 1024 * 1024;
}

/// <summary>A sound is longer or larger than is allowed; decoding stopped there.</summary>
public sealed class AudioLimitException(string message) : AudioFormatException(message);
