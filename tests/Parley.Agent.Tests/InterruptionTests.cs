using Microsoft.Extensions.AI;

namespace Parley.Agent.Tests;

public sealed class InterruptionTests : IDisposable
{
    private readonly Dialogue dialogue = new();

    public InterruptionTests() => dialogue.Brain.Says("One two three four five six seven eight nine ten. Eleven twelve thirteen fourteen fifteen.");

    public void Dispose() => dialogue.Dispose();

    /// <summary>The assistant has just begun to speak.</summary>
    private Dialogue Speaking()
    {
        dialogue.Say("please count", 1).Until<PlaybackStarted>();
        return dialogue;
    }

    [Fact]
    public void Half_a_second_of_speech_stops_the_sound_within_a_frame()
    {
        Speaking().Silence(1).Say("stop it now", 0.52);
        TimeSpan sent = dialogue.Sent;
        dialogue.Say("please", 0.5);

        Assert.InRange(dialogue.Sent - sent, TimeSpan.Zero, TimeSpan.FromMilliseconds(20));
        Assert.Single(dialogue.All<PlaybackPaused>());
    }

    [Fact]
    public void Shorter_speech_does_not_stop_the_sound()
    {
        Speaking().Silence(1).Say("mhm", 0.3).Silence(0.5);

        Assert.True(dialogue.None<PlaybackPaused>());
        Assert.Equal(DiscardReason.Backchannel, dialogue.One<InputDiscarded>().Reason);
        Assert.Equal(ConversationState.AgentSpeaking, dialogue.State);
    }

    [Fact]
    public void A_real_interruption_leaves_what_was_heard_in_the_history()
    {
        Speaking().Silence(1).Say("stop it now", 1.2).Until<Interrupted>();

        Interrupted cut = dialogue.One<Interrupted>();
        int words = (int)((cut.Played + TimeSpan.FromMilliseconds(50)) / TimeSpan.FromSeconds(FakeVoice.SecondsAWord));
        string heard = string.Join(' ', "One two three four five six seven eight nine ten.".Split(' ').Take(words));
        Assert.Equal(heard, cut.Heard);
        Assert.Equal("One two three four five six seven eight nine ten. Eleven twelve thirteen fourteen fifteen.", $"{cut.Heard} {cut.Unheard}");
        dialogue.Until<ResponseCreated>();
        Assert.Equal($"user: please count / assistant!: {heard} / user: stop it now", dialogue.Brain.Asked[^1]);
    }

    [Fact]
    public void What_was_played_is_what_was_handed_out()
    {
        Speaking().Silence(1).Say("stop it now", 1.2).Until<Interrupted>();

        Assert.Equal(dialogue.Sent, dialogue.One<Interrupted>().Played);
    }

    [Fact]
    public void The_response_of_an_interruption_is_cancelled_and_the_next_one_follows()
    {
        Speaking().Silence(1).Say("stop it now", 1.2).Until<TurnMeasured>(turn => turn.Number == 2);

        ResponseDone[] done = [.. dialogue.All<ResponseDone>()];
        Assert.Equal([(ResponseStatus.Cancelled, ResponseEnd.TurnDetected), (ResponseStatus.Completed, ResponseEnd.None)], done.Select(response => (response.Response.Status, response.Response.End)));
        Assert.Equal(ItemStatus.Incomplete, done[0].Response.Output[0].Status);
    }

    [Fact]
    public void A_cough_pauses_and_the_answer_goes_on_where_it_was()
    {
        Speaking().Silence(1).Say("~", 0.8).Until<PlaybackStopped>();

        PlaybackPaused paused = dialogue.One<PlaybackPaused>();
        PlaybackResumed resumed = dialogue.One<PlaybackResumed>();
        Assert.Equal((paused.Position, DiscardReason.NoWords), (resumed.Position, resumed.Cause));
        Assert.Equal(2, (resumed.At - paused.At - TimeSpan.FromSeconds(0.3)).TotalSeconds, 0.1); // after the end of the cough
        Assert.True(dialogue.None<Interrupted>());
        Assert.Single(dialogue.All<TurnMeasured>());
    }

    [Fact]
    public void A_pause_and_its_end_lose_no_sample()
    {
        Speaking().Silence(1).Say("~", 0.8).Until<PlaybackStopped>();

        int[] clauses = [.. dialogue.All<OutputAudio>().Index().Where(audio => audio.Item.Clause is not null).Select(audio => audio.Index)];
        Assert.Equal(2, clauses.Length);
        float[] sound = [.. dialogue.All<OutputAudio>().SelectMany(audio => audio.Sound.Samples.ToArray())];
        Assert.Equal(15 * FakeVoice.SecondsAWord * FakeVoice.SampleRate, sound.Length);
        int second = (int)(10 * FakeVoice.SecondsAWord * FakeVoice.SampleRate);
        Assert.Equal([.. Enumerable.Range(0, sound.Length).Select(i => (i < second ? i : i - second) % 10_000)], sound.Select(sample => (int)MathF.Round(sample * 32_768f)));
    }

