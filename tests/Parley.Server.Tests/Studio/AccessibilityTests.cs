using Microsoft.Playwright;

namespace Parley.Server.Tests.Studio;

/// <summary>The page for everybody: by keyboard, by screen reader, in every light. The pictures that are taken on the way lie in artifacts/studio.</summary>
[Collection(nameof(StudioBrowser))]
public class AccessibilityTests(StudioBrowser browser)
{
    public static TheoryData<string, int, int, ColorScheme> Windows => new()
    {
        { "light", 1280, 800, ColorScheme.Light },
        { "dark", 1280, 800, ColorScheme.Dark },
        { "phone", 390, 844, ColorScheme.Light },
        { "phone-dark", 390, 844, ColorScheme.Dark },
    };

    [Theory]
    [MemberData(nameof(Windows))]
    public async Task A_scan_finds_nothing_wrong_in_any_state(string name, int width, int height, ColorScheme colours)
    {
        browser.SkipWithoutChromium();
        await using TestServer server = await TestServer.StartAsync(
            TestServer.Speaker(new ToneSpeaker()), TestServer.Ear(new ScriptedEar("And so, my fellow sailors,", "ask not when the boat leaves.")), TestServer.Brain(new ScriptedBrain("Aye.")));
        await server.WarmAsync();
        ScriptedRealtime realtime = new();
        await using StudioPage studio = await StudioPage.OpenAsync(browser.Browser, server.Address, prepare: realtime.ServeAsync,
            options: new() { ViewportSize = new() { Width = width, Height = height }, ColorScheme = colours, ReducedMotion = ReducedMotion.Reduce, DeviceScaleFactor = 1 });
        await studio.ShowsAsync("#badges", "parrot");
        await studio.LookAsync(name, "talk");

        await studio["#talk-button"].ClickAsync();
        await realtime.WelcomeAsync();
        await realtime.HearAsync("u1", "When does the boat leave?");
        await realtime.SayAsync("a1", "At noon, as it does on every day of the week, ", ScriptedRealtime.Syllables(2));
        await realtime.SayAsync("a1", "and the captain waits for nobody.", ScriptedRealtime.Syllables(6));
        await realtime.ExpectAsync("x_playback.position", position => position.GetProperty("audio_ms").GetInt32() > 2500);
        await realtime.SendAsync("output_audio_buffer.cleared", new { response_id = "resp_1" });
        await studio.ShowsAsync("#dialogue s", "nobody");
        await realtime.HearAsync("u2", "Not even for me?");
        await realtime.SayAsync("a2", "Not even for you. ", ScriptedRealtime.Syllables(1));
        await realtime.SayAsync("a2", "But there is another one at two.", ScriptedRealtime.Syllables(8));
        await realtime.SendAsync("x_metrics.turn", new
        {
            item_id = "u2", response_id = "resp_1",
            stages = new object[]
            {
                new { name = "end of turn", ms = 412.0 }, new { name = "transcript", ms = 455.0 }, new { name = "first token", ms = 590.0 },
                new { name = "first clause", ms = 668.0 }, new { name = "first sound", ms = 790.0 },
            },
        });
        await realtime.ExpectAsync("x_playback.position", position => position.GetProperty("item_id").GetString() == "a2" && position.GetProperty("audio_ms").GetInt32() > 1500);
        await studio.LookAsync(name, "talking");
        await studio["#talk-button"].ClickAsync();

        await studio["#tab-speak"].ClickAsync();
        await studio["#speak-button"].ClickAsync();
        await studio.ShowsAsync("#speak-status", "by tone");
        await studio.LookAsync(name, "speak");
        await studio["#tab-listen"].ClickAsync();
        await studio["#listen-file"].SetInputFilesAsync(new FilePayload { Name = "sailors.wav", MimeType = "audio/wav", Buffer = TestServer.Wav(2) });
        await studio.ShowsAsync("#listen-status", "sailors.wav: 0:02");
        await studio.LookAsync(name, "listen");
        await studio["#open-settings"].ClickAsync();
        await studio.LookAsync(name, "settings");
    }

