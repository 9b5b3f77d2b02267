using Microsoft.Extensions.AI;

namespace Parley.Agent.Tests;

public sealed class FaultTests : IDisposable
{
    private readonly Dialogue dialogue = new();

    public void Dispose() => dialogue.Dispose();

    [Fact]
    public void A_brain_that_dies_mid_sentence_is_heard_so_far_and_the_conversation_goes_on()
    {
        dialogue.Brain.Answers.Add(_ => [new TextContent("This much was said before it died. And "), new ErrorContent("the line is dead")]);
        dialogue.Brain.Says("Fine.");

        dialogue.Say("one", 0.5).Until<TurnMeasured>();
        dialogue.Say("two", 0.5).Until<TurnMeasured>();

        ResponseSnapshot response = dialogue.All<ResponseDone>().First().Response;
        Assert.Equal((ResponseStatus.Failed, ConversationStage.Brain, "the line is dead"), (response.Status, response.Fault!.Stage, response.Fault.Message));
        Assert.Equal("user: one / assistant!: This much was said before it died. / user: two", dialogue.Brain.Asked[^1]);
    }

    [Fact]
    public void A_voice_that_dies_mid_sentence_leaves_what_was_heard()
    {
        dialogue.Brain.Says("One two three four five.");
        dialogue.Voice.DiesAfter = 7; // in the third word

        dialogue.Say("count", 0.5).Until<TurnMeasured>();
        dialogue.Voice.DiesAfter = int.MaxValue;
        dialogue.Say("go on", 0.5).Until<TurnMeasured>();

        Assert.Equal(ConversationStage.Voice, dialogue.All<ResponseDone>().First().Response.Fault!.Stage);
        Assert.Equal("user: count / assistant!: One two / user: go on", dialogue.Brain.Asked[^1]);
    }

    [Theory]
    [InlineData(86_400)]
    [InlineData(-86_400)]
    public void A_wall_clock_that_jumps_changes_no_turn(int seconds)
    {
        dialogue.Brain.Says("One two three.");
        dialogue.Brain.Says("Four five six.");
        dialogue.Say("one", 0.5).Silence(0.1);
        dialogue.Time.WallClockError = TimeSpan.FromSeconds(seconds); // while the end of the turn is waited for
        dialogue.Until<OutputAudio>();
        dialogue.Time.WallClockError = TimeSpan.Zero; // and while the answer is played
        dialogue.Until<TurnMeasured>();
        dialogue.Say("two", 0.5).Until<TurnMeasured>();

        Assert.Equal(["one", "two"], dialogue.All<TurnMeasured>().Select(turn => turn.Heard));
        Assert.All(dialogue.All<TurnMeasured>().SelectMany(turn => turn.Waterfall.Stages), stage => Assert.InRange(stage.At, TimeSpan.Zero, TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public void A_voice_that_dies_stops_an_endless_brain()
    {
        dialogue.Brain.Answers.Add(_ => Enumerable.Repeat("This is yet another sentence of many. ", 100_000).Select(text => new TextContent(text)));
        dialogue.Voice.DiesAfter = 3;

        dialogue.Say("go", 0.5).Until<TurnMeasured>();

        Assert.Equal(0, dialogue.Brain.Running);
    }

    [Fact]
    public void An_ear_that_fails_costs_one_turn()
    {
        dialogue.Ear.Fault = new IOException("no ear");

        dialogue.Say("one", 0.5).Silence(1);
        dialogue.Ear.Fault = null;
        dialogue.Say("two", 0.5).Until<TurnMeasured>();

        Assert.Equal("no ear", dialogue.One<TranscriptFailed>().Fault.Message);
        Assert.Equal("two", dialogue.One<TurnMeasured>().Heard);
    }

    [Theory]
    [InlineData(0.0)]    // nothing yet
    [InlineData(0.3)]    // in speech
    [InlineData(1.3)]    // in the pause
    [InlineData(1.6)]    // thinking
    [InlineData(3.0)]    // speaking
    [InlineData(3.9)]    // paused
    public void A_caller_who_hangs_up_in_any_state_leaves_nothing_at_work(double at)
    {
        dialogue.Brain.FirstTakes = TimeSpan.FromMilliseconds(300);
        dialogue.Brain.Says("One two three four five six seven eight nine ten. Eleven twelve thirteen fourteen fifteen.");
        dialogue.Begin();
        for (double time = 0; time < at; time += 0.1)
        {
            if (time is < 1.0 or > 3.2)
                dialogue.Say("word", 0.1);
            else
                dialogue.Silence(0.1);
        }

        dialogue.HangUp();

        Assert.Equal(EndReason.HungUp, dialogue.One<ConversationEnded>().Reason);
    }

    [Fact]
    public void An_engine_that_does_not_stop_does_not_keep_a_conversation_from_ending()
    {
        dialogue.Ear.IsStubborn = true;

        dialogue.Say("hello", 0.5).Silence(1).HangUp();

        Assert.Single(dialogue.All<ConversationEnded>());
    }

    [Fact]
    public async Task What_comes_after_the_end_is_refused()
    {
        dialogue.Begin().HangUp();

        await Assert.ThrowsAsync<System.Threading.Channels.ChannelClosedException>(async () => await dialogue.Conversation.SendAsync(new CreateResponse()));
    }

    [Fact]
    public void A_caller_who_takes_no_events_holds_up_brain_and_voice_and_nothing_else()
    {
        dialogue.Reads = false;
        dialogue.Playback = PlaybackKind.Buffered;
        dialogue.Brain.Answers.Add(_ => Enumerable.Repeat("This is yet another sentence of many. ", 100_000).Select(text => new TextContent(text)));

        dialogue.Say("go", 0.5).Silence(30);

        Assert.InRange(dialogue.Voice.Spoken.Count, 4, 30); // ten seconds ahead, and no more
    }

    [Fact]
    public void A_clock_that_jumps_makes_no_burst_of_sound()
    {
        dialogue.Brain.Says("One two three four five six seven eight nine ten.");
        dialogue.Say("count", 0.5).Until<PlaybackStarted>();
        dialogue.Silence(0.5);
        TimeSpan sent = dialogue.Sent;

        dialogue.Time.Advance(TimeSpan.FromSeconds(30)); // the machine slept
        dialogue.Silence(0.02);

        Assert.InRange(dialogue.Sent - sent, TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void A_network_that_stalls_for_five_seconds_costs_no_word()
    {
        dialogue.Say("book a", 0.8).Pass(0.4);
        for (int i = 0; i < 5; i++)
            dialogue.Pass(0.5);
        dialogue.Say("flight", 0.4).Until<TurnMeasured>();

        Assert.Equal("book a flight", dialogue.One<TurnMeasured>().Heard);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(48_000)]
    public void Sound_may_come_in_portions_of_any_size(int portion)
    {
        float[] sound = [.. new SpokenLevels().Speak("hello", 0.6), .. new float[32_000]];
        dialogue.Say("hello", 0.02); // so that the ear knows the word
        dialogue.Silence(1);

        foreach (float[] samples in sound.Chunk(portion))
            dialogue.Append(samples);

        Assert.Equal("hello", Assert.Single(dialogue.All<TranscriptCompleted>()).Transcript.Text);
    }

    [Fact]
    public void A_rate_may_change_in_the_middle()
    {
        dialogue.Say("hello there", 1);
        dialogue.Append(new float[8_000], 8_000);
        dialogue.Append(new float[24_000], 24_000);

        Assert.Equal("hello there", dialogue.One<TranscriptCompleted>().Transcript.Text);
    }
}
