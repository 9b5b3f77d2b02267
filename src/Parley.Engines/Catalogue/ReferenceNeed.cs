using System.Globalization;

namespace Parley.Engines;

/// <summary>What a recording must be for an engine to speak with its voice.</summary>
/// <param name="MinSeconds">Shortest, in seconds.</param>
/// <param name="MaxSeconds">Longest, in seconds.</param>
/// <param name="NeedsTranscript">True if it must be known what the recording says.</param>
public sealed record ReferenceNeed(double MinSeconds = 1, double MaxSeconds = 30, bool NeedsTranscript = false)
{
    /// <returns>Why a recording does not do, as the end of a sentence; <see langword="null"/> if it does.</returns>
    public string? Obstacle(double seconds, bool hasTranscript) =>
        seconds < MinSeconds || seconds > MaxSeconds
            ? string.Create(CultureInfo.InvariantCulture, $"needs a recording of {MinSeconds:0.#} to {MaxSeconds:0.#} s; this one lasts {seconds:0.0} s")
        : NeedsTranscript && !hasTranscript ? "needs to know what the recording says (ref_text, --transcript)"
        : null;
}
