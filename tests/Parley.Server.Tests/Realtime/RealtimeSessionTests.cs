using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;
using Parley.Agent;

namespace Parley.Server.Tests;

/// <summary>Sessions over a real socket, with engines that say their script.</summary>
public class RealtimeSessionTests
{
    private const string Manual = """{"type":"realtime","audio":{"input":{"turn_detection":null}}}""";

    [Fact]
    public async Task A_spoken_turn_is_told_in_the_order_of_the_protocol()
    {
        await using TestServer server = await TestServer.TalkingAsync();
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        await client.UpdateAsync("""{"type":"realtime","audio":{"input":{"transcription":{"model":"whisper-1"}}}}""");
        await client.AppendAsync([.. RealtimeTestClient.Silence(0.5), .. RealtimeTestClient.Speech(1), .. RealtimeTestClient.Silence(1)]);
        List<JsonElement> events = await client.UntilAsync("rate_limits.updated");

        List<string> order = [];
        foreach (string type in events.Select(RealtimeTestClient.TypeOf).Where(type => !type.Contains("input_audio_transcription", StringComparison.Ordinal)))
        {
            if (!type.EndsWith(".delta", StringComparison.Ordinal) && type != "response.output_audio.done" && type != "response.output_audio_transcript.done")
                order.Add(type);
        }
        Assert.Equal(
        [
            "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped", "input_audio_buffer.committed", "conversation.item.added", "conversation.item.done",
            "response.created", "response.output_item.added", "conversation.item.added", "response.content_part.added",
            "response.content_part.done", "response.output_item.done", "conversation.item.done", "response.done", "rate_limits.updated",
        ], order);
        JsonElement started = events.First(e => RealtimeTestClient.TypeOf(e) == "input_audio_buffer.speech_started");
        Assert.InRange(started.GetProperty("audio_start_ms").GetInt32(), 150, 550);
        Assert.All(events.Where(e => e.TryGetProperty("item_id", out _)).Take(3), e => Assert.Equal(started.GetProperty("item_id").GetString(), e.GetProperty("item_id").GetString()));
        Assert.Equal("Good morning.", Single(events, "conversation.item.input_audio_transcription.completed").GetProperty("transcript").GetString());
        Assert.Equal("Fine thanks.", Joined(events, "response.output_audio_transcript.delta"));
        Assert.Equal("Fine thanks.", Single(events, "response.output_audio_transcript.done").GetProperty("transcript").GetString());
        Assert.Equal(0.2, Sound(events).Length / 48_000.0, 2); // two words of a tenth of a second
        JsonElement response = Single(events, "response.done").GetProperty("response");
        Assert.Equal("completed", response.GetProperty("status").GetString());
        Assert.Equal("Fine thanks.", response.GetProperty("output")[0].GetProperty("content")[0].GetProperty("transcript").GetString());
        Assert.True(response.GetProperty("usage").GetProperty("total_tokens").GetInt32() > 0);
    }