    [Fact]
    public void A_long_backchannel_resumes_at_once()
    {
        Speaking().Silence(1).Say("uh huh", 0.8).Until<PlaybackResumed>();

        Assert.Equal(DiscardReason.Backchannel, dialogue.One<PlaybackResumed>().Cause);
        Assert.True(dialogue.One<PlaybackResumed>().At - dialogue.One<PlaybackPaused>().At < TimeSpan.FromSeconds(0.6));
        Assert.True(dialogue.All<SpeechStarted>().Count() == 1, "nobody is told of a speech that is none");
    }

    [Fact]
    public void A_list_of_ones_own_decides_what_a_backchannel_is()
    {
        dialogue.Options.Backchannels = new Dictionary<string, IReadOnlyList<string>> { ["en"] = [] };

        Speaking().Silence(1).Say("uh huh", 0.8).Until<Interrupted>();

        Assert.True(dialogue.None<PlaybackResumed>());
    }

    [Fact]
    public void Speech_that_begins_again_keeps_the_answer_paused()
    {
        Speaking().Silence(1).Say("~", 0.8).Silence(1.5).Say("~", 0.5).Silence(1.4);
        Assert.True(dialogue.None<PlaybackResumed>());

        dialogue.Until<PlaybackResumed>();
    }

    [Fact]
    public void Few_words_do_not_interrupt_where_more_are_asked_for()
    {
        dialogue.Options.MinInterruptionWords = 3;

        Speaking().Silence(1).Say("wait please", 1).Silence(0.5);
        Assert.True(dialogue.None<PlaybackPaused>() && dialogue.None<Interrupted>());
        dialogue.Say("no really stop", 1).Until<Interrupted>();

        Assert.Equal(DiscardReason.TooShort, dialogue.One<InputDiscarded>().Reason);
    }

    [Fact]
    public void Nothing_interrupts_while_the_echo_canceller_learns()
    {
        dialogue.Options.InterruptionWarmUp = TimeSpan.FromSeconds(3);

        Speaking().Say("stop", 0.9).Silence(0.1);

        Assert.True(dialogue.None<PlaybackPaused>());
    }

    [Fact]
    public void Two_interruptions_within_a_moment_are_one()
    {
        Speaking().Silence(1).Say("stop it", 0.7).Silence(0.1).Say("now", 0.4).Until<ResponseCreated>();

        Assert.Single(dialogue.All<Interrupted>());
        Assert.Equal("stop it now", dialogue.All<TranscriptCompleted>().Last().Transcript.Text);
    }

    [Fact]
    public void Speech_before_the_answer_is_heard_leaves_no_item_of_it_and_belongs_to_the_same_question()
    {
        dialogue.Voice.FirstTakes = TimeSpan.FromSeconds(2);

        dialogue.Say("please count", 1).Until<ResponseCreated>();
        dialogue.Say("to three please", 1).Until<PlaybackStarted>();

        Assert.Equal((ResponseStatus.Cancelled, 0), dialogue.All<ResponseDone>().Select(done => (done.Response.Status, done.Response.Output.Count)).First());
        Assert.Equal("user: please count to three please", dialogue.Brain.Asked[^1]);
        Assert.Single(dialogue.All<OutputItemAdded>());
    }

    [Fact]
    public void A_noise_before_the_answer_is_heard_only_delays_it()
    {
        dialogue.Voice.FirstTakes = TimeSpan.FromMilliseconds(800);

        dialogue.Say("please count", 1).Until<ResponseCreated>();
        dialogue.Say("~", 0.3).Until<PlaybackStopped>();

        Assert.Single(dialogue.All<ResponseCreated>());
        Assert.Equal(ResponseStatus.Completed, dialogue.One<ResponseDone>().Response.Status);
    }

    [Fact]
    public void A_voice_that_does_not_stop_is_not_heard_any_more()
    {
        dialogue.Voice.IsStubborn = true;
        dialogue.Voice.EachTakes = TimeSpan.FromMilliseconds(90);
        Speaking().Silence(1).Say("stop it now", 1.2).Until<Interrupted>();
        string response = dialogue.One<Interrupted>().ResponseId;
        int at = dialogue.Events.FindIndex(happened => happened is Interrupted);

        dialogue.Silence(3);

        Assert.DoesNotContain(dialogue.Events.Skip(at), happened => happened is OutputAudio audio && audio.ResponseId == response);
    }

    [Fact]
    public void A_side_that_cannot_pause_is_cut_off_after_half_a_second()
    {
        dialogue.Playback = PlaybackKind.Buffered;

        Speaking().Silence(1).Say("stop it now", 0.7);

        Interrupted cut = dialogue.One<Interrupted>();
        Assert.InRange(cut.Played.TotalSeconds, 1.4, 1.7); // by the clock
        Assert.Equal("One two three four five", cut.Heard);
        Assert.Single(dialogue.All<PlaybackCleared>());
    }

