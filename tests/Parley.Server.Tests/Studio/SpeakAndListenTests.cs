using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Parley.Audio;

namespace Parley.Server.Tests.Studio;

/// <summary>The other two tabs: a line that is heard, a recording that is read.</summary>
[Collection(nameof(StudioBrowser))]
public class SpeakAndListenTests(StudioBrowser browser)
{
    [Fact]
    public async Task A_line_is_heard_whole_and_its_figures_are_shown()
    {
        browser.SkipWithoutChromium();
        await using TestServer server = await StartAsync();
        await using StudioPage studio = await StudioPage.OpenAsync(browser.Browser, server.Address, "speak");
        await studio["#speak-text"].FillAsync("one two three four five six seven eight nine ten");
        await studio["#speak-button"].ClickAsync();
        await studio.ShowsAsync("#speak-status", "1.0 s by tone, voice anna.");
        PlayedSound played = await studio.PlayedAsync();
        Assert.Equal(1.0, played.Seconds, 0.05);
        Assert.Equal(440, played.Pitch(), 2.0);
        Assert.Matches("^[0-9]+ ms$", await studio.TextAsync("#speak-first"));
        Assert.Matches("^[0-9]+ ms$", await studio.TextAsync("#speak-heard"));
        Assert.True(double.Parse(await studio.TextAsync("#speak-rtf"), CultureInfo.InvariantCulture) > 0);
        Assert.Equal("1.0 s", await studio.TextAsync("#speak-length"));

        // The file is what was heard.
        IDownload saved = await studio.Page.RunAndWaitForDownloadAsync(() => studio["#speak-save"].ClickAsync());
        Assert.Equal(1.0, WavReader.Read(await File.ReadAllBytesAsync(await saved.PathAsync())).Duration.TotalSeconds, 0.001);
    }

