using Parley.Audio;

namespace Parley.Trials.Measuring;

/// <summary>
/// One call to an engine, as its client saw it. Times are milliseconds since the request was handed over; a time that does not apply is
/// <see langword="null"/>, never another time in its place.
/// </summary>
public sealed record SpokenCall
{
    /// <summary>One of <see cref="Measuring.ErrorClass"/>; <see langword="null"/> for valid sound.</summary>
    public string? Error { get; init; }

    /// <summary>What the engine or the transport said about the error.</summary>
    public string? ErrorDetail { get; init; }

    public int? HttpStatus { get; init; }

    /// <summary>False if a connection had to be made for this call.</summary>
    public bool? IsConnectionReused { get; init; }

    /// <summary>The head of the answer is complete.</summary>
    public double? HeadersMs { get; init; }

    /// <summary>First byte of the answer's body, of any kind.</summary>
    public double? FirstByteMs { get; init; }

    /// <summary>Arrival of the read that holds the first byte of sound: never a container's header, never the total.</summary>
    public double? FirstAudioMs { get; init; }

    /// <summary>How <see cref="FirstAudioMs"/> was found: <c>payload</c>, or <c>compressed_first_byte</c> where only a decoder could tell more.</summary>
    public string FirstAudioBasis { get; init; } = "payload";

    /// <summary>Last byte.</summary>
    public double TotalMs { get; init; }

    /// <summary>Bytes of the answer's body.</summary>
    public long Bytes { get; init; }

    /// <summary>The reads that carried sound: when they arrived, and how many seconds of sound had arrived by then.</summary>
    public IReadOnlyList<SoundArrival> Arrivals { get; init; } = [];

    /// <summary>The whole sound, mono; <see langword="null"/> without any.</summary>
    public AudioBuffer? Sound { get; init; }

    public int Channels { get; init; } = 1;

    /// <summary>The answer as it came, to be kept; WAV for engines that give samples.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>True if the length of the sound fits the text.</summary>
    public bool IsPlausible { get; init; }
}

/// <summary>One read that carried sound.</summary>
/// <param name="Ms">When it returned.</param>
/// <param name="Seconds">Sound received so far, this read included.</param>
public readonly record struct SoundArrival(double Ms, double Seconds);
