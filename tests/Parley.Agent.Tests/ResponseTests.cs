using Microsoft.Extensions.AI;
using Parley.Engines;

namespace Parley.Agent.Tests;

public sealed class ResponseTests : IDisposable
{
    private readonly Dialogue dialogue = new();

    public void Dispose() => dialogue.Dispose();

    [Fact]
    public void Each_turn_knows_what_was_said_before()
    {
        dialogue.Options.Instructions = "Be brief.";
        dialogue.Brain.Says("Yes.");

        dialogue.Say("one", 0.5).Until<TurnMeasured>();
        dialogue.Say("two", 0.5).Until<TurnMeasured>();

        Assert.Equal(["system: Be brief. / user: one", "system: Be brief. / user: one / assistant: Yes. / user: two"], dialogue.Brain.Asked);
    }

    [Fact]
    public void A_text_is_written_and_not_spoken()
    {
        dialogue.With = settings => settings with { Output = OutputModality.Text };

        dialogue.Say("how are you", 1).Until<TurnMeasured>();

        Assert.Empty(dialogue.Voice.Spoken);
        Assert.Equal("You said how are you.", Assert.IsType<TextPart>(Assert.IsType<MessageItem>(dialogue.One<OutputItemDone>().Item).Content[0]).Words);
    }

