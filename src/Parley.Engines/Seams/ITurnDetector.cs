using Microsoft.Extensions.AI;

namespace Parley.Engines;

/// <summary>
/// Judges whether somebody who has fallen silent has finished, or only paused. That is neither voice activity (is there speech?) nor
/// endpointing (has it stopped?): ask once speech has stopped. Any number of callers may ask at once.
/// </summary>
public interface ITurnDetector : IDisposable
{
    /// <summary>What it judges by. Whoever asks need not wait for a transcript that is not read, nor keep sound that is not heard.</summary>
    TurnEvidence Evidence { get; }

    /// <summary>Whether it judges what is said in this language. Where it does not, silence alone ends a turn.</summary>
    /// <param name="language">BCP 47 tag; <see langword="null"/> if nobody knows.</param>
    bool Judges(string? language);

    /// <summary>Judges a turn so far.</summary>
    /// <param name="turn">What <see cref="Evidence"/> names must be there; the rest is not looked at.</param>
    /// <param name="cancel">Gives up the place in line; a judgement under way is made and thrown away.</param>
    /// <returns><see langword="null"/> where it cannot judge (a language it does not know, no words yet): go on as if there were no detector.</returns>
    ValueTask<TurnPrediction?> PredictAsync(TurnSoFar turn, CancellationToken cancel = default);
}

/// <summary>What a turn detector judges by.</summary>
[Flags]
public enum TurnEvidence
{
    None = 0,

    /// <summary>How it was said: <see cref="TurnSoFar.Sound"/>.</summary>
    Sound = 1,

    /// <summary>What was said: <see cref="TurnSoFar.Messages"/> and <see cref="TurnSoFar.Language"/>.</summary>
    Words = 2,
}

/// <summary>A turn that may or may not be over.</summary>
public sealed record TurnSoFar
{
    /// <summary>The turn's sound from its first word until now, the silence behind it included: 16 kHz, mono. A detector looks at no more than the last 8 s. Must stay as it is until the answer.</summary>
    public ReadOnlyMemory<float> Sound { get; init; }

    /// <summary>The conversation, the user's words so far as the last message.</summary>
    public IReadOnlyList<ChatMessage> Messages { get; init; } = [];

    /// <summary>BCP 47 tag of what is spoken; <see langword="null"/> if nobody knows.</summary>
    public string? Language { get; init; }
}

/// <summary>What a turn detector thinks.</summary>
/// <param name="Probability">That the turn is over, 0 to 1. Detectors are tuned differently: compare it with its own threshold and nothing else.</param>
/// <param name="Threshold">From here on it counts as over, 0 to 1.</param>
public readonly record struct TurnPrediction(float Probability, float Threshold)
{
    /// <summary>True if the user has probably finished.</summary>
    public bool IsOver => Probability >= Threshold;
}