    [Fact]
    public async Task Updates_sent_before_the_first_event_are_applied_in_order_and_merged()
    {
        await using TestServer server = await TestServer.TalkingAsync();
        using ClientWebSocket socket = new();
        await socket.ConnectAsync(new UriBuilder(new Uri(server.Address, "/v1/realtime")) { Scheme = "ws" }.Uri, TestContext.Current.CancellationToken);
        foreach (string session in (string[])["""{"audio":{"input":{"turn_detection":null}},"instructions":"One."}""", """{"audio":{"output":{"voice":"anna"}}}""", """{"instructions":"Two."}"""])
        {
            byte[] update = System.Text.Encoding.UTF8.GetBytes($$"""{"type":"session.update","session":{{session}}}""");
            await socket.SendAsync(update, WebSocketMessageType.Text, true, TestContext.Current.CancellationToken);
        }
        JsonElement last = default;
        byte[] buffer = new byte[64 * 1024];
        foreach (string expected in (string[])["session.created", "session.updated", "session.updated", "session.updated"])
        {
            WebSocketReceiveResult result = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
            last = JsonElement.Parse(buffer.AsSpan(0, result.Count));
            Assert.Equal(expected, RealtimeTestClient.TypeOf(last));
        }
        JsonElement session3 = last.GetProperty("session");
        Assert.Equal(JsonValueKind.Null, session3.GetProperty("audio").GetProperty("input").GetProperty("turn_detection").ValueKind);
        Assert.Equal("anna", session3.GetProperty("audio").GetProperty("output").GetProperty("voice").GetString());
        Assert.Equal("Two.", session3.GetProperty("instructions").GetString());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4801)]
    public async Task Sound_in_pieces_that_split_samples_is_heard_as_the_whole(int size)
    {
        ScriptedEar ear = new("Good morning.");
        await using TestServer server = await TestServer.TalkingAsync(ear);
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        await client.UpdateAsync(Manual);
        byte[] sound = RealtimeTestClient.Speech(size == 1 ? 0.2 : 2);
        foreach (byte[] piece in sound.Chunk(size))
            await client.AppendAsync(piece);
        await client.SendAsync("""{"type":"input_audio_buffer.commit"}""");
        await client.UntilAsync("conversation.item.done");
        await TestServer.UntilAsync(() => ear.Heard.Count > 0);
        Assert.InRange(ear.Heard[^1].TotalSeconds, sound.Length / 48_000.0 - 0.05, sound.Length / 48_000.0 + 0.3);
    }

    [Fact]
    public async Task A_silence_ends_a_turn_when_it_is_as_long_as_the_client_said()
    {
        await using TestServer server = await TestServer.TalkingAsync();
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        await client.UpdateAsync("""{"type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","silence_duration_ms":2000}}}}""");
        await client.AppendAsync([.. RealtimeTestClient.Speech(1), .. RealtimeTestClient.Silence(1.5)]);
        await client.UntilAsync("input_audio_buffer.speech_started");
        await client.UpdateAsync("""{"instructions":"Is the turn over?"}""");
        Assert.DoesNotContain(client.Seen, happened => RealtimeTestClient.TypeOf(happened) == "input_audio_buffer.committed");

        await client.AppendAsync(RealtimeTestClient.Silence(1));
        await client.UntilAsync("input_audio_buffer.committed");
    }

    [Fact]
    public async Task Without_turn_detection_the_client_commits_and_asks()
    {
        await using TestServer server = await TestServer.TalkingAsync();
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        await client.UpdateAsync(Manual);
        await client.AppendAsync(RealtimeTestClient.Speech(1));
        await client.AppendAsync(RealtimeTestClient.Silence(2));
        await client.SendAsync("""{"type":"input_audio_buffer.commit"}""");
        List<JsonElement> committed = await client.UntilAsync("conversation.item.done");
        Assert.Equal(["input_audio_buffer.committed", "conversation.item.added", "conversation.item.done"], committed.Select(RealtimeTestClient.TypeOf));
        await client.SendAsync("""{"type":"response.create"}""");
        Assert.Equal("Fine thanks.", Joined(await client.UntilAsync("response.done"), "response.output_audio_transcript.delta"));
    }

    [Theory]
    [InlineData("""{"event_id":"mine","type":"input_audio_buffer.commit"}""", "input_audio_buffer_commit_empty", null)]
    [InlineData("""{"event_id":"mine","type":"response.cancel"}""", "response_cancel_not_active", null)]
    [InlineData("""{"event_id":"mine","type":"response.cancel","response_id":"resp_x"}""", "response_cancel_not_active", "response_id")]
    [InlineData("""{"event_id":"mine","type":"conversation.item.retrieve","item_id":"nobody"}""", "item_not_found", "item_id")]
    [InlineData("""{"event_id":"mine","type":"conversation.item.delete","item_id":"nobody"}""", "item_not_found", "item_id")]
    [InlineData("""{"event_id":"mine","type":"conversation.item.truncate","item_id":"nobody","content_index":0,"audio_end_ms":5}""", "item_not_found", "item_id")]
    [InlineData("""{"event_id":"mine","type":"conversation.item.create","previous_item_id":"nobody","item":{"type":"message","role":"user","content":[{"type":"input_text","text":"a"}]}}""", "item_not_found", "previous_item_id")]
    [InlineData("""{"event_id":"mine","type":"conversation.item.create","item":{"type":"function_call_output","call_id":"c","output":"x"}}""", "invalid_value", "item.call_id")]
    [InlineData("""{"event_id":"mine","type":"session.update","session":{"audio":{"output":{"speed":9}}}}""", "invalid_value", "session.audio.output.speed")]
    [InlineData("""{"event_id":"mine","type":"response.create","response":{"output_modalities":["smell"]}}""", "invalid_value", "response.output_modalities[0]")]
    [InlineData("""{"event_id":"mine","type":"input_audio_buffer.append","audio":"?"}""", "invalid_value", "audio")]
    [InlineData("""{"event_id":"mine","type":"x_playback.position","item_id":"a","audio_ms":5}""", "invalid_value", "type")]
    [InlineData("""{"event_id":"mine","type":"nonsense"}""", "invalid_value", "type")]
    public async Task A_wrong_event_is_answered_by_an_error_that_names_it_and_the_session_goes_on(string message, string code, string? parameter)
    {
        await using TestServer server = await TestServer.TalkingAsync();
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        JsonElement error = await client.RefusalOfAsync(message);
        Assert.Equal((code, parameter, "mine"), (error.GetProperty("code").GetString(), error.GetProperty("param").GetString(), error.GetProperty("event_id").GetString()));
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        await client.UpdateAsync("""{"instructions":"Still there?"}""");
    }

    [Fact]
    public async Task Garbage_is_answered_and_survived()
    {
        await using TestServer server = await TestServer.TalkingAsync();
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        Assert.Equal("invalid_event", (await client.RefusalOfAsync("{{{")).GetProperty("code").GetString());
        Assert.Equal("invalid_event", (await client.RefusalOfAsync("")).GetProperty("code").GetString());
        await client.SendAsync(RealtimeTestClient.Speech(0.1), WebSocketMessageType.Binary);
        Assert.Contains("Binary", (await client.UntilAsync("error"))[^1].GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        await client.UpdateAsync("""{"instructions":"Still there?"}""");
    }

    [Fact]
    public async Task A_text_message_that_is_no_text_ends_the_session_as_the_protocol_wants()
    {
        await using TestServer server = await TestServer.TalkingAsync();
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        await client.SendAsync([0xFF, 0xFE, 0x00], WebSocketMessageType.Text);
        await client.ToTheEndAsync();
        Assert.Equal(WebSocketCloseStatus.InvalidPayloadData, client.Closed); // RFC 6455 section 8.1
    }

    [Fact]
    public async Task Fifty_megabytes_in_one_event_are_skipped_with_an_error()
    {
        await using TestServer server = await TestServer.TalkingAsync();
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        await client.AppendAsync(new byte[50 << 20]);
        Assert.Equal("request_too_large", (await client.UntilAsync("error"))[^1].GetProperty("error").GetProperty("code").GetString());
        await client.UpdateAsync("""{"instructions":"Still there?"}""");
    }

    [Fact]
    public async Task The_longest_append_is_taken_whole()
    {
        ScriptedEar ear = new("Good morning.");
        await using TestServer server = await TestServer.TalkingAsync(ear, conversation: new ConversationOptions { MaxUtterance = TimeSpan.FromMinutes(10) });
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        await client.UpdateAsync(Manual);
        await client.AppendAsync(new byte[15 << 20]);
        await client.SendAsync("""{"type":"input_audio_buffer.commit"}""");
        await client.UntilAsync("input_audio_buffer.committed");
    }

    [Fact]
    public async Task Text_is_answered_in_text()
    {
        ScriptedBrain brain = new("Fine", "thanks.");
        await using TestServer server = await TestServer.TalkingAsync(brain: brain);
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        await client.UpdateAsync("""{"output_modalities":["text"],"instructions":"Be kind."}""");
        await client.SendAsync("""{"type":"conversation.item.create","item":{"id":"q1","type":"message","role":"user","content":[{"type":"input_text","text":"How are you?"}]}}""");
        await client.UntilAsync("conversation.item.done");
        await client.SendAsync("""{"type":"response.create","response":{"metadata":{"for":"me"}}}""");
        List<JsonElement> events = await client.UntilAsync("response.done");
        Assert.Equal("Fine thanks.", Joined(events, "response.output_text.delta"));
        Assert.Equal("Fine thanks.", Single(events, "response.output_text.done").GetProperty("text").GetString());
        Assert.DoesNotContain(events, e => RealtimeTestClient.TypeOf(e).Contains("audio", StringComparison.Ordinal));
        JsonElement response = events[^1].GetProperty("response");
        Assert.Equal("me", response.GetProperty("metadata").GetProperty("for").GetString());
        Assert.Equal("output_text", response.GetProperty("output")[0].GetProperty("content")[0].GetProperty("type").GetString());
        Assert.Equal(["Be kind.", "How are you?"], brain.Asked[^1].Messages.Select(message => message.Text));
    }

    [Fact]
    public async Task A_response_out_of_band_has_its_own_input_and_leaves_no_trace()
    {
        ScriptedBrain brain = new("A", "summary.");
        await using TestServer server = await TestServer.TalkingAsync(brain: brain);
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        await client.SendAsync("""{"type":"conversation.item.create","item":{"id":"q1","type":"message","role":"user","content":[{"type":"input_text","text":"How are you?"}]}}""");
        await client.UntilAsync("conversation.item.done");
        await client.SendAsync("""{"type":"response.create","response":{"conversation":"none","output_modalities":["text"],"instructions":"Sum up.","input":[{"type":"item_reference","id":"q1"},{"type":"message","role":"user","content":[{"type":"input_text","text":"Please."}]}]}}""");
        List<JsonElement> events = await client.UntilAsync("response.done");
        Assert.False(events[^1].GetProperty("response").TryGetProperty("conversation_id", out _));
        Assert.DoesNotContain(events, e => RealtimeTestClient.TypeOf(e) == "conversation.item.added");
        Assert.Equal(["Sum up.", "How are you? Please."], brain.Asked[^1].Messages.Select(message => message.Text));
    }

    [Fact]
    public async Task A_function_is_called_by_the_client_and_its_result_answered()
    {
        ScriptedBrain brain = new() { Contents = [new FunctionCallContent("call_1", "weather", new Dictionary<string, object?> { ["city"] = "Bonn" })] };
        await using TestServer server = await TestServer.TalkingAsync(brain: new TurnByTurnBrain(brain, new ScriptedBrain("Sunny.")));
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        await client.UpdateAsync("""{"tools":[{"type":"function","name":"weather","description":"Tells the weather.","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}],"tool_choice":"auto"}""");
        await client.SendAsync("""{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_text","text":"Weather in Bonn?"}]}}""");
        await client.SendAsync("""{"type":"response.create"}""");
        List<JsonElement> events = await client.UntilAsync("response.done");
        JsonElement call = Single(events, "response.function_call_arguments.done");
        Assert.Equal("weather", call.GetProperty("name").GetString());
        Assert.Equal("Bonn", JsonElement.Parse(call.GetProperty("arguments").GetString()!).GetProperty("city").GetString());
        Assert.Equal(Joined(events, "response.function_call_arguments.delta"), call.GetProperty("arguments").GetString());
        Assert.Equal("completed", Single(events, "response.output_item.done").GetProperty("item").GetProperty("status").GetString());
        Assert.Equal("weather", Assert.Single(brain.Asked[0].Options!.Tools!).Name);

        await client.SendAsync($$"""{"type":"conversation.item.create","item":{"type":"function_call_output","call_id":"{{call.GetProperty("call_id").GetString()}}","output":"blue sky"} }""");
        await client.SendAsync("""{"type":"response.create"}""");
        Assert.Equal("Sunny.", Joined(await client.UntilAsync("response.done"), "response.output_audio_transcript.delta"));
    }

    [Fact]
    public async Task A_cancelled_response_ends_with_all_its_done_events()
    {
        ScriptedBrain brain = ScriptedBrain.Held(out _);
        await using TestServer server = await TestServer.TalkingAsync(brain: brain);
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        await client.SendAsync("""{"type":"response.create"}""");
        await client.UntilAsync("response.output_audio_transcript.delta");
        Assert.Equal("conversation_already_has_active_response", (await client.RefusalOfAsync("""{"type":"response.create"}""")).GetProperty("code").GetString());
        await client.SendAsync("""{"type":"response.cancel"}""");
        List<JsonElement> events = await client.UntilAsync("response.done");
        JsonElement response = events[^1].GetProperty("response");
        Assert.Equal("cancelled", response.GetProperty("status").GetString());
        Assert.Equal("client_cancelled", response.GetProperty("status_details").GetProperty("reason").GetString());
        foreach (string type in (string[])["response.output_audio.done", "response.output_audio_transcript.done", "response.content_part.done", "response.output_item.done"])
            Single(events, type);
        Assert.Equal("incomplete", Single(events, "response.output_item.done").GetProperty("item").GetProperty("status").GetString());
    }

    [Fact]
    public async Task Truncation_leaves_the_words_that_were_heard()
    {
        await using TestServer server = await TestServer.TalkingAsync(brain: new ScriptedBrain("one", "two", "three", "four", "five."));
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        await client.SendAsync("""{"type":"response.create"}""");
        List<JsonElement> events = await client.UntilAsync("response.done");
        string item = events[^1].GetProperty("response").GetProperty("output")[0].GetProperty("id").GetString()!;
        await client.SendAsync($$"""{"type":"conversation.item.truncate","item_id":"{{item}}","content_index":0,"audio_end_ms":200}""");
        Assert.Equal(200, (await client.UntilAsync("conversation.item.truncated"))[^1].GetProperty("audio_end_ms").GetInt32());
        await client.SendAsync($$"""{"type":"conversation.item.retrieve","item_id":"{{item}}"}""");
        JsonElement content = (await client.UntilAsync("conversation.item.retrieved"))[^1].GetProperty("item").GetProperty("content")[0];
        Assert.Equal("one two", content.GetProperty("transcript").GetString());
        Assert.Equal("audio_end_ms", (await client.RefusalOfAsync($$"""{"type":"conversation.item.truncate","item_id":"{{item}}","content_index":0,"audio_end_ms":2000}""")).GetProperty("param").GetString());
    }

    [Fact]
    public async Task A_retrieved_turn_carries_its_sound()
    {
        await using TestServer server = await TestServer.TalkingAsync();
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        await client.UpdateAsync(Manual);
        await client.AppendAsync(RealtimeTestClient.Speech(1));
        await client.SendAsync("""{"type":"input_audio_buffer.commit"}""");
        string item = (await client.UntilAsync("input_audio_buffer.committed"))[^1].GetProperty("item_id").GetString()!;
        await client.SendAsync($$"""{"type":"conversation.item.retrieve","item_id":"{{item}}"}""");
        JsonElement content = (await client.UntilAsync("conversation.item.retrieved"))[^1].GetProperty("item").GetProperty("content")[0];
        Assert.InRange(content.GetProperty("audio").GetBytesFromBase64().Length / 48_000.0, 0.9, 1.4);
        await client.SendAsync($$"""{"type":"conversation.item.delete","item_id":"{{item}}"}""");
        await client.UntilAsync("conversation.item.deleted");
        Assert.Equal("item_not_found", (await client.RefusalOfAsync($$"""{"type":"conversation.item.retrieve","item_id":"{{item}}"}""")).GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("audio/pcmu", 8_000)]
    [InlineData("audio/pcma", 8_000)]
    public async Task Telephone_codes_are_heard_and_spoken(string format, int bytesPerSecond)
    {
        ScriptedEar ear = new("Good morning.");
        await using TestServer server = await TestServer.TalkingAsync(ear);
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        await client.UpdateAsync($$"""{"audio":{"input":{"turn_detection":null,"format":{"type":"{{format}}"} },"output":{"format":{"type":"{{format}}"} } } }""");
        await client.AppendAsync(new byte[bytesPerSecond]);
        await client.SendAsync("""{"type":"input_audio_buffer.commit"}""");
        await client.UntilAsync("conversation.item.done");
        await client.SendAsync("""{"type":"response.create"}""");
        Assert.Equal(0.2, Sound(await client.UntilAsync("response.done")).Length / (double)bytesPerSecond, 2);
        Assert.InRange(ear.Heard[^1].TotalSeconds, 0.9, 1.4);
    }

    [Fact]
    public async Task Speech_over_the_answer_stops_it()
    {
        ScriptedBrain brain = ScriptedBrain.Held(out _);
        await using TestServer server = await TestServer.TalkingAsync(brain: brain, conversation: new ConversationOptions { InterruptionWarmUp = TimeSpan.Zero });
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        await client.SendAsync("""{"type":"response.create"}""");
        await client.UntilAsync("response.output_audio_transcript.delta");
        await client.AppendAsync([.. RealtimeTestClient.Speech(2), .. RealtimeTestClient.Silence(1)]);
        List<JsonElement> events = await client.UntilAsync("response.done");
        Assert.Equal("turn_detected", events[^1].GetProperty("response").GetProperty("status_details").GetProperty("reason").GetString());
        if (!events.Exists(e => RealtimeTestClient.TypeOf(e) == "input_audio_buffer.speech_started"))
            await client.UntilAsync("input_audio_buffer.speech_started");
    }

    [Fact]
    public async Task A_transcription_session_writes_down_and_answers_nothing()
    {
        await using TestServer server = await TestServer.TalkingAsync(new ScriptedEar("Good morning,", "dear friends."));
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server, "?intent=transcription");
        Assert.Equal("transcription", client.Seen[0].GetProperty("session").GetProperty("type").GetString());
        await client.UpdateAsync("""{"type":"transcription","audio":{"input":{"transcription":{"model":"gpt-4o-transcribe","language":"en"},"turn_detection":{"type":"server_vad"}}}}""");
        await client.AppendAsync([.. RealtimeTestClient.Speech(1), .. RealtimeTestClient.Silence(1)]);
        List<JsonElement> events = await client.UntilAsync("conversation.item.input_audio_transcription.completed");
        Assert.Equal("Good morning, dear friends.", events[^1].GetProperty("transcript").GetString());
        Assert.Equal("Good morning, dear friends.", Joined(events, "conversation.item.input_audio_transcription.delta"));
        Assert.Equal("duration", events[^1].GetProperty("usage").GetProperty("type").GetString());
        Assert.Equal("type", (await client.RefusalOfAsync("""{"type":"response.create"}""")).GetProperty("param").GetString());
        Assert.DoesNotContain(client.Seen, e => RealtimeTestClient.TypeOf(e).StartsWith("response.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("?model=gpt-realtime")]
    [InlineData("?intent=transcription")]
    public async Task Words_are_told_while_they_are_spoken_and_none_is_told_twice(string query)
    {
        LengthEar ear = new();
        await using TestServer server = await TestServer.StartAsync(new ServerOptions(), TimeProvider.System, new ConversationSetup(new ConversationOptions(), () => new LoudnessDetector()),
            TestServer.Speaker(new ToneSpeaker()), TestServer.Ear(ear), TestServer.Brain(new ScriptedBrain("Fine.")));
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server, query);
        await client.UpdateAsync("""{"audio":{"input":{"transcription":{"model":"whisper-1"}}}}""");
        List<JsonElement> events = client.Seen;
        for (int piece = 0; piece < 500 && !events.Exists(e => RealtimeTestClient.TypeOf(e) == "conversation.item.input_audio_transcription.delta"); piece++)
        {
            await client.AppendAsync(RealtimeTestClient.Speech(0.2));
            await client.UpdateAsync("{}"); // what has happened meanwhile has been told
        }
        Assert.Contains(events, e => RealtimeTestClient.TypeOf(e) == "conversation.item.input_audio_transcription.delta");
        Assert.DoesNotContain(events, e => RealtimeTestClient.TypeOf(e) == "input_audio_buffer.speech_stopped"); // the caller is still speaking
        await client.AppendAsync(RealtimeTestClient.Silence(1));
        await client.UntilAsync("conversation.item.input_audio_transcription.completed");
        string all = events[^1].GetProperty("transcript").GetString()!;
        Assert.StartsWith("one two three", all, StringComparison.Ordinal);
        Assert.Equal(all, Joined(events, "conversation.item.input_audio_transcription.delta"));
        Assert.Single(events.Where(e => e.TryGetProperty("item_id", out _) && !RealtimeTestClient.TypeOf(e).StartsWith("response", StringComparison.Ordinal)).Select(e => e.GetProperty("item_id").GetString()).Distinct());
    }

    [Fact]
    public async Task Without_transcription_nothing_is_recognised_before_the_turn_is_over()
    {
        LengthEar ear = new();
        await using TestServer server = await TestServer.StartAsync(new ServerOptions(), TimeProvider.System, new ConversationSetup(new ConversationOptions(), () => new LoudnessDetector()),
            TestServer.Speaker(new ToneSpeaker()), TestServer.Ear(ear), TestServer.Brain(new ScriptedBrain("Fine.")));
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        await client.AppendAsync([.. RealtimeTestClient.Speech(4), .. RealtimeTestClient.Silence(1)]);
        await client.UntilAsync("response.done");
        Assert.Equal(0, ear.Partial);
        Assert.DoesNotContain(client.Seen, e => RealtimeTestClient.TypeOf(e).Contains("transcription", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Semantic_detection_asks_the_turn_detector_and_silence_alone_does_not()
    {
        ScriptedTurnDetector judge = new();
        await using TestServer server = await TestServer.StartAsync(new ServerOptions(), TimeProvider.System, new ConversationSetup(new ConversationOptions(), () => new LoudnessDetector()),
            TestServer.Speaker(new ToneSpeaker()), TestServer.Ear(new ScriptedEar("Good morning.")), TestServer.Brain(new ScriptedBrain("Fine.")), TestServer.Judge(judge));
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        await client.UpdateAsync("""{"audio":{"input":{"turn_detection":{"type":"server_vad"}}}}""");
        await client.AppendAsync([.. RealtimeTestClient.Speech(1), .. RealtimeTestClient.Silence(1)]);
        await client.UntilAsync("response.done");
        Assert.Equal(0, judge.Asked);

        JsonElement session = await client.UpdateAsync("""{"audio":{"input":{"turn_detection":{"type":"semantic_vad","eagerness":"high"}}}}""");
        Assert.Equal("high", session.GetProperty("audio").GetProperty("input").GetProperty("turn_detection").GetProperty("eagerness").GetString());
        await client.AppendAsync([.. RealtimeTestClient.Speech(1), .. RealtimeTestClient.Silence(0.6)]);
        await TestServer.UntilAsync(() => judge.Asked > 0);
        await client.AppendAsync(RealtimeTestClient.Silence(1));
        await client.UntilAsync("input_audio_buffer.committed");
    }

    [Fact]
    public async Task A_client_that_wants_metrics_gets_the_waterfall_of_every_turn_and_no_other_does()
    {
        await using TestServer server = await TestServer.TalkingAsync();
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        await client.AppendAsync([.. RealtimeTestClient.Speech(1), .. RealtimeTestClient.Silence(1)]);
        await client.UntilAsync("response.done");
        await client.UpdateAsync("""{"x_metrics":true}""");
        Assert.DoesNotContain(client.Seen, e => RealtimeTestClient.TypeOf(e).StartsWith("x_", StringComparison.Ordinal));

        await client.AppendAsync([.. RealtimeTestClient.Speech(1), .. RealtimeTestClient.Silence(1)]);
        JsonElement turn = (await client.UntilAsync("x_metrics.turn", measured => measured.GetProperty("turn").GetInt32() == 2))[^1];
        Assert.Equal(("Good morning.", "Fine thanks."), (turn.GetProperty("heard").GetString(), turn.GetProperty("answer").GetString()));
        List<(string Name, double Ms)> stages = [.. turn.GetProperty("stages").EnumerateArray().Select(stage => (stage.GetProperty("name").GetString()!, stage.GetProperty("ms").GetDouble()))];
        Assert.Equal(["end of turn", "first clause", "first sound", "first sound played", "first token", "transcript"], stages.Select(stage => stage.Name).Order(StringComparer.Ordinal));
        double Of(string name) => stages.Single(stage => stage.Name == name).Ms;
        Assert.True(Of("first token") <= Of("first clause") && Of("first clause") <= Of("first sound") && Of("first sound") <= Of("first sound played") && Of("end of turn") <= Of("first sound played"));
    }

    [Fact]
    public async Task Clearing_the_output_cancels_the_answer_and_the_session_goes_on()
    {
        ScriptedBrain brain = ScriptedBrain.Held(out _);
        await using TestServer server = await TestServer.TalkingAsync(brain: brain);
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        await client.UpdateAsync("""{"x_playback":true}""");
        await client.SendAsync("""{"type":"output_audio_buffer.clear"}"""); // there is nothing: no harm
        await client.SendAsync("""{"type":"response.create"}""");
        string item = (await client.UntilAsync("response.output_audio.delta"))[^1].GetProperty("item_id").GetString()!;
        await client.SendAsync($$"""{"type":"x_playback.position","item_id":"{{item}}","audio_ms":100,"state":"playing"}""");
        await client.SendAsync("""{"type":"output_audio_buffer.clear"}""");
        List<JsonElement> events = await client.UntilAsync("output_audio_buffer.cleared");
        JsonElement response = Single(events, "response.done").GetProperty("response");
        Assert.Equal(("cancelled", "client_cancelled"), (response.GetProperty("status").GetString(), response.GetProperty("status_details").GetProperty("reason").GetString()));
        JsonElement cut = Single(events, "x_playback.interrupted");
        Assert.StartsWith("word0", cut.GetProperty("heard").GetString(), StringComparison.Ordinal);
        await client.SendAsync($$"""{"type":"conversation.item.retrieve","item_id":"{{item}}"}""");
        JsonElement kept = (await client.UntilAsync("conversation.item.retrieved"))[^1].GetProperty("item");
        Assert.Equal(cut.GetProperty("heard").GetString(), kept.GetProperty("content")[0].GetProperty("transcript").GetString());
        Assert.NotEmpty(cut.GetProperty("unheard").GetString()!);
    }

    [Fact]
    public async Task A_context_that_is_too_small_is_named_in_the_failed_response()
    {
        await using TestServer server = await TestServer.TalkingAsync(brain: new FullBrain());
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        await client.UpdateAsync("""{"truncation":"disabled"}""");
        await client.SendAsync("""{"type":"response.create"}""");
        JsonElement response = (await client.UntilAsync("response.done"))[^1].GetProperty("response");
        Assert.Equal("context_length_exceeded", response.GetProperty("status_details").GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_client_that_counts_is_asked_to_pause_and_goes_on_after_a_noise()
    {
        ScriptedBrain brain = ScriptedBrain.Held(out TaskCompletionSource rest);
        await using TestServer server = await TestServer.TalkingAsync(new ScriptedEar(""), brain,
            conversation: new ConversationOptions { InterruptionWarmUp = TimeSpan.Zero, FalseInterruptionTimeout = TimeSpan.FromMilliseconds(200) });
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        Assert.True((await client.UpdateAsync("""{"x_playback":true,"x_metrics":true}""")).GetProperty("x_playback").GetBoolean());
        await client.SendAsync("""{"type":"response.create"}""");
        await client.UntilAsync("output_audio_buffer.started");
        await client.AppendAsync([.. RealtimeTestClient.Speech(0.8), .. RealtimeTestClient.Silence(3)]);
        JsonElement pause = (await client.UntilAsync("x_playback.pause"))[^1];
        await client.SendAsync($$"""{"type":"x_playback.position","item_id":"{{pause.GetProperty("item_id").GetString()}}","audio_ms":40,"state":"paused"}""");
        await client.UntilAsync("x_playback.resume");
        rest.SetResult();
        Assert.Equal("completed", (await client.UntilAsync("response.done"))[^1].GetProperty("response").GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_broken_engine_fails_the_response_and_not_the_session()
    {
        await using TestServer server = await TestServer.TalkingAsync(brain: new ScriptedBrain("Fine", "thanks.") { BreaksAt = 1 });
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        await client.SendAsync("""{"type":"response.create"}""");
        JsonElement response = (await client.UntilAsync("response.done"))[^1].GetProperty("response");
        Assert.Equal("failed", response.GetProperty("status").GetString());
        Assert.DoesNotContain("The brain broke", response.GetRawText(), StringComparison.Ordinal);
        await client.UpdateAsync("""{"instructions":"Still there?"}""");
    }

    private static JsonElement Single(IEnumerable<JsonElement> events, string type) => Assert.Single(events, e => RealtimeTestClient.TypeOf(e) == type);

    private static string Joined(IEnumerable<JsonElement> events, string type) =>
        string.Concat(events.Where(e => RealtimeTestClient.TypeOf(e) == type).Select(e => e.GetProperty("delta").GetString()));

    private static byte[] Sound(IEnumerable<JsonElement> events) =>
        [.. events.Where(e => RealtimeTestClient.TypeOf(e) == "response.output_audio.delta").SelectMany(e => e.GetProperty("delta").GetBytesFromBase64())];
}
