using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Parley.Audio;
using Parley.Text;

namespace Parley.Server.Tests.Studio;

/// <summary>Whole conversations: a browser with a microphone, the real server, the starter models. Checked on the sound that the page played and the words it shows.</summary>
[Collection(nameof(StudioBrowser))]
public class ConversationTests(StudioBrowser browser, RealServer real) : IClassFixture<RealServer>
{
    private const string Question = "Tell me, please: at what time does the boat to the island leave tomorrow morning, and how long does it take to get there?";

    // A microphone that says what the test gives it, when the test says so.
    private const string Microphone = """
        MediaDevices.prototype.getUserMedia = async () => {
          const context = new AudioContext();
          const line = context.createMediaStreamDestination();
          window.say = async wav => {
            const source = context.createBufferSource();
            source.buffer = await context.decodeAudioData(Uint8Array.from(atob(wav), letter => letter.charCodeAt(0)).buffer);
            source.connect(line);
            source.start();
          };
          return line.stream;
        };
        """;

    [Fact]
    public async Task A_question_into_the_microphone_is_shown_answered_and_heard()
    {
        browser.SkipWithoutChromium();
        AudioBuffer question = WavReader.Read(await SayAsync("At what time does the boat leave?"));
        float[] quiet = new float[2 * question.SampleRate];
        IBrowser withQuestion = await browser.LaunchWithMicrophoneAsync(new AudioBuffer([.. quiet, .. question.Samples, .. quiet, .. quiet], question.SampleRate));
        await using StudioPage studio = await StudioPage.OpenAsync(withQuestion, real.Server.Address);
        await studio["#talk-button"].ClickAsync();
        await studio.ShowsAsync("#dialogue li.you:not(.partial)", "boat");
        await studio.ShowsAsync("#dialogue li.parley .heard", "leave");
        string shown = await studio.TextAsync("#dialogue li.parley .words");
        Assert.Matches("^You said: .*boat", shown);
        Assert.Equal(0, await studio["#dialogue s"].CountAsync());
        await studio.ShowsAsync("#talk-state", "listening");
        AssertSame(shown, await HearAsync(await studio.PlayedAsync()), most: 0.25);
        await studio.ShowsAsync("#gap", " ms");
        Assert.Contains("Words known", await studio["#waterfall text"].AllTextContentsAsync());
        await studio["#talk-button"].ClickAsync();
    }

    [Fact]
    public async Task Speech_over_the_answer_stops_it_and_what_is_shown_as_heard_is_what_was_played()
    {
        browser.SkipWithoutChromium();
        await using StudioPage studio = await StudioPage.OpenAsync(browser.Browser, real.Server.Address, script: Microphone);
        await AskAsync(studio);
        await studio.Page.WaitForFunctionAsync("() => (document.querySelector('#dialogue li.parley .heard')?.textContent.split(' ').length ?? 0) > 6");
        await SpeakIntoAsync(studio, "Stop, please. I would like to ask you about something else.");
        await Assertions.Expect(studio["#dialogue s"].First).ToBeVisibleAsync(new() { Timeout = 60_000 });
        string heard = await studio.TextAsync("#dialogue li.parley .heard >> nth=0"), struck = await studio.TextAsync("#dialogue s >> nth=0");
        PlayedSound played = await studio.PlayedAsync();
        Assert.True(played.Overrun < 0.05, $"The sound went on for {played.Overrun * 1000:0} ms.");
        Assert.Contains("get there", struck, StringComparison.Ordinal);
        AssertSame(heard, await HearAsync(played.BeforeCut), most: 0.35);
        await studio.ShowsAsync("#dialogue li.parley:last-child .heard", "You said");
        await studio.Page.ScreenshotAsync(new() { Path = Path.Combine(TestData.Root, "artifacts", "studio", "conversation.png") });
        await studio.ShowsAsync("#dialogue li.parley:last-child", "something else");
        await studio["#talk-button"].ClickAsync();
    }

    [Fact]
    public async Task A_word_of_assent_does_not_cost_a_word_of_the_answer()
    {
        browser.SkipWithoutChromium();
        List<string> received = [];
        await using StudioPage studio = await StudioPage.OpenAsync(browser.Browser, real.Server.Address, script: Microphone, prepare: page =>
        {
            page.WebSocket += (_, socket) => socket.FrameReceived += (_, frame) =>
            {
                if (Regex.Match(frame.Text ?? "", "\"type\":\"(x_playback\\.[a-z]+)\"") is { Success: true } match)
                {
                    lock (received)
                        received.Add(match.Groups[1].Value);
                }
            };
            return Task.CompletedTask;
        });
        await AskAsync(studio);
        await studio.Page.WaitForFunctionAsync("() => (document.querySelector('#dialogue li.parley .heard')?.textContent.split(' ').length ?? 0) > 6");
        await SpeakIntoAsync(studio, "Yeah, right.");
        await studio.ShowsAsync("#dialogue li.parley .heard", "get there");
        await studio.ShowsAsync("#talk-state", "listening");
        Assert.Equal(0, await studio["#dialogue s"].CountAsync());
        AssertSame(await studio.TextAsync("#dialogue li.parley .words"), await HearAsync(await studio.PlayedAsync()), most: 0.25);
        Assert.Equal(["x_playback.pause", "x_playback.resume"], received);
        await studio["#talk-button"].ClickAsync();
    }

    private async Task AskAsync(StudioPage studio)
    {
        await studio["#talk-button"].ClickAsync();
        await studio.ShowsAsync("#talk-state", "listening");
        await SpeakIntoAsync(studio, Question);
        await studio.ShowsAsync("#dialogue li.parley", "You said");
    }

    private async Task SpeakIntoAsync(StudioPage studio, string words) => await studio.Page.EvaluateAsync("wav => window.say(wav)", Convert.ToBase64String(await SayAsync(words)));

    private Task<byte[]> SayAsync(string words) => real.SpeakAsync($$"""{"model":"hibari","input":"{{words}}","response_format":"wav"}""");

    private async Task<string> HearAsync(PlayedSound played) => await real.HearAsync(WavWriter.ToBytes(new AudioBuffer(played.Samples, played.Rate)));

    private static void AssertSame(string shown, string heard, double most)
    {
        double rate = ErrorRate.OfWords(shown, heard, WhisperEnglishNormalizer.Instance).Rate;
        Assert.True(rate <= most, $"Shown: {shown}\nPlayed: {heard}\nWord error rate {rate:0.00}.");
    }
}