    [Fact]
    public async Task Everything_is_reached_by_keyboard_in_reading_order()
    {
        browser.SkipWithoutChromium();
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()), TestServer.Ear(new ScriptedEar("Hello.")), TestServer.Brain(new ScriptedBrain("Aye.")));
        await using StudioPage studio = await StudioPage.OpenAsync(browser.Browser, server.Address, tab: "");
        Assert.Equal(["skip", "tab-talk", "theme", "open-settings", "talk-button"], await WalkAsync(studio, 5));

        await studio["#tab-talk"].FocusAsync();
        await studio.Page.Keyboard.PressAsync("ArrowRight");
        Assert.Equal("tab-speak", await FocusAsync(studio));
        Assert.True(await studio["#speak"].IsVisibleAsync());
        Assert.Equal(["theme", "open-settings", "speak-text", "speak-engine", "speak-voice", "speak-speed", "speak-button"], await WalkAsync(studio, 7));
        await studio["#tab-speak"].FocusAsync();
        await studio.Page.Keyboard.PressAsync("End");
        Assert.Equal("tab-listen", await FocusAsync(studio));
        Assert.Equal(["theme", "open-settings", "listen-file", "listen-record", "listen-language"], await WalkAsync(studio, 5));
        await studio["#tab-listen"].FocusAsync();
        await studio.Page.Keyboard.PressAsync("ArrowRight"); // around
        Assert.Equal("tab-talk", await FocusAsync(studio));
    }

    [Fact]
    public async Task The_drawer_keeps_the_focus_and_gives_it_back()
    {
        browser.SkipWithoutChromium();
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()), TestServer.Ear(new ScriptedEar("Hello.")), TestServer.Brain(new ScriptedBrain("Aye.")));
        await using StudioPage studio = await StudioPage.OpenAsync(browser.Browser, server.Address);
        await studio["#open-settings"].FocusAsync();
        await studio.Page.Keyboard.PressAsync("Enter");
        Assert.True(await studio.Page.EvaluateAsync<bool>("() => document.getElementById('settings').contains(document.activeElement)"));
        for (int i = 0; i < 20; i++)
        {
            await studio.Page.Keyboard.PressAsync("Tab");
            // Between the last field and the first, browsers let the focus visit their own bar.
            Assert.True(await studio.Page.EvaluateAsync<bool>("() => document.activeElement === document.body || document.getElementById('settings').contains(document.activeElement)"));
        }
        await studio.Page.Keyboard.PressAsync("Escape");
        Assert.Equal("open-settings", await FocusAsync(studio));
    }

    [Fact]
    public async Task Light_and_dark_follow_the_system_until_one_is_chosen()
    {
        browser.SkipWithoutChromium();
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        await using StudioPage studio = await StudioPage.OpenAsync(browser.Browser, server.Address, options: new() { ColorScheme = ColorScheme.Dark });
        string dark = await PaperAsync(studio);
        await studio["#theme"].ClickAsync();
        string light = await PaperAsync(studio);
        Assert.NotEqual(dark, light);
        await studio.Page.ReloadAsync();
        Assert.Equal(light, await PaperAsync(studio));
    }

    private static Task<string> PaperAsync(StudioPage studio) => studio.Page.EvaluateAsync<string>("() => getComputedStyle(document.body).backgroundColor");

    private static Task<string> FocusAsync(StudioPage studio) => studio.Page.EvaluateAsync<string>("() => document.activeElement.id || document.activeElement.className");

    private static async Task<List<string>> WalkAsync(StudioPage studio, int steps)
    {
        List<string> met = [];
        for (int i = 0; i < steps; i++)
        {
            await studio.Page.Keyboard.PressAsync("Tab");
            met.Add(await FocusAsync(studio));
        }
        return met;
    }
}
