using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Parley.Agent.Tests;

public sealed class TurnTraceTests : IDisposable
{
    private readonly Dialogue dialogue = new();

    public void Dispose() => dialogue.Dispose();

    [Fact]
    public void A_turn_leaves_a_span_with_its_stages_in_it()
    {
        List<Activity> spans = [];
        using ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name == TurnTrace.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                lock (spans)
                    spans.Add(span);
            },
        };
        ActivitySource.AddActivityListener(listener);

        dialogue.Brain.Says("A quite unusual answer.");
        dialogue.Say("hello there", 1).Until<TurnMeasured>();

        TimeSpan took = dialogue.One<TurnMeasured>().Waterfall.FirstPlayed!.Value + TimeSpan.FromSeconds(4 * FakeVoice.SecondsAWord);
        Activity turn = spans.First(span => span.OperationName == "parley.turn" && Math.Abs((span.Duration - took).TotalSeconds) < 0.03);
        string[] stages = [.. spans.Where(span => span.ParentSpanId == turn.SpanId && span.TraceId == turn.TraceId).Select(span => span.OperationName)];
        Assert.Equal(["end_of_turn", "stt", "chat", "text_to_speech", "playout"], stages);
    }

    [Fact]
    public void A_turn_is_counted_and_timed()
    {
        Dictionary<string, double> measured = [];
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == ConversationMetrics.MeterName && instrument.Name == "parley.agent.turn.latency")
                    self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, value, tags, _) =>
        {
            lock (measured)
                measured[(string)tags[0].Value!] = value;
        });
        listener.Start();

        dialogue.Say("hello there", 1).Until<TurnMeasured>();

        Assert.Superset(new HashSet<string> { "end_of_turn", "transcript", "first_token", "first_clause", "first_sound", "first_sound_played" }, measured.Keys.ToHashSet());
    }
}
