using System.Diagnostics;

namespace Parley.Agent;

/// <summary>Leaves a trace of every turn: one span from its last voiced sample to the end of the answer, and one in it for each stage.</summary>
public static class TurnTrace
{
    /// <summary>The source's name.</summary>
    public const string SourceName = "Parley";

    private static readonly ActivitySource Source = new(SourceName);

    /// <param name="waterfall">When each stage was reached.</param>
    /// <param name="took">From the last voiced sample to the end of the answer.</param>
    /// <param name="now">The time of day at that end.</param>
    /// <param name="end">How the answer ended.</param>
    internal static void Record(TurnWaterfall waterfall, TimeSpan took, DateTimeOffset now, ResponseEnd end)
    {
        if (!Source.HasListeners())
            return;
        DateTimeOffset origin = now - took;
        using Activity? turn = Source.StartActivity("parley.turn", ActivityKind.Internal, default(ActivityContext), startTime: origin);
        if (turn is null)
            return;
        turn.SetTag("parley.interrupted", end == ResponseEnd.TurnDetected);
        Span("end_of_turn", TimeSpan.Zero, waterfall.EndOfTurn);
        Span("stt", TimeSpan.Zero, waterfall.Transcript);
        Span("chat", waterfall.Transcript, waterfall.FirstToken);
        Span("text_to_speech", waterfall.FirstClause, waterfall.FirstSound);
        Span("playout", waterfall.FirstPlayed, took);
        turn.SetEndTime(now.UtcDateTime);

        void Span(string name, TimeSpan? from, TimeSpan? to)
        {
            if (from is not { } start || to is not { } stop || stop < start)
                return;
            using Activity? span = Source.StartActivity(name, ActivityKind.Internal, turn.Context, startTime: origin + start);
            span?.SetEndTime((origin + stop).UtcDateTime);
        }
    }
}
