using System.Diagnostics.Metrics;

namespace Parley.Agent;

/// <summary>What conversations count and time, of all of them together.</summary>
public static class ConversationMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Parley";

    private static readonly Meter Meter = new(MeterName);

    private static readonly Histogram<double> Latency = Meter.CreateHistogram<double>(
        "parley.agent.turn.latency", "s", "From the end of the user's speech to each stage of the answer.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [.1, .2, .3, .4, .5, .6, .8, 1, 1.25, 1.5, 2, 3, 5] });

    private static readonly Counter<long> Turns = Meter.CreateCounter<long>("parley.agent.turns", null, "Turns of users that were answered.");

    internal static readonly Counter<long> Interruptions = Meter.CreateCounter<long>("parley.agent.interruptions", null, "Answers that users interrupted.");

    internal static readonly Counter<long> FalseInterruptions = Meter.CreateCounter<long>("parley.agent.false_interruptions", null, "Pauses of an answer after which it went on.");

    internal static void Record(TurnWaterfall waterfall, ResponseEnd end)
    {
        Turns.Add(1, new KeyValuePair<string, object?>("outcome", end switch
        {
            ResponseEnd.None or ResponseEnd.MaxOutputTokens => "answered",
            ResponseEnd.TurnDetected => "interrupted",
            ResponseEnd.ClientCancelled => "cancelled",
            ResponseEnd.ContentFilter => "blocked",
            _ => "failed",
        }));
        foreach ((string stage, TimeSpan at) in waterfall.Stages)
            Latency.Record(at.TotalSeconds, new KeyValuePair<string, object?>("stage", stage.Replace(' ', '_')));
    }
}
