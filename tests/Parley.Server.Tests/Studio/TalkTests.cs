using System.Text.Json;
using Microsoft.Playwright;

namespace Parley.Server.Tests.Studio;

/// <summary>The conversation as the visitor sees and hears it, against a server that follows a script.</summary>
[Collection(nameof(StudioBrowser))]
public class TalkTests(StudioBrowser browser)
{
    [Fact]
    public async Task A_turn_shows_what_was_heard_and_plays_the_whole_answer()
    {
        browser.SkipWithoutChromium();
        await using TestServer server = await StartAsync();
        ScriptedRealtime realtime = new();
        await using StudioPage studio = await StartTalkingAsync(server, realtime);
        JsonElement asked = await realtime.WelcomeAsync();
        Assert.True(asked.GetProperty("x_playback").GetBoolean());
        Assert.Equal(24_000, asked.GetProperty("audio").GetProperty("input").GetProperty("format").GetProperty("rate").GetInt32());
        Assert.Equal("semantic_vad", asked.GetProperty("audio").GetProperty("input").GetProperty("turn_detection").GetProperty("type").GetString());
        await studio.ShowsAsync("#talk-state", "listening");

        await realtime.SendAsync("input_audio_buffer.speech_started", new { audio_start_ms = 0, item_id = "u1" });
        await realtime.SendAsync("conversation.item.input_audio_transcription.delta", new { item_id = "u1", content_index = 0, delta = "When does" });
        await studio.ShowsAsync("#dialogue li.you.partial", "When does …");
        await realtime.HearAsync("u1", " the boat leave?");
        await studio.ShowsAsync("#dialogue li.you:not(.partial)", "the boat leave?");
        await realtime.SayAsync("a1", "At noon.", ScriptedRealtime.Tone(0.8));
        await realtime.SayAsync("a1", " Be there early.", ScriptedRealtime.Tone(1.2, 660));
        await realtime.FinishAsync("a1");
        await realtime.ExpectAsync("x_playback.position", position => position.GetProperty("audio_ms").GetInt32() is > 300 and < 1900);
        await realtime.ExpectAsync("x_playback.position", position => position.GetProperty("audio_ms").GetInt32() == 2000);

        await studio.ShowsAsync("#dialogue li.parley .heard", "At noon. Be there early.");
        Assert.Equal(0, await studio["#dialogue .ahead, #dialogue s"].CountAsync());
        PlayedSound played = await studio.PlayedAsync();
        Assert.Equal(2.0, played.Seconds, 0.05);
        await studio.ShowsAsync("#gap", " ms");
        Assert.Equal(["Turn taken to be over", "Words known", "First word of the answer", "First sound made", "First sound heard"],
            await studio["#waterfall text:not(.ms)"].AllTextContentsAsync());
        Assert.Contains("Parley: At noon. Be there early.", await studio["#announce p"].AllInnerTextsAsync());
    }

    [Fact]
    public async Task Words_that_prove_to_be_no_turn_go_away_again()
    {
        browser.SkipWithoutChromium();
        await using TestServer server = await StartAsync();
        ScriptedRealtime realtime = new();
        await using StudioPage studio = await StartTalkingAsync(server, realtime);
        await realtime.WelcomeAsync();
        await realtime.SendAsync("input_audio_buffer.speech_started", new { audio_start_ms = 0, item_id = "u1" });
        await realtime.SendAsync("conversation.item.input_audio_transcription.delta", new { item_id = "u1", content_index = 0, delta = "uh" });
        await studio.ShowsAsync("#dialogue li.you.partial", "uh");
        await realtime.SendAsync("conversation.item.input_audio_transcription.completed", new { item_id = "u1", content_index = 0, transcript = "" });
        await Assertions.Expect(studio["#dialogue li"]).ToHaveCountAsync(0, new() { Timeout = 60_000 });
    }