    [Fact]
    public void A_response_out_of_band_is_not_kept()
    {
        dialogue.Say("how are you", 1).Until<TurnMeasured>();
        dialogue.Send(new CreateResponse(new ResponseOptions
        {
            IsInConversation = false,
            Output = OutputModality.Text,
            Input = [new MessageItem(MessageRole.User, [new TextPart("classify this")])],
            Instructions = "One word.",
            Metadata = new Dictionary<string, string> { ["topic"] = "mood" },
        })).Pass(0.1);

        Assert.Equal("system: One word. / user: classify this", dialogue.Brain.Asked[^1]);
        Assert.Equal("mood", dialogue.All<ResponseDone>().Last().Response.Metadata["topic"]);
        Assert.DoesNotContain("classify", dialogue.Recall(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_response_is_refused_while_one_is_active_and_one_out_of_band_is_not()
    {
        dialogue.Brain.FirstTakes = TimeSpan.FromSeconds(1);

        dialogue.Send(new CreateResponse()).Send(new CreateResponse { CommandId = "second" }).Send(new CreateResponse(new ResponseOptions { IsInConversation = false })).Pass(0.1);

        Assert.Equal((RefusalCodes.ResponseActive, "second"), dialogue.All<CommandRefused>().Select(refused => (refused.Code, refused.CommandId)).Single());
        Assert.Equal(2, dialogue.All<ResponseCreated>().Count());
    }

    [Fact]
    public void A_response_that_is_still_played_does_not_keep_the_next_one_from_being_made()
    {
        dialogue.Brain.Says("One two three four five six seven eight.");
        dialogue.Brain.Says("Nine.");
        dialogue.Playback = PlaybackKind.Buffered;
        dialogue.Send(new CreateResponse()).Pass(0.3);
        Assert.Single(dialogue.All<ResponseDone>());

        dialogue.Send(new CreateResponse()).Pass(0.3);
        Assert.Equal("Nine.", dialogue.Voice.Spoken[^1]);
        Assert.DoesNotContain(dialogue.All<OutputAudio>(), audio => audio.Clause == "Nine.");
        dialogue.Pass(3);

        Assert.Equal(2, dialogue.All<PlaybackStopped>().Count());
    }

    [Fact]
    public void Usage_and_limits_are_told()
    {
        dialogue.Brain.Says("It is");
        dialogue.Brain.Reason = ChatFinishReason.Length;

        dialogue.Send(new CreateResponse(new ResponseOptions { MaxOutputTokens = 7, Temperature = 0.3f })).Pass(3);

        ResponseSnapshot response = dialogue.One<ResponseDone>().Response;
        Assert.Equal((ResponseStatus.Incomplete, ResponseEnd.MaxOutputTokens, 7), (response.Status, response.End, response.MaxOutputTokens!.Value));
        Assert.Equal(1, response.Usage!.OutputTokens);
        Assert.Equal((7, 0.3f), (dialogue.Brain.Options[0]!.MaxOutputTokens, dialogue.Brain.Options[0]!.Temperature));
    }

    [Fact]
    public void A_text_is_said_as_it_is_and_kept()
    {
        dialogue.Send(new Say("Welcome to the show.")).Pass(2);

        Assert.Empty(dialogue.Brain.Asked);
        Assert.Equal(["Welcome to the show."], dialogue.Voice.Spoken);
        Assert.Equal("assistant: Welcome to the show.", dialogue.Recall());
    }

    [Fact]
    public void What_the_guard_stops_is_told_and_ends_the_response()
    {
        using DenyListGuard guard = new(["build a bomb"]);
        dialogue.Guard = brain => new GuardingChatClient(brain, _ => Task.FromResult<IGuard>(guard), new GuardOptions { Policy = GuardPolicy.Block, Refusal = "I will not." }, dialogue.Time);

        dialogue.Say("build a bomb", 1).Until<TurnMeasured>();

        Assert.Equal((GuardRole.User, GuardOutcome.Unsafe), dialogue.All<GuardJudged>().Select(judged => (judged.Role, judged.Verdict.Outcome)).Single());
        Assert.Equal((ResponseStatus.Incomplete, ResponseEnd.ContentFilter), dialogue.All<ResponseDone>().Select(done => (done.Response.Status, done.Response.End)).Single());
        Assert.Equal(["I will not."], dialogue.Voice.Spoken);
        Assert.Empty(dialogue.Brain.Asked);
    }

    [Fact]
    public void A_greeting_comes_first()
    {
        dialogue.Options.Greeting = "Hello there.";

        dialogue.Begin().Pass(1.5);

        Assert.Equal(["Hello there."], dialogue.Voice.Spoken);
        Assert.Equal("assistant: Hello there.", dialogue.Recall());
    }

    [Fact]
    public void An_idle_caller_is_prompted_once_until_he_speaks()
    {
        dialogue.Options.IdlePrompt = "Are you still there?";

        dialogue.Silence(60);
        Assert.Equal(["Are you still there?"], dialogue.Voice.Spoken);
        dialogue.Say("yes i am", 1).Until<TurnMeasured>();
        dialogue.Silence(60);

        Assert.Equal(2, dialogue.Voice.Spoken.Count(text => text == "Are you still there?"));
    }

    [Fact]
    public void An_idle_timeout_is_an_empty_turn_that_is_answered()
    {
        dialogue.With = settings => settings with { TurnDetection = settings.TurnDetection! with { IdleTimeout = TimeSpan.FromSeconds(6) } };
        dialogue.Brain.Says("Yes.");

        dialogue.Say("hello you", 1).Until<TurnMeasured>();
        TimeSpan ended = dialogue.One<TurnMeasured>().At;
        dialogue.Silence(6.2);

        Assert.Equal(6, (dialogue.One<IdleTimedOut>().At - ended).TotalSeconds, 0.05);
        Assert.Equal(2, dialogue.All<ResponseCreated>().Count());
    }

    [Fact]
    public void A_conversation_has_a_longest_duration()
    {
        dialogue.Options.MaxDuration = TimeSpan.FromSeconds(30);

        dialogue.Silence(31 - 1.02);
        Assert.True(dialogue.None<ConversationEnded>());
        dialogue.Pass(0.1);

        Assert.Equal(EndReason.MaxDuration, dialogue.One<ConversationEnded>().Reason);
    }

    [Fact]
    public void A_tool_of_ours_is_called_and_its_result_answered_in_the_same_response()
    {
        AIFunction weather = AIFunctionFactory.Create((string city) => $"rain in {city}", "weather");
        dialogue.With = settings => settings with { Tools = [weather] };
        dialogue.Brain.Answers.Add(_ => [new FunctionCallContent("call_1", "weather", new Dictionary<string, object?> { ["city"] = "paris" })]);
        dialogue.Brain.Says("It rains.");

        dialogue.Say("how is the weather", 1).Until<TurnMeasured>();

        Assert.Equal("user: how is the weather / assistant: [weather] / tool: [=rain in paris]", dialogue.Brain.Asked[^1]);
        ResponseSnapshot response = dialogue.One<ResponseDone>().Response;
        Assert.Equal("""{"city":"paris"}""", Assert.IsType<FunctionCallItem>(response.Output[0]).Arguments);
        Assert.Equal("It rains.", Assert.IsType<MessageItem>(response.Output[1]).Text);
        Assert.Equal("rain in paris", dialogue.All<ItemDone>().Select(done => done.Item).OfType<FunctionOutputItem>().Single().Output);
    }

    [Fact]
    public void A_tool_has_no_effect_before_the_turn_is_over()
    {
        int calls = 0;
        AIFunction order = AIFunctionFactory.Create(() => ++calls, "order");
        dialogue.With = settings => settings with { Tools = [order] };
        dialogue.Brain.Answers.Add(_ => [new FunctionCallContent("call_1", "order")]);
        dialogue.Brain.Answers.Add(_ => [new FunctionCallContent("call_2", "order")]);
        dialogue.Brain.Says("Done.");

        dialogue.Say("order a pizza", 1).Silence(0.4);
        Assert.Equal((1, 0), (dialogue.Brain.Asked.Count, calls));
        dialogue.Say("or rather not", 1).Until<TurnMeasured>();

        Assert.Equal(1, calls);
    }

    [Fact]
    public void A_tool_of_the_caller_ends_the_response_and_its_output_goes_on()
    {
        AIFunctionDeclaration weather = AIFunctionFactory.CreateDeclaration("weather", "Tells the weather.", System.Text.Json.JsonDocument.Parse("{}").RootElement);
        dialogue.With = settings => settings with { Tools = [weather] };
        dialogue.Brain.Answers.Add(_ => [new FunctionCallContent("call_1", "weather")]);
        dialogue.Brain.Says("It rains.");

        dialogue.Say("how is the weather", 1).Until<ResponseDone>();
        dialogue.Send(new InsertItem(new FunctionOutputItem("call_1", "rain"))).Send(new CreateResponse()).Until<PlaybackStopped>();

        Assert.Equal("user: how is the weather / assistant: [weather] / tool: [=rain]", dialogue.Brain.Asked[^1]);
    }

    [Fact]
    public void A_call_without_a_result_is_not_told_to_the_brain()
    {
        AIFunctionDeclaration weather = AIFunctionFactory.CreateDeclaration("weather", "Tells the weather.", System.Text.Json.JsonDocument.Parse("{}").RootElement);
        dialogue.With = settings => settings with { Tools = [weather] };
        dialogue.Brain.Answers.Add(_ => [new FunctionCallContent("call_1", "weather")]);
        dialogue.Brain.Says("Fine.");

        dialogue.Say("how is the weather", 1).Until<ResponseDone>();
        dialogue.Say("never mind", 1).Until<TurnMeasured>();

        Assert.Equal("user: how is the weather never mind", dialogue.Brain.Asked[^1]);
    }

    [Fact]
    public void A_slow_tool_is_explained_once()
    {
        dialogue.Options.ToolFiller = "One moment, please.";
        AIFunction slow = AIFunctionFactory.Create(async () =>
        {
            await Task.Delay(TimeSpan.FromSeconds(4), dialogue.Time);
            return "rain";
        }, "weather");
        dialogue.With = settings => settings with { Tools = [slow] };
        dialogue.Brain.Answers.Add(_ => [new FunctionCallContent("call_1", "weather")]);
        dialogue.Brain.Says("It rains.");

        dialogue.Say("how is the weather", 1).Until<TurnMeasured>();

        Assert.Equal(["One moment, please.", "It rains."], dialogue.Voice.Spoken);
        Assert.Equal("One moment, please. It rains.", dialogue.One<TurnMeasured>().Answer);
    }

    [Fact]
    public void A_tool_that_takes_for_ever_is_given_up()
    {
        TaskCompletionSource<string> never = new();
        dialogue.With = settings => settings with { Tools = [AIFunctionFactory.Create(() => never.Task, "weather")] };
        dialogue.Brain.Answers.Add(_ => [new FunctionCallContent("call_1", "weather")]);
        dialogue.Brain.Says("Sorry.");

        dialogue.Say("how is the weather", 1).Until<TurnMeasured>();

        Assert.Contains("gave no result within 30 s", dialogue.Brain.Asked[^1], StringComparison.Ordinal);
        Assert.Equal(ConversationStage.Tool, dialogue.One<EngineFailed>().Fault.Stage);
    }

    [Fact]
    public void A_brain_that_only_uses_tools_must_answer_in_the_end()
    {
        dialogue.With = settings => settings with { Tools = [AIFunctionFactory.Create(() => "x", "again")] };
        int calls = 0;
        dialogue.Brain.Answers.Add(_ => ++calls <= 3 ? [new FunctionCallContent($"call_{calls}", "again")] : [new TextContent("Enough.")]);

        dialogue.Say("go on", 1).Until<TurnMeasured>();

        Assert.Equal(ChatToolMode.None, dialogue.Brain.Options[^1]!.ToolMode);
        Assert.Equal("Enough.", dialogue.One<TurnMeasured>().Answer);
    }

    [Fact]
    public void Items_can_be_put_in_order_and_taken_out()
    {
        dialogue.Send(new InsertItem(new MessageItem(MessageRole.User, [new TextPart("two")]) { Id = "b" }));
        dialogue.Send(new InsertItem(new MessageItem(MessageRole.System, [new TextPart("one")]) { Id = "a" }, InsertItem.Start));
        dialogue.Send(new InsertItem(new MessageItem(MessageRole.Assistant, [new TextPart("four")]) { Id = "d" }, "b"));
        dialogue.Send(new InsertItem(new MessageItem(MessageRole.User, [new TextPart("three")]) { Id = "c" }, "b"));
        dialogue.Send(new DeleteItem("c"));

        Assert.Equal([null, null, "b", "b"], dialogue.All<ItemAdded>().Select(added => added.PreviousItemId));
        Assert.Equal("system: one / user: two / assistant: four", dialogue.Recall());
    }

    [Theory]
    [InlineData("unknown")]
    [InlineData("twice")]
    [InlineData("empty")]
    [InlineData("voice")]
    [InlineData("output")]
    public void An_item_that_cannot_be_is_refused(string what)
    {
        dialogue.Send(new InsertItem(new MessageItem(MessageRole.User, [new TextPart("one")]) { Id = "a" }));

        dialogue.Send(what switch
        {
            "unknown" => new InsertItem(new MessageItem(MessageRole.User, [new TextPart("two")]), "nobody"),
            "twice" => new InsertItem(new MessageItem(MessageRole.User, [new TextPart("two")]) { Id = "a" }),
            "empty" => new InsertItem(new MessageItem(MessageRole.User, [])),
            "voice" => new InsertItem(new MessageItem(MessageRole.Assistant, [new AudioPart("two")])),
            _ => new InsertItem(new FunctionOutputItem("nobody", "two")),
        });

        Assert.NotNull(dialogue.One<CommandRefused>().Field);
        Assert.Equal("user: one", dialogue.Recall());
    }

    [Fact]
    public void Sound_that_is_inserted_is_transcribed()
    {
        float[] sound = new SpokenLevels().Speak("x", 0.5); // the first word that was ever said here
        dialogue.Say("hello", 0.5).Until<TurnMeasured>();

        dialogue.Send(new InsertItem(new MessageItem(MessageRole.User, [new AudioPart(null, new Audio.AudioBuffer(sound, 16_000))]) { Id = "s" }));

        Assert.Equal("hello", dialogue.All<TranscriptCompleted>().Last(done => done.ItemId == "s").Transcript.Text);
    }

    [Fact]
    public void A_retrieved_turn_brings_its_sound()
    {
        dialogue.Say("hello", 0.5).Until<TurnMeasured>();

        dialogue.Send(new RetrieveItem(dialogue.One<InputCommitted>().ItemId));

        AudioPart part = Assert.IsType<AudioPart>(Assert.IsType<MessageItem>(dialogue.One<ItemRetrieved>().Item).Content[0]);
        Assert.Equal("hello", part.Transcript);
        Assert.Equal(0.5 + 0.2, part.Sound!.Duration.TotalSeconds, 0.1);
    }

    [Fact]
    public void Settings_out_of_range_are_refused_field_by_field_and_change_nothing()
    {
        ConversationSettings settings = ConversationSettings.From(dialogue.Options);

        dialogue.Send(new UpdateSettings(settings with { Speed = 9, TurnDetection = settings.TurnDetection! with { Threshold = 7 } }) { CommandId = "u" });

        Assert.Equal(["Speed", "TurnDetection.Threshold"], dialogue.All<CommandRefused>().Select(refused => refused.Field));
        Assert.True(dialogue.None<SettingsChanged>());
    }

    [Fact]
    public void New_settings_hold_from_the_next_response_on()
    {
        dialogue.Say("one", 0.5).Until<TurnMeasured>();
        dialogue.Send(new UpdateSettings(ConversationSettings.From(dialogue.Options) with { Instructions = "Shout.", Voice = "loud", Playback = PlaybackKind.Paced }));
        dialogue.Say("two", 0.5).Until<TurnMeasured>();

        Assert.StartsWith("system: Shout. / user: one", dialogue.Brain.Asked[^1], StringComparison.Ordinal);
        Assert.Equal([null, "loud"], dialogue.Voice.Options.Select(options => options!.VoiceId));
    }

    [Fact]
    public void Detection_can_be_switched_off_and_on()
    {
        ConversationSettings settings = ConversationSettings.From(dialogue.Options) with { Playback = PlaybackKind.Paced };

        dialogue.Send(new UpdateSettings(settings with { TurnDetection = null })).Say("not detected", 1).Silence(2);
        Assert.True(dialogue.None<SpeechStarted>());
        dialogue.Send(new ClearInput()).Send(new UpdateSettings(settings)).Say("hello there", 1).Until<TurnMeasured>();

        Assert.Equal("hello there", dialogue.One<TurnMeasured>().Heard);
    }

    [Fact]
    public void The_waterfall_counts_from_the_last_voiced_sample()
    {
        dialogue.Options.PreemptiveAnswer = false;
        dialogue.Ear.Takes = TimeSpan.FromMilliseconds(100);
        dialogue.Brain.FirstTakes = TimeSpan.FromMilliseconds(200);
        dialogue.Voice.FirstTakes = TimeSpan.FromMilliseconds(40);

        dialogue.Silence(0.64).Say("hello there", 1.28).Until<TurnMeasured>();

        TurnWaterfall waterfall = dialogue.One<TurnMeasured>().Waterfall;
        Assert.Equal(1.92, dialogue.One<SpeechStopped>().AudioEnd.TotalSeconds);
        Assert.InRange(waterfall.EndOfTurn.TotalSeconds, 0.5, 0.5 + 0.07);
        Assert.Equal(0.2 + 0.1, waterfall.Transcript!.Value.TotalSeconds, 0.07);
        Assert.Equal(waterfall.EndOfTurn.TotalSeconds + 0.2, waterfall.FirstToken!.Value.TotalSeconds, 0.03);
        Assert.Equal(waterfall.FirstClause!.Value.TotalSeconds + 0.04, waterfall.FirstSound!.Value.TotalSeconds, 0.03);
        Assert.Equal(6, waterfall.Stages.Count());
        Assert.Equal(waterfall.Stages.Select(stage => stage.At).Order(), waterfall.Stages.Select(stage => stage.At));
    }

    [Fact]
    public void First_sound_comes_with_the_end_of_the_turn_when_engines_take_no_time()
    {
        dialogue.Say("hello there", 1).Until<TurnMeasured>();

        Assert.Equal(dialogue.One<TurnMeasured>().Waterfall.EndOfTurn, dialogue.One<TurnMeasured>().Waterfall.FirstPlayed);
    }
}
