using Parley.Models.Misaki;
using Parley.Models.Speech;

namespace Parley.Models.Hibari;

/// <summary>How to speak one utterance.</summary>
public sealed record HibariOptions
{
    /// <summary>What durations are divided by: 0.25 to 10 was tried; the pitch stays. Default 1.</summary>
    public float Speed
    {
        get;
        init => field = value is > 0 and < float.PositiveInfinity ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "Speed must be above 0.");
    } = 1;

    /// <summary>Seed of the noise: the same seed gives the same samples. <see langword="null"/> leaves the noise out.</summary>
    public required long? Seed { get; init; }

    /// <summary>Quiet around the pieces at speed 1; <see langword="null"/> keeps the network's own timing.</summary>
    public Pauses? Pauses { get; init; } = Pauses.Conversational;

    /// <summary>How closely the front end follows its reference.</summary>
    public ReadingMode Reading { get; init; } = ReadingMode.Default;
}
