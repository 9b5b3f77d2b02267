namespace Parley.Agent.Tests;

public sealed class EndOfTurnTests : IDisposable
{
    private readonly Dialogue dialogue = new() { Judges = true };

    public void Dispose() => dialogue.Dispose();

    [Fact]
    public void A_turn_that_the_detector_takes_for_over_ends_after_the_shorter_delay()
    {
        dialogue.Say("how are you", 1.2).Until<TurnMeasured>();

        Assert.InRange(dialogue.One<TurnMeasured>().Waterfall.EndOfTurn.TotalSeconds, 0.4, 0.4 + 0.07);
        Assert.Equal(0.9f, dialogue.One<SpeechStopped>().Probability);
    }

    [Fact]
    public void A_pause_in_mid_sentence_waits_for_the_longer_delay()
    {
        dialogue.Detector.Thinks[0] = 0.1f;

        dialogue.Say("book a flight", 1.2).Silence(2).Say("to paris", 0.8).Until<TurnMeasured>();

        Assert.Equal("book a flight to paris", dialogue.One<TurnMeasured>().Heard);
        Assert.InRange(dialogue.One<TurnMeasured>().Waterfall.EndOfTurn.TotalSeconds, 2.5, 2.57);
    }

    [Fact]
    public void What_the_detector_hears_is_the_turn_and_the_silence_behind_it()
    {
        dialogue.Silence(1).Say("how are you", 1.2).Until<TurnMeasured>();

        Assert.Equal(1.2 + 0.2, dialogue.Detector.Asked[0].Sound.Length / 16_000.0, 0.1);
    }

    [Fact]
    public void A_detector_of_words_is_asked_when_the_words_are_known()
    {
        dialogue.Detector.Evidence = Engines.TurnEvidence.Words;

        dialogue.Say("how are you", 1.2).Until<TurnMeasured>();

        Assert.Equal("how are you", Assert.Single(dialogue.Detector.Asked).Messages[^1].Text);
        Assert.InRange(dialogue.One<TurnMeasured>().Waterfall.EndOfTurn.TotalSeconds, 0.4, 0.47);
    }

    [Fact]
    public void A_detector_that_does_not_answer_is_not_waited_for()
    {
        dialogue.Detector.Takes = TimeSpan.FromSeconds(60);

        dialogue.Say("how are you", 1.2).Until<TurnMeasured>();

        Assert.InRange(dialogue.One<TurnMeasured>().Waterfall.EndOfTurn.TotalSeconds, 1, 1.07);
    }

    [Fact]
    public void A_detector_that_cannot_judge_leaves_it_to_the_silence()
    {
        dialogue.Detector.Thinks[0] = null;

        dialogue.Say("how are you", 1.2).Until<TurnMeasured>();

        Assert.InRange(dialogue.One<TurnMeasured>().Waterfall.EndOfTurn.TotalSeconds, 0.5, 0.57);
    }

    [Fact]
    public void A_language_that_the_detector_does_not_judge_is_told_and_left_to_the_silence()
    {
        dialogue.Detector.Language = "tlh";

        dialogue.Say("how are you", 1.2).Until<TurnMeasured>();

        Assert.Empty(dialogue.Detector.Asked);
        Assert.Equal(TimeSpan.FromSeconds(0.5), dialogue.One<TurnDetectorLeftOut>().SilenceDelay);
        Assert.InRange(dialogue.One<TurnMeasured>().Waterfall.EndOfTurn.TotalSeconds, 0.5, 0.57);
    }

    [Fact]
    public void Words_that_come_late_are_waited_for()
    {
        dialogue.Ear.Takes = TimeSpan.FromSeconds(1.4);

        dialogue.Say("how are you", 1.2).Until<TurnMeasured>();

        TurnMeasured turn = dialogue.One<TurnMeasured>();
        Assert.Equal("how are you", turn.Heard);
        Assert.Equal(0.2 + 1.4, turn.Waterfall.Transcript!.Value.TotalSeconds, 0.07);
    }

    [Fact]
    public void Speech_that_goes_on_while_the_words_are_waited_for_is_the_same_turn()
    {
        dialogue.Ear.Takes = TimeSpan.FromSeconds(1.4);

        dialogue.Say("book a flight", 1.2).Silence(1).Say("to paris", 0.8).Until<TurnMeasured>();

        Assert.Equal("book a flight to paris", dialogue.One<TurnMeasured>().Heard);
        Assert.Single(dialogue.All<InputCommitted>());
    }

    [Fact]
    public void An_answer_begun_early_is_used_when_the_words_stay_the_same()
    {
        dialogue.Brain.FirstTakes = TimeSpan.FromMilliseconds(100);

        dialogue.Say("how are you", 1.2).Until<TurnMeasured>();

        TurnWaterfall waterfall = dialogue.One<TurnMeasured>().Waterfall;
        Assert.Single(dialogue.Brain.Asked);
        Assert.True(waterfall.FirstToken < waterfall.EndOfTurn);
        Assert.Equal(waterfall.EndOfTurn, waterfall.FirstPlayed);
    }

    [Fact]
    public void An_answer_begun_early_is_thrown_away_when_the_user_goes_on()
    {
        dialogue.Say("book a flight", 1.2).Silence(0.3).Say("to paris", 0.8).Until<TurnMeasured>();

        Assert.Equal(["user: book a flight", "user: book a flight to paris"], dialogue.Brain.Asked);
        Assert.Equal("You said book a flight to paris.", dialogue.One<TurnMeasured>().Answer);
        Assert.Single(dialogue.All<ResponseCreated>());
    }