    [Fact]
    public async Task A_line_that_is_stopped_falls_silent_and_stops_the_engine()
    {
        browser.SkipWithoutChromium();
        ToneSpeaker speaker = new() { BeforeWord = (index, cancel) => index < 20 ? Task.CompletedTask : Task.Delay(Timeout.Infinite, cancel) };
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(speaker));
        await using StudioPage studio = await StudioPage.OpenAsync(browser.Browser, server.Address, "speak");
        await studio["#speak-text"].FillAsync(string.Join(' ', Enumerable.Repeat("word", 50)));
        await studio["#speak-button"].ClickAsync();
        await studio.Page.WaitForFunctionAsync("() => window.tap.pieces.some(piece => piece.some(sample => sample !== 0))");
        await studio["#speak-button"].ClickAsync();
        await TestServer.UntilAsync(() => speaker.Running == 0);
        await studio.ShowsAsync("#speak-button", "Speak");
        PlayedSound played = await studio.PlayedAsync();
        Assert.True(played.Overrun < 0.05);
    }

    [Fact]
    public async Task A_refusal_is_shown_in_the_servers_words()
    {
        browser.SkipWithoutChromium();
        await using TestServer server = await StartAsync();
        await using StudioPage studio = await StudioPage.OpenAsync(browser.Browser, server.Address, "speak");
        await studio["#speak-text"].FillAsync("!");
        await studio["#speak-button"].ClickAsync();
        await studio.ShowsAsync("#speak-status.fault", "There is nothing in 'input' that can be spoken.");
    }

    [Fact]
    public async Task A_dropped_recording_is_read_and_its_times_lead_into_it()
    {
        browser.SkipWithoutChromium();
        await using TestServer server = await StartAsync();
        await using StudioPage studio = await StudioPage.OpenAsync(browser.Browser, server.Address, "listen");
        await DropAsync(studio, TestServer.Wav(seconds: 3), "captain.wav");
        await studio.ShowsAsync("#transcript li:nth-child(2)", "leaves at noon.");
        Assert.Equal("The boat", await studio.TextAsync("#transcript li:nth-child(1) .words"));
        Assert.Equal("0:01", await studio.TextAsync("#transcript li:nth-child(2) .stamp"));
        await studio.ShowsAsync("#listen-status", "captain.wav: 0:03 of sound");
        await studio["#transcript li:nth-child(2) .stamp"].ClickAsync();
        await studio.Page.WaitForFunctionAsync("() => document.getElementById('listen-player').currentTime >= 1");
        await Assertions.Expect(studio["#transcript li:nth-child(2)"]).ToHaveAttributeAsync("aria-current", "true");

        IDownload saved = await studio.Page.RunAndWaitForDownloadAsync(() => studio["#listen-save"].ClickAsync());
        Assert.Equal("captain.srt", saved.SuggestedFilename);
        using StreamReader text = new(await saved.CreateReadStreamAsync());
        Assert.StartsWith("1\n00:00:00,000 --> 00:00:01,000\nThe boat\n\n2\n00:00:01,000 --> 00:00:02,000\nleaves at noon.\n", await text.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recording_made_here_is_read()
    {
        browser.SkipWithoutChromium();
        ScriptedEar ear = new("The boat");
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()), TestServer.Ear(ear));
        await using StudioPage studio = await StudioPage.OpenAsync(browser.Browser, server.Address, "listen");
        await studio["#listen-record"].ClickAsync();
        await studio.ShowsAsync("#listen-status", "Recording: 0:01");
        await studio["#listen-record"].ClickAsync();
        await studio.ShowsAsync("#transcript", "The boat");
        Assert.InRange(ear.Heard[^1].TotalSeconds, 1, 10);
    }

    [Fact]
    public async Task Markup_in_words_names_and_errors_is_text()
    {
        const string Markup = "<img src=x onerror=\"window.hacked=1\"><script>window.hacked=2</script>";
        browser.SkipWithoutChromium();
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()), TestServer.Ear(new ScriptedEar(Markup)));
        ScriptedRealtime realtime = new();
        await using StudioPage studio = await StudioPage.OpenAsync(browser.Browser, server.Address, "listen", prepare: realtime.ServeAsync);
        await DropAsync(studio, TestServer.Wav(), $"{Markup.Replace('/', '_')}.wav");
        await studio.ShowsAsync("#transcript", Markup);
        await studio["#tab-talk"].ClickAsync();
        await studio["#talk-button"].ClickAsync();
        await realtime.WelcomeAsync();
        await realtime.HearAsync("u1", Markup);
        await realtime.SayAsync("a1", Markup, ScriptedRealtime.Tone(0.2));
        await realtime.SendAsync("error", new { error = new { code = "x", message = Markup } });
        await studio.ShowsAsync("#dialogue .you", Markup);
        await studio.ShowsAsync("#dialogue .parley", Markup);
        await studio.ShowsAsync("#notice", Markup);
        Assert.Equal(0, await studio["img, body script"].CountAsync());
        Assert.False(await studio.Page.EvaluateAsync<bool>("() => 'hacked' in window"));
    }

    [Fact]
    public async Task A_server_that_wants_a_key_is_given_the_one_that_was_typed()
    {
        browser.SkipWithoutChromium();
        string folder = Directory.CreateTempSubdirectory("parley-test-").FullName;
        try
        {
            ServerOptions options = new();
            options.Auth.KeysFile = Path.Combine(folder, "keys.json");
            string key = ApiKeyFile.Add(options.Auth.KeysFile, "visitor", [], DateTimeOffset.UnixEpoch);
            await using TestServer server = await TestServer.StartAsync(options, TestServer.Speaker(new ToneSpeaker()), TestServer.Ear(new ScriptedEar("Hello.")));
            await using StudioPage studio = await StudioPage.OpenAsync(browser.Browser, server.Address, "speak");
            await studio.ShowsAsync("#notice", "This server needs an API key.");
            await studio["#notice button"].ClickAsync();
            await studio["#set-key"].FillAsync(key);
            await studio.Page.Keyboard.PressAsync("Tab");
            await Assertions.Expect(studio["#speak-engine option"]).ToHaveTextAsync("tone");
            await studio.Page.Keyboard.PressAsync("Escape");
            await studio["#speak-text"].FillAsync("one two");
            await studio["#speak-button"].ClickAsync();
            await studio.ShowsAsync("#speak-status", "0.2 s by tone");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Task<TestServer> StartAsync() => TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()), TestServer.Ear(new ScriptedEar("The boat", "leaves at noon.")));

    private static async Task DropAsync(StudioPage studio, byte[] recording, string name)
    {
        IJSHandle files = await studio.Page.EvaluateHandleAsync("""
            ([content, name]) => {
              const files = new DataTransfer();
              files.items.add(new File([Uint8Array.from(atob(content), letter => letter.charCodeAt(0))], name, { type: "audio/wav" }));
              return files;
            }
            """, new[] { Convert.ToBase64String(recording), name });
        await studio["#drop"].DispatchEventAsync("drop", new { dataTransfer = files });
    }
}
