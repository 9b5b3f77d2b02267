using Parley.Agent;

namespace Parley.Server.Tests;

/// <summary>What happens in a conversation, in the words of the protocol.</summary>
public class EventTranslatorTests
{
    private readonly List<ServerEvent> events = [];

    [Fact]
    public void Words_that_prove_to_be_no_turn_are_taken_back()
    {
        EventTranslator translator = Translator(new TranscriptionSettings());
        translator.Translate(new TranscriptPartial("u1", "uh", "uh", " huh"), events);
        translator.Translate(new InputDiscarded("u1", DiscardReason.Backchannel, "uh-huh", true), events);
        Assert.Equal("uh", Assert.IsType<TranscriptionDeltaEvent>(events[0]).Delta);
        TranscriptionCompletedEvent completed = Assert.IsType<TranscriptionCompletedEvent>(events[1]);
        Assert.Equal(("u1", ""), (completed.ItemId, completed.Transcript));
    }

    [Fact]
    public void A_sound_of_which_no_word_was_told_is_not_spoken_of()
    {
        EventTranslator translator = Translator(new TranscriptionSettings());
        translator.Translate(new TranscriptPartial("u1", "", "", "uh"), events);
        translator.Translate(new InputDiscarded("u1", DiscardReason.NoWords, "", true), events);
        Assert.Empty(events);
    }

    [Fact]
    public void Who_wants_no_transcription_is_told_no_words()
    {
        EventTranslator translator = Translator(null);
        translator.Translate(new TranscriptPartial("u1", "one", "one", ""), events);
        translator.Translate(new InputDiscarded("u1", DiscardReason.TooShort, "one", true), events);
        Assert.Empty(events);
    }

    private static EventTranslator Translator(TranscriptionSettings? transcription) => new("conv_1", () => [])
    {
        Settings = new SessionSettings { Kind = SessionKind.Realtime, Model = "parrot", Instructions = "", Input = new InputSettings { Transcription = transcription } },
    };
}