    [Fact]
    public async Task Words_of_the_answer_turn_to_ink_as_they_are_heard()
    {
        browser.SkipWithoutChromium();
        await using TestServer server = await StartAsync();
        ScriptedRealtime realtime = new();
        await using StudioPage studio = await StartTalkingAsync(server, realtime);
        await realtime.WelcomeAsync();
        await realtime.HearAsync("u1", "Hello.");
        await realtime.SayAsync("a1", "One two three four five six seven eight nine ten.", ScriptedRealtime.Tone(5));
        await realtime.FinishAsync("a1");
        JsonElement position = await realtime.ExpectAsync("x_playback.position", position => position.GetProperty("audio_ms").GetInt32() > 1000);
        string heard = await studio.TextAsync("#dialogue .heard"), ahead = await studio.TextAsync("#dialogue .ahead");
        Assert.StartsWith("One two", heard, StringComparison.Ordinal);
        Assert.EndsWith("nine ten.", ahead, StringComparison.Ordinal);
        Assert.InRange(position.GetProperty("audio_ms").GetInt32(), 1000, 2000);
    }

    [Fact]
    public async Task An_interruption_falls_silent_within_50_ms_and_strikes_out_what_was_not_heard()
    {
        browser.SkipWithoutChromium();
        await using TestServer server = await StartAsync();
        ScriptedRealtime realtime = new();
        await using StudioPage studio = await StartTalkingAsync(server, realtime);
        await realtime.WelcomeAsync();
        await StartAStoryAsync(realtime);
        await realtime.ExpectAsync("x_playback.position", position => position.GetProperty("audio_ms").GetInt32() > 900);
        await realtime.SendAsync("x_playback.pause", new { response_id = "resp_1", item_id = "a1", audio_ms = 1000 });
        await realtime.ExpectAsync("x_playback.position", position => position.GetProperty("state").GetString() == "paused");
        await realtime.SendAsync("output_audio_buffer.cleared", new { response_id = "resp_1" });
        int heardMs = (await realtime.ExpectAsync("x_playback.position", position => position.GetProperty("state").GetString() == "stopped")).GetProperty("audio_ms").GetInt32();
        await realtime.SayAsync("a1", " Late words.", ScriptedRealtime.Tone(1)); // they crossed with the interruption
        await realtime.SendAsync("x_playback.interrupted", new
        {
            response_id = "resp_1", item_id = "a1", audio_ms = heardMs, heard = "There was a boat", unheard = "that left at noon, and nobody on it knew where it went.",
        });
        await AssertInterruptedAsync(studio, heardMs);
    }

    [Fact]
    public async Task With_a_server_that_cannot_guide_it_the_page_cuts_when_speech_begins_and_says_how_much_was_heard()
    {
        browser.SkipWithoutChromium();
        await using TestServer server = await StartAsync();
        ScriptedRealtime realtime = new();
        await using StudioPage studio = await StartTalkingAsync(server, realtime);
        await realtime.WelcomeAsync(guidesPlayback: false);
        await StartAStoryAsync(realtime);
        await studio.Page.WaitForFunctionAsync("() => window.tap.pieces.filter(piece => piece.some(sample => sample !== 0)).length > 400");
        await realtime.SendAsync("input_audio_buffer.speech_started", new { audio_start_ms = 0, item_id = "u2" });
        int heardMs = (await realtime.ExpectAsync("conversation.item.truncate")).GetProperty("audio_end_ms").GetInt32();
        await realtime.SayAsync("a1", " Late words.", ScriptedRealtime.Tone(1));
        await realtime.SendAsync("conversation.item.truncated", new { item_id = "a1", content_index = 0, audio_end_ms = heardMs });
        await realtime.ExpectAsync("conversation.item.retrieve");
        await realtime.SendAsync("conversation.item.retrieved", new
        {
            item = new { id = "a1", type = "message", role = "assistant", content = new[] { new { type = "output_audio", transcript = "There was a boat" } } },
        });
        await AssertInterruptedAsync(studio, heardMs);
    }

