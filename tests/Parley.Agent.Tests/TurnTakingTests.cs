namespace Parley.Agent.Tests;

public sealed class TurnTakingTests : IDisposable
{
    private readonly Dialogue dialogue = new();

    public void Dispose() => dialogue.Dispose();

    [Fact]
    public void Speech_is_heard_answered_and_spoken_in_order()
    {
        dialogue.Brain.Says("It is a very fine ", "day, and it stays so.", " Enjoy it.");

        dialogue.Silence(0.5).Say("what is it", 1.2).Until<TurnMeasured>();

        Assert.Equal(["It is a very fine day,", "and it stays so.", "Enjoy it."], dialogue.Voice.Spoken);
        Assert.Equal(["user: what is it"], dialogue.Brain.Asked);
        TurnMeasured turn = dialogue.One<TurnMeasured>();
        Assert.Equal((1, "what is it", "It is a very fine day, and it stays so. Enjoy it."), (turn.Number, turn.Heard, turn.Answer));
        Assert.Equal(dialogue.Voice.Spoken, dialogue.All<OutputAudio>().Select(audio => audio.Clause).OfType<string>());
    }

    [Fact]
    public void Events_of_a_turn_come_in_the_order_that_clients_expect()
    {
        dialogue.Brain.Says("Fine.");

        dialogue.Say("how are you", 1.2).Until<TurnMeasured>();

        Type[] order =
        [
            typeof(SpeechStarted), typeof(SpeechStopped), typeof(InputCommitted), typeof(ItemAdded), typeof(ItemDone), typeof(TranscriptCompleted),
            typeof(ResponseCreated), typeof(OutputItemAdded), typeof(ItemAdded), typeof(OutputTextDelta), typeof(PlaybackStarted), typeof(OutputAudio),
            typeof(OutputAudioDone), typeof(OutputItemDone), typeof(ItemDone), typeof(ResponseDone), typeof(PlaybackStopped), typeof(TurnMeasured),
        ];
        Type[] happened = [.. dialogue.Events.Where(happened => happened is not StateChanged).Select(happened => happened.GetType())];
        Assert.Equal(order, happened.Where((type, i) => i == 0 || type != happened[i - 1]));
    }

    [Fact]
    public void States_follow_the_dialogue()
    {
        dialogue.Say("how are you", 1.2).Until<TurnMeasured>();

        Assert.Equal(
            [ConversationState.UserSpeaking, ConversationState.UserPaused, ConversationState.AgentSpeaking, ConversationState.Idle],
            dialogue.All<StateChanged>().Select(changed => changed.State));
    }

    [Fact]
    public void A_pause_shorter_than_the_delay_does_not_end_the_turn()
    {
        dialogue.Say("book a flight", 1).Silence(0.4).Say("to paris", 0.8).Until<TurnMeasured>();

        Assert.Equal("book a flight to paris", dialogue.One<TurnMeasured>().Heard);
    }

    [Fact]
    public void Silence_takes_no_turn()
    {
        dialogue.Silence(5);

        Assert.Empty(dialogue.Events);
    }

    [Fact]
    public void A_noise_without_words_is_discarded_and_not_answered()
    {
        dialogue.Say("~", 1).Silence(2);

        Assert.Equal((DiscardReason.NoWords, true), dialogue.All<InputDiscarded>().Select(gone => (gone.Reason, gone.WasAnnounced)).Single());
        Assert.Empty(dialogue.Brain.Asked);
        Assert.True(dialogue.None<InputCommitted>());
        Assert.Equal(ConversationState.Idle, dialogue.State);
    }
}