    [Fact]
    public void No_answer_is_begun_early_when_the_turn_does_not_seem_to_be_over()
    {
        dialogue.Detector.Thinks[0] = 0.1f;

        dialogue.Say("book a flight", 1.2).Silence(1);

        Assert.Empty(dialogue.Brain.Asked);
    }

    [Fact]
    public void No_answer_is_begun_early_when_it_is_switched_off()
    {
        dialogue.Options.PreemptiveAnswer = false;

        dialogue.Say("book a flight", 1.2).Silence(0.36);

        Assert.Empty(dialogue.Brain.Asked);
    }

    [Fact]
    public void The_caller_may_end_a_turn_and_ask_for_the_answer()
    {
        dialogue.With = settings => settings with { TurnDetection = null };

        dialogue.Say("how are you", 1.2).Silence(3);
        Assert.Empty(dialogue.Events);
        dialogue.Send(new CommitInput());
        Assert.Equal("how are you", dialogue.One<TranscriptCompleted>().Transcript.Text);
        Assert.Empty(dialogue.Brain.Asked);
        dialogue.Send(new CreateResponse()).Until<PlaybackStopped>();

        Assert.Equal(["user: how are you"], dialogue.Brain.Asked);
        Assert.Equal(CommitCause.Caller, dialogue.One<InputCommitted>().Cause);
    }

    [Fact]
    public void A_response_asked_for_at_once_waits_for_the_words()
    {
        dialogue.With = settings => settings with { TurnDetection = null };
        dialogue.Ear.Takes = TimeSpan.FromSeconds(1);

        dialogue.Say("how are you", 1.2).Send(new CommitInput()).Send(new CreateResponse()).Until<PlaybackStopped>();

        Assert.Equal(["user: how are you"], dialogue.Brain.Asked);
    }

    [Fact]
    public void Nothing_to_commit_is_refused()
    {
        dialogue.Silence(1).Send(new CommitInput { CommandId = "mine" });

        Assert.Equal((RefusalCodes.InputEmpty, "mine"), dialogue.All<CommandRefused>().Select(refused => (refused.Code, refused.CommandId)).Single());
    }

    [Fact]
    public void What_was_cleared_is_not_committed()
    {
        dialogue.With = settings => settings with { TurnDetection = null };

        dialogue.Say("forget this", 0.8).Send(new ClearInput()).Say("how are you", 1.2).Send(new CommitInput());

        Assert.Equal("how are you", dialogue.One<TranscriptCompleted>().Transcript.Text);
    }

    [Fact]
    public void A_turn_without_end_is_cut_and_answered_as_one()
    {
        dialogue.Options.MaxUtterance = TimeSpan.FromSeconds(5);

        dialogue.Say("one two three four five six seven eight", 8).Until<TurnMeasured>();

        Assert.Equal([CommitCause.MaxUtterance, CommitCause.EndOfTurn], dialogue.All<InputCommitted>().Select(turn => turn.Cause));
        Assert.StartsWith("user: one two three four five", Assert.Single(dialogue.Brain.Asked), StringComparison.Ordinal);
        Assert.EndsWith("six seven eight", dialogue.Brain.Asked[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_side_that_stops_sending_in_a_pause_has_ended_its_turn()
    {
        dialogue.Say("how are you", 1.2).Silence(0.3).Pass(1.2);

        Assert.Single(dialogue.All<InputCommitted>());
    }

    [Fact]
    public void A_side_that_stops_sending_in_mid_speech_has_ended_its_turn_in_time()
    {
        dialogue.Say("how are you", 1.2).Pass(2.5);
        Assert.True(dialogue.None<InputCommitted>());
        dialogue.Pass(3);

        Assert.Equal("how are you", dialogue.One<TranscriptCompleted>().Transcript.Text);
    }

    [Fact]
    public void Transcription_alone_takes_turns_and_answers_none()
    {
        dialogue.With = settings => settings with { Answers = false };

        dialogue.Say("one two", 1).Silence(1).Say("three four", 1).Silence(1);

        Assert.Equal(["one two", "three four"], dialogue.All<TranscriptCompleted>().Select(turn => turn.Transcript.Text));
        Assert.Empty(dialogue.Brain.Asked);
    }

    [Fact]
    public void The_language_is_kept_from_the_first_turn_that_is_long_enough_to_tell_it()
    {
        dialogue.Ear.Language = "de";

        dialogue.Say("ja", 0.5).Until<TurnMeasured>();
        dialogue.Say("das ist ein schöner tag", 2.5).Until<TurnMeasured>();
        dialogue.Say("und morgen", 1).Until<TurnMeasured>();

        Assert.Equal([null, null, "de"], dialogue.Ear.Told);
        Assert.Equal("de", dialogue.One<LanguageChanged>().Language);
    }

    [Fact]
    public void Another_language_switches_the_voice_where_that_is_asked_for()
    {
        dialogue.Options.SwitchLanguage = true;
        dialogue.Options.Voices = new Dictionary<string, string> { ["de"] = "thorsten", ["en"] = "amy" };
        dialogue.Ear.Language = "en";
        dialogue.Say("how are you today my friend", 2.5).Until<TurnMeasured>();
        dialogue.Ear.Language = "de";
        dialogue.Say("wie geht es dir heute denn", 2.5).Until<TurnMeasured>();

        Assert.Equal(["en", "de"], dialogue.All<LanguageChanged>().Select(changed => changed.Language));
        Assert.Equal(["amy", "thorsten"], dialogue.Voice.Options.Select(options => options!.VoiceId).Distinct());
        Assert.Equal([null, null], dialogue.Ear.Told);
    }
}