    [Fact]
    public async Task A_false_interruption_pauses_and_goes_on_at_the_same_sample()
    {
        browser.SkipWithoutChromium();
        await using TestServer server = await StartAsync();
        ScriptedRealtime realtime = new();
        await using StudioPage studio = await StartTalkingAsync(server, realtime);
        await realtime.WelcomeAsync();
        await realtime.HearAsync("u1", "Tell me a story.");
        // A ramp: what is lost or said twice shows as a step.
        short[] ramp = [.. Enumerable.Range(0, 3 * ScriptedRealtime.Rate).Select(i => (short)(500 + i / 3))];
        await realtime.SayAsync("a1", "There was a boat.", ramp, chunk: ramp.Length);
        await realtime.FinishAsync("a1");
        await realtime.ExpectAsync("x_playback.position", position => position.GetProperty("audio_ms").GetInt32() > 700);
        await realtime.SendAsync("x_playback.pause", new { response_id = "resp_1" });
        await studio.ShowsAsync("#talk-state", "listening");
        await studio.Page.EvaluateAsync("() => new Promise(resolve => { const count = window.tap.length; const wait = () => window.tap.length > count + window.tap.rate / 2 ? resolve() : requestAnimationFrame(wait); wait(); })");
        await realtime.SendAsync("x_playback.resume", new { response_id = "resp_1" });
        await studio.ShowsAsync("#talk-state", "Talk over me");
        await realtime.ExpectAsync("x_playback.position", position => position.GetProperty("audio_ms").GetInt32() == 3000);

        PlayedSound played = await studio.PlayedAsync();
        Assert.Equal(2, played.Stretches.Count);
        Assert.Equal(3.0, played.Seconds, 0.02);
        ((int _, int before), (int after, int _)) = (played.Stretches[0], played.Stretches[1]);
        int margin = played.Rate / 100; // both fades and a little
        float step = played.Samples[after + margin] - played.Samples[before - margin], perSample = (float)ScriptedRealtime.Rate / played.Rate / 3 / 32768;
        Assert.Equal(2 * margin * perSample, step, 0.002);
        Assert.Equal(0, await studio["#dialogue s"].CountAsync());
    }

    [Theory]
    [InlineData(48_000)]
    [InlineData(44_100)]
    [InlineData(16_000)]
    public async Task Pitch_and_length_stay_what_they_are_whatever_the_rate_of_the_device(int rate)
    {
        browser.SkipWithoutChromium();
        await using TestServer server = await StartAsync();
        ScriptedRealtime realtime = new();
        // What the page makes of the microphone is measured on a tone inside its own audio graph: a real device would starve under load,
        // and the browser's noise suppression takes a steady tone for noise.
        const double Tone = 0.1 * 16_000 / (2 * Math.PI); // no divisor of any rate
        string device = $$"""
            const Context = window.AudioContext;
            window.AudioContext = class extends Context {
              constructor(options) { super({ ...options, sampleRate: {{rate}} }); }
              createMediaStreamSource() {
                const quieter = this.createGain();
                quieter.gain.value = 0.3;
                const tone = this.createOscillator();
                tone.frequency.value = {{Tone.ToString(System.Globalization.CultureInfo.InvariantCulture)}};
                tone.connect(quieter);
                tone.start();
                return quieter;
              }
            };
            """;
        await using StudioPage studio = await StartTalkingAsync(server, realtime, script: device);
        await realtime.WelcomeAsync();
        await realtime.SayAsync("a1", "Hum.", ScriptedRealtime.Tone(1));
        await realtime.FinishAsync("a1");
        await realtime.ExpectAsync("x_playback.position", position => position.GetProperty("audio_ms").GetInt32() >= 999);
        PlayedSound played = await studio.PlayedAsync();
        Assert.Equal(rate, played.Rate);
        Assert.Equal(1.0, played.Seconds, 0.01);
        Assert.Equal(440, played.Pitch(), 1.0);

        await TestServer.UntilAsync(() => realtime.Heard.Length > 2 * ScriptedRealtime.Rate);
        PlayedSound microphone = new([.. realtime.Heard.Skip(ScriptedRealtime.Rate / 10).Select(sample => sample / 32768f)], ScriptedRealtime.Rate, 0, [], null);
        Assert.Equal(Tone, microphone.Pitch(), 0.2);
        Assert.All(microphone.Periods(), period => Assert.Equal(ScriptedRealtime.Rate / Tone, period, 0.5)); // nothing lost, nothing twice
    }

    [Fact]
    public async Task Sound_and_microphone_are_asked_for_inside_the_tap()
    {
        browser.SkipWithoutChromium();
        await using TestServer server = await StartAsync();
        ScriptedRealtime realtime = new();
        await using StudioPage studio = await StartTalkingAsync(server, realtime);
        await realtime.WelcomeAsync();
        JsonElement inGesture = await studio.Page.EvaluateAsync<JsonElement>("() => window.tap.inGesture");
        Assert.True(inGesture.GetProperty("resume").GetBoolean());
        Assert.True(inGesture.GetProperty("getUserMedia").GetBoolean());

    }

