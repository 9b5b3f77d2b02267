using Parley.Engines;

namespace Parley.Server.Tests;

/// <summary>Takes every turn for over.</summary>
internal sealed class ScriptedTurnDetector : ITurnDetector
{
    private int asked;

    public int Asked => Volatile.Read(ref asked);

    public TurnEvidence Evidence => TurnEvidence.Sound;

    public bool Judges(string? language) => true;

    public ValueTask<TurnPrediction?> PredictAsync(TurnSoFar turn, CancellationToken cancel = default)
    {
        Interlocked.Increment(ref asked);
        return ValueTask.FromResult<TurnPrediction?>(new TurnPrediction(0.9f, 0.5f));
    }

    public void Dispose()
    {
    }
}
