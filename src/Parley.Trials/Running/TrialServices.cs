using Parley.Engines;

namespace Parley.Trials.Running;

/// <summary>What a trial needs from the house around it.</summary>
public sealed record TrialServices
{
    /// <summary>A catalogue of engines by name; the trial owns it.</summary>
    public required Func<IReadOnlyList<string>, CancellationToken, Task<EngineCatalogue>> Assemble { get; init; }

    /// <summary>A catalogue with one speech-to-text engine; the trial owns it.</summary>
    public required Func<string, CancellationToken, Task<EngineCatalogue>> AssembleEar { get; init; }

    /// <summary>A secret by the name of its variable.</summary>
    public required Func<string, string?> Secret { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Told what is being done.</summary>
    public IProgress<TrialProgress>? Progress { get; init; }
}

/// <summary>How far a trial has come.</summary>
/// <param name="Phase">The phase.</param>
/// <param name="Step">What is being done, for people.</param>
/// <param name="Done">Timed calls made.</param>
/// <param name="Total">Timed calls in all.</param>
/// <param name="Left">Estimate of the time to the end of the measurement; <see langword="null"/> before there is one.</param>
/// <param name="NeighbourRatio">The neighbour's latency over its baseline, while it is watched.</param>
public sealed record TrialProgress(TrialPhase Phase, string Step, int Done, int Total, TimeSpan? Left, double? NeighbourRatio);