    [Theory]
    [InlineData("NotAllowedError", "not allowed")]
    [InlineData("NotFoundError", "no microphone")]
    [InlineData("NotReadableError", "another program")]
    [InlineData("SecurityError", "forbid")]
    public async Task Each_failure_of_the_microphone_is_told_by_its_own_name(string name, string words)
    {
        browser.SkipWithoutChromium();
        await using TestServer server = await StartAsync();
        await using StudioPage studio = await StudioPage.OpenAsync(browser.Browser, server.Address,
            script: $"MediaDevices.prototype.getUserMedia = () => Promise.reject(new DOMException('refused', '{name}'));");
        await studio["#talk-button"].ClickAsync();
        await studio.ShowsAsync("#notice", words);
        await studio.ShowsAsync("#talk-label", "Start talking");
    }

    [Fact]
    public async Task Over_plain_http_from_another_machine_the_page_says_where_to_go_and_what_the_browser_will_ask()
    {
        browser.SkipWithoutChromium();
        ServerOptions options = new();
        options.Http.AllowedHosts = [StudioBrowser.ForeignName];
        await using TestServer server = await TestServer.StartAsync(options, TestServer.Speaker(new ToneSpeaker()));
        await using StudioPage studio = await StudioPage.OpenAsync(browser.Browser, new UriBuilder(server.Address) { Host = StudioBrowser.ForeignName }.Uri);
        await studio["#talk-button"].ClickAsync();
        await studio.ShowsAsync("#notice", "HTTPS");
        await studio.ShowsAsync("#notice", "certificate");
        int port = server.Addresses.Single(address => address.Scheme == "https").Port;
        Assert.Equal($"https://{StudioBrowser.ForeignName}:{port}/", await studio["#notice a"].GetAttributeAsync("href"));
    }

    [Fact]
    public async Task Where_the_server_has_no_https_the_page_sends_nobody_there()
    {
        browser.SkipWithoutChromium();
        ServerOptions options = new();
        options.Http.AllowedHosts = [StudioBrowser.ForeignName];
        options.Http.Https = null;
        await using TestServer server = await TestServer.StartAsync(options, TestServer.Speaker(new ToneSpeaker()));
        await using StudioPage studio = await StudioPage.OpenAsync(browser.Browser, new UriBuilder(server.Address) { Host = StudioBrowser.ForeignName }.Uri);
        await studio["#talk-button"].ClickAsync();
        await studio.ShowsAsync("#notice", "no HTTPS of its own");
        Assert.Equal(0, await studio["#notice a"].CountAsync());
    }

    [Fact]
    public async Task A_connection_that_breaks_ends_the_conversation_with_a_reason_and_lets_go_of_the_microphone()
    {
        browser.SkipWithoutChromium();
        await using TestServer server = await StartAsync();
        ScriptedRealtime realtime = new();
        await using StudioPage studio = await StartTalkingAsync(server, realtime);
        await realtime.WelcomeAsync();
        await realtime.CloseAsync(4000, "The session is too old.");
        await studio.ShowsAsync("#notice", "The session is too old.");
        await studio.ShowsAsync("#talk-label", "Start talking");
    }

    [Fact]
    public async Task An_error_of_the_server_is_shown_and_the_conversation_goes_on()
    {
        browser.SkipWithoutChromium();
        await using TestServer server = await StartAsync();
        ScriptedRealtime realtime = new();
        await using StudioPage studio = await StartTalkingAsync(server, realtime);
        await realtime.WelcomeAsync();
        await realtime.SendAsync("error", new { error = new { type = "invalid_request_error", code = "invalid_value", message = "There is no voice 'nobody'." } });
        await studio.ShowsAsync("#notice", "There is no voice 'nobody'.");
        await realtime.HearAsync("u1", "Still there?");
        await studio.ShowsAsync("#dialogue", "Still there?");
    }

