using System.Text.Json;
using Microsoft.Playwright;
using Parley.Agent;

namespace Parley.Server.Tests.Studio;

/// <summary>The page in docs/realtime.md as it stands there, in a real browser against a real session.</summary>
[Collection(nameof(StudioBrowser))]
public class BrowserExampleTests(StudioBrowser browser)
{
    // A microphone that is silent until a test speaks into it.
    private const string Microphone = """
        MediaDevices.prototype.getUserMedia = async () => {
          const context = new AudioContext();
          const line = context.createMediaStreamDestination();
          window.speak = seconds => {
            const tone = context.createOscillator();
            tone.connect(line);
            tone.start();
            tone.stop(context.currentTime + seconds);
          };
          return line.stream;
        };
        """;

    [Fact]
    public async Task The_example_for_browsers_listens_answers_and_can_be_interrupted()
    {
        browser.SkipWithoutChromium();
        ScriptedBrain brain = new([.. Enumerable.Range(0, 600).Select(i => $"word{i}")]); // a minute
        await using TestServer server = await TestServer.TalkingAsync(brain: brain, conversation: new ConversationOptions { InterruptionWarmUp = TimeSpan.Zero });
        await using IBrowserContext context = await browser.Browser.NewContextAsync(new() { BypassCSP = true });
        context.SetDefaultTimeout(60_000);
        await context.AddInitScriptAsync(Microphone);
        IPage page = await context.NewPageAsync();
        List<string> faults = [];
        page.PageError += (_, fault) => faults.Add(fault);
        TaskCompletionSource listens = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource<JsonElement> truncated = new(TaskCreationOptions.RunContinuationsAsynchronously);
        page.WebSocket += (_, socket) => socket.FrameSent += (_, frame) =>
        {
            if (frame.Text?.Contains("\"input_audio_buffer.append\"", StringComparison.Ordinal) == true)
                listens.TrySetResult();
            if (frame.Text?.Contains("\"conversation.item.truncate\"", StringComparison.Ordinal) == true)
                truncated.TrySetResult(JsonElement.Parse(frame.Text));
        };
        // The content of a page that the server has given: a page that came from nowhere may open no socket to this machine.
        await page.GotoAsync(new Uri(server.Address, "/health").ToString());
        await page.SetContentAsync(RealtimeDocumentationTests.Example("html"));

        await page.ClickAsync("#talk");
        await listens.Task.WaitAsync(TimeSpan.FromMinutes(1));
        await page.EvaluateAsync("() => speak(1)");
        await Assertions.Expect(page.Locator("#words")).ToContainTextAsync("You: Good morning.", new() { Timeout = 60_000 });
        await Assertions.Expect(page.Locator("#words")).ToContainTextAsync("word3", new() { Timeout = 60_000 });

        await page.EvaluateAsync("() => speak(2)");
        JsonElement sent = await truncated.Task.WaitAsync(TimeSpan.FromMinutes(1));
        Assert.InRange(sent.GetProperty("audio_end_ms").GetInt32(), 0, 60_000);
        Assert.Empty(faults);
    }
}