    [Fact]
    public void A_side_that_reports_is_believed()
    {
        dialogue.Playback = PlaybackKind.Reported;
        Speaking();
        string item = dialogue.One<OutputItemAdded>().Item.Id;

        dialogue.Silence(1).Send(new ReportPlayback(item, TimeSpan.FromSeconds(0.65))).Say("stop it now", 0.54);
        dialogue.Send(new ReportPlayback(item, TimeSpan.FromSeconds(0.9), PlaybackState.Paused)).Say("please", 0.5).Until<Interrupted>();

        Assert.Equal("One two three", dialogue.One<Interrupted>().Heard);
    }

    [Fact]
    public void A_client_may_correct_what_was_heard_after_the_interruption()
    {
        dialogue.Playback = PlaybackKind.Buffered;
        Speaking().Silence(1).Say("stop it now", 0.7);
        string item = dialogue.One<Interrupted>().ItemId;

        dialogue.Send(new TruncateItem(item, TimeSpan.FromSeconds(2.15)));

        Assert.Equal("One two three four five six seven", dialogue.One<ItemTruncated>().Heard);
        Assert.Contains("assistant!: One two three four five six seven", dialogue.Recall(), StringComparison.Ordinal);
    }

    [Fact]
    public void Truncation_behind_the_end_is_refused_and_a_rounding_error_is_not()
    {
        dialogue.Playback = PlaybackKind.Buffered;
        Speaking().Until<PlaybackStopped>();
        string item = dialogue.One<OutputItemAdded>().Item.Id;

        dialogue.Send(new TruncateItem(item, TimeSpan.FromSeconds(4.6)));
        dialogue.Send(new TruncateItem(item, TimeSpan.FromSeconds(4.53)));

        Assert.Equal(nameof(TruncateItem.AudioEnd), dialogue.One<CommandRefused>().Field);
        Assert.Single(dialogue.All<ItemTruncated>());
    }

    [Fact]
    public void Where_the_voice_gives_no_times_the_words_share_the_sound_by_their_syllables()
    {
        dialogue.Voice.GivesWords = false;

        Speaking().Silence(1).Say("stop it now", 1.2).Until<Interrupted>();

        Assert.Equal("One two three four five six", dialogue.One<Interrupted>().Heard);
    }

    [Fact]
    public void Speech_that_may_not_interrupt_is_answered_afterwards()
    {
        dialogue.With = settings => settings with { TurnDetection = settings.TurnDetection! with { InterruptResponse = false } };

        Speaking().Silence(1).Say("and then", 1).Until<TurnMeasured>(turn => turn.Number == 2);

        Assert.True(dialogue.None<Interrupted>());
        Assert.Equal("user: please count / assistant: One two three four five six seven eight nine ten. Eleven twelve thirteen fourteen fifteen. / user: and then", dialogue.Brain.Asked[^1]);
    }

    [Fact]
    public void A_client_that_cancels_stops_the_sound_and_the_work()
    {
        Speaking().Silence(1).Send(new CancelResponse());
        TimeSpan sent = dialogue.Sent;
        dialogue.Silence(1);

        Assert.Equal(sent, dialogue.Sent);
        Assert.Equal((ResponseStatus.Cancelled, ResponseEnd.ClientCancelled), dialogue.All<ResponseDone>().Select(done => (done.Response.Status, done.Response.End)).Single());
        Assert.Equal(ConversationState.Idle, dialogue.State);
        Assert.StartsWith("One two three", dialogue.One<Interrupted>().Heard, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cancellation_of_nothing_is_refused()
    {
        dialogue.Send(new CancelResponse { CommandId = "x" });

        Assert.Equal((RefusalCodes.NoActiveResponse, "x"), dialogue.All<CommandRefused>().Select(refused => (refused.Code, refused.CommandId)).Single());
    }

    [Fact]
    public void An_interrupted_tool_call_has_a_result_that_says_so()
    {
        TaskCompletionSource<string> never = new();
        AIFunction weather = AIFunctionFactory.Create(() => never.Task, "weather");
        dialogue.With = settings => settings with { Tools = [weather] };
        dialogue.Brain.Answers.Clear();
        dialogue.Brain.Answers.Add(_ => [new TextContent("Let me look that up for you. "), new FunctionCallContent("call_1", "weather")]);
        dialogue.Brain.Says("Fine.");

        dialogue.Say("how is the weather", 1).Until<PlaybackStarted>();
        dialogue.Silence(0.5).Say("never mind that", 1.2).Until<TurnMeasured>(turn => turn.Number == 2);

        Assert.Contains("[weather]", dialogue.Brain.Asked[^1], StringComparison.Ordinal);
        Assert.Contains("[=Interrupted before there was a result.]", dialogue.Brain.Asked[^1], StringComparison.Ordinal);
    }
}