    [Fact]
    public async Task What_the_visitor_chose_is_what_the_session_asks_for()
    {
        browser.SkipWithoutChromium();
        await using TestServer server = await StartAsync();
        ScriptedRealtime realtime = new();
        await using StudioPage studio = await StudioPage.OpenAsync(browser.Browser, server.Address, prepare: realtime.ServeAsync);
        await studio["#open-settings"].ClickAsync();
        await studio["#set-brain"].SelectOptionAsync("parrot");
        await studio["#set-ear"].SelectOptionAsync("scripted");
        await studio["#set-language"].SelectOptionAsync("de");
        await studio["#set-engine"].SelectOptionAsync("tone");
        await studio["#set-turn"].SelectOptionAsync("silence");
        await studio["#set-instructions"].FillAsync("Speak like a captain.");
        await studio.Page.Keyboard.PressAsync("Escape");
        await studio.Page.ReloadAsync(); // kept in this browser
        await studio["#talk-button"].ClickAsync();
        JsonElement asked = await realtime.WelcomeAsync();
        JsonElement input = asked.GetProperty("audio").GetProperty("input");
        Assert.EndsWith("?model=parrot", realtime.Url, StringComparison.Ordinal);
        Assert.Equal("scripted", input.GetProperty("transcription").GetProperty("model").GetString());
        Assert.Equal("de", input.GetProperty("transcription").GetProperty("language").GetString());
        Assert.Equal("server_vad", input.GetProperty("turn_detection").GetProperty("type").GetString());
        Assert.Equal("anna", asked.GetProperty("audio").GetProperty("output").GetProperty("voice").GetString());
        Assert.Equal("Speak like a captain.", asked.GetProperty("instructions").GetString());
    }

    [Fact]
    public async Task Held_to_talk_the_turn_ends_when_the_key_comes_up()
    {
        browser.SkipWithoutChromium();
        await using TestServer server = await StartAsync();
        ScriptedRealtime realtime = new();
        await using StudioPage studio = await StartTalkingAsync(server, realtime, script: """localStorage.setItem("parley.settings", JSON.stringify({ turn: "manual" }));""");
        JsonElement asked = await realtime.WelcomeAsync();
        Assert.Equal(JsonValueKind.Null, asked.GetProperty("audio").GetProperty("input").GetProperty("turn_detection").ValueKind);
        await studio.ShowsAsync("#mute", "Hold to talk");
        Assert.Empty(realtime.Heard);
        await studio["#mute"].FocusAsync();
        await studio.Page.Keyboard.DownAsync(" ");
        await TestServer.UntilAsync(() => realtime.Heard.Length > ScriptedRealtime.Rate / 2);
        await studio.Page.Keyboard.UpAsync(" ");
        await realtime.ExpectAsync("input_audio_buffer.commit");
        await realtime.ExpectAsync("response.create");
    }

    private static Task<TestServer> StartAsync() =>
        TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()), TestServer.Ear(new ScriptedEar("Hello.")), TestServer.Brain(new ScriptedBrain("Hello.")));

    private static async Task StartAStoryAsync(ScriptedRealtime realtime)
    {
        await realtime.HearAsync("u1", "Tell me a story.");
        await realtime.SayAsync("a1", "There was a boat that left at noon, ", ScriptedRealtime.Tone(2));
        await realtime.SayAsync("a1", "and nobody on it knew where it went.", ScriptedRealtime.Tone(20));
    }

    /// <summary>Silence within 50 ms of the decision, and the words as the history has them.</summary>
    private static async Task AssertInterruptedAsync(StudioPage studio, int heardMs)
    {
        await studio.ShowsAsync("#dialogue s", "that left at noon, and nobody on it knew where it went.");
        Assert.Equal("There was a boat", (await studio.TextAsync("#dialogue .heard")).TrimEnd());
        Assert.DoesNotContain("Late", await studio.TextAsync("#dialogue"), StringComparison.Ordinal);
        await studio.ShowsAsync("#dialogue .aside", "interrupted");
        PlayedSound played = await studio.PlayedAsync();
        Assert.True(played.Overrun < 0.05, $"The sound went on for {played.Overrun * 1000:0} ms.");
        Assert.Equal(played.Seconds * 1000, heardMs, 25.0);
    }

    private async Task<StudioPage> StartTalkingAsync(TestServer server, ScriptedRealtime realtime, string script = "")
    {
        StudioPage studio = await StudioPage.OpenAsync(browser.Browser, server.Address, script: script, prepare: realtime.ServeAsync);
        await studio["#talk-button"].ClickAsync();
        return studio;
    }
}
