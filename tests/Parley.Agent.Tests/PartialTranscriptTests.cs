namespace Parley.Agent.Tests;

public sealed class PartialTranscriptTests : IDisposable
{
    private readonly Dialogue dialogue = new();

    public PartialTranscriptTests() => dialogue.Options.PartialTranscripts = true;

    public void Dispose() => dialogue.Dispose();

    [Fact]
    public void Words_are_told_as_they_come_and_what_is_committed_does_not_change()
    {
        dialogue.Say("one two three four five six seven eight nine ten", 6).Until<TurnMeasured>();

        TranscriptPartial[] partials = [.. dialogue.All<TranscriptPartial>()];
        Assert.True(partials.Length >= 4);
        Assert.StartsWith("one two", partials[1].Committed, StringComparison.Ordinal);
        Assert.All(partials.Zip(partials.Skip(1)), pair => Assert.StartsWith(pair.First.Committed, pair.Second.Committed, StringComparison.Ordinal));
        Assert.Equal(partials[^1].Committed, string.Concat(partials.Select(partial => partial.Delta)));
        Assert.Equal("one two three four five six seven eight nine ten", dialogue.One<TranscriptCompleted>().Transcript.Text);
    }

    [Fact]
    public void One_recognition_runs_at_a_time_and_the_last_one_is_not_kept_waiting()
    {
        dialogue.Ear.Takes = TimeSpan.FromSeconds(1.7);

        dialogue.Say("one two three four five six seven eight nine ten", 6).Until<TurnMeasured>();

        Assert.Equal(1, dialogue.Ear.MostRunning);
        Assert.Equal(0.2 + 1.7, dialogue.One<TurnMeasured>().Waterfall.Transcript!.Value.TotalSeconds, 0.07);
    }

    [Fact]
    public void A_final_transcript_that_does_not_come_is_replaced_by_what_is_known()
    {
        dialogue.Options.TranscriptPatience = TimeSpan.FromSeconds(0.5);
        dialogue.Ear.Takes = TimeSpan.FromSeconds(1.7);

        dialogue.Say("one two three four five six seven eight nine ten", 6).Until<TurnMeasured>();

        Assert.Equal(0.5 + 0.5, dialogue.One<TurnMeasured>().Waterfall.Transcript!.Value.TotalSeconds, 0.07);
        Assert.StartsWith("one two three", dialogue.One<TurnMeasured>().Heard, StringComparison.Ordinal);
    }

    [Fact]
    public void Words_that_are_understood_stop_a_paused_answer_for_good()
    {
        dialogue.Brain.Says("One two three four five six seven eight nine ten. Eleven twelve thirteen fourteen fifteen.");
        dialogue.Say("please count", 1).Until<PlaybackStarted>();

        dialogue.Silence(1).Say("stop it now please", 2);

        Assert.Single(dialogue.All<Interrupted>());
        Assert.Equal(ConversationState.UserSpeaking, dialogue.State);
    }
}
