using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;

namespace Parley.Server.Tests.Studio;

/// <summary>The page for blind listening, with the pairs of a trial.</summary>
[Collection(nameof(StudioBrowser))]
public sealed class JudgeTests(StudioBrowser browser) : IDisposable
{
    private const string Begun = "() => !document.getElementById('begin').hidden && (document.querySelector('[name=trial]') || !document.getElementById('no-trials').hidden || !document.getElementById('key-field').hidden)";

    private readonly MadeTrial trial = new();

    public void Dispose() => trial.Dispose();

    [Fact]
    public async Task A_listener_judges_every_pair_by_mouse_and_keyboard_and_goes_on_after_a_reload()
    {
        browser.SkipWithoutChromium();
        await using TestServer server = await StartAsync();
        await using StudioPage page = await OpenAsync(server);
        await page["#listener"].FillAsync("anna");
        await page["#begin-button"].ClickAsync();
        await page.ShowsAsync("#pair-heading", "Pair 1 of 6");
        await page.ShowsAsync("#todo", "Hear A and B to the end first.");

        // With the mouse.
        await page[".clip.you .play"].ClickAsync();
        await page.ShowsAsync(".clip.you .heard", "Heard once");
        await page.ShowsAsync("#todo", "Hear B to the end first.");
        await page[".clip.parley .play"].ClickAsync();
        await page.ShowsAsync(".clip.parley .heard", "Heard once");
        await page["[data-side=a] .scale label:nth-child(4)"].ClickAsync();
        Assert.True(await page["#next"].IsDisabledAsync());
        await page["[data-side=b] .scale label:nth-child(2)"].ClickAsync();
        await page[".choices label:nth-child(1)"].ClickAsync();
        await page["#note"].FillAsync("B hums");

        // What has been said so far outlives a reload, and the listener need not sign in again.
        await page.Page.ReloadAsync();
        await page.ShowsAsync("#pair-heading", "Pair 1 of 6");
        await Assertions.Expect(page["#next"]).ToBeEnabledAsync();
        Assert.Equal("B hums", await page["#note"].InputValueAsync());
        await page["#next"].ClickAsync();

        // By keyboard alone.
        for (int number = 2; number <= 6; number++)
        {
            await page.ShowsAsync("#pair-heading", $"Pair {number} of 6");
            await page.ShowsAsync("#todo", "Hear A and B");
            await Assertions.Expect(page[".clip.parley .play"]).ToBeEnabledAsync();
            await page.Page.Keyboard.PressAsync("a");
            await page.ShowsAsync(".clip.you .heard", "Heard once");
            await page.Page.Keyboard.PressAsync("3");
            await page.Page.Keyboard.PressAsync("b");
            await page.ShowsAsync(".clip.parley .heard", "Heard once");
            await page.Page.Keyboard.PressAsync("5");
            await page.Page.Keyboard.PressAsync("ArrowRight");
            await page.Page.Keyboard.PressAsync("Enter");
        }
        await page.ShowsAsync("#end-text", "You have judged all 6 pairs. The labels stay sealed");

        JsonElement[] judged = [.. trial.Judgements.Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(6, judged.Select(line => line.GetProperty("pair").GetString()).Distinct().Count());
        Assert.Equal((4, 2, "a", "B hums"), (judged[0].GetProperty("score_a").GetInt32(), judged[0].GetProperty("score_b").GetInt32(), judged[0].GetProperty("pref").GetString(), judged[0].GetProperty("note").GetString()));
        Assert.All(judged[1..], line => Assert.Equal((3, 5, "b", 1, 1),
            (line.GetProperty("score_a").GetInt32(), line.GetProperty("score_b").GetInt32(), line.GetProperty("pref").GetString(), line.GetProperty("plays_a").GetInt32(), line.GetProperty("plays_b").GetInt32())));
        Assert.DoesNotContain("candidate", await page.Page.ContentAsync(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Two_clips_never_sound_together_and_a_stopped_one_has_not_been_heard()
    {
        browser.SkipWithoutChromium();
        await using TestServer server = await StartAsync();
        await using StudioPage page = await OpenAsync(server);
        await page["#listener"].FillAsync("berta");
        await page["#begin-button"].ClickAsync();
        await page.ShowsAsync("#pair-heading", "Pair 1 of 6");
        await Assertions.Expect(page[".clip.you .play"]).ToBeEnabledAsync();
        await Assertions.Expect(page[".clip.parley .play"]).ToBeEnabledAsync();

        await page.Page.EvaluateAsync("() => { document.querySelector('.clip.you .play').click(); document.querySelector('.clip.parley .play').click(); }");
        await page.ShowsAsync(".clip.parley .heard", "Heard once");

        Assert.Contains("Not heard", await page.TextAsync(".clip.you .heard"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_a_key_is_needed_the_page_asks_for_it()
    {
        browser.SkipWithoutChromium();
        string keys = Path.Combine(trial.Root, "keys.json");
        string key = ApiKeyFile.Add(keys, "anna", ["trials"], DateTimeOffset.UnixEpoch);
        ServerOptions options = new() { Trials = { Folder = trial.Root } };
        options.Auth.KeysFile = keys;
        await using TestServer server = await TestServer.StartAsync(options, TestServer.Speaker(new ToneSpeaker()));
        await using StudioPage page = await OpenAsync(server);
        await page["#key"].FillAsync(key);
        await page["#listener"].FillAsync("anna");
        await page["#begin-button"].ClickAsync();
        await page.ShowsAsync("#trials", "voices");
        await page["#begin-button"].ClickAsync();
        await page.ShowsAsync("#pair-heading", "Pair 1 of 6");
        await Assertions.Expect(page[".clip.you .play"]).ToBeEnabledAsync(); // the clip came with the key too
    }

    [Theory]
    [MemberData(nameof(AccessibilityTests.Windows), MemberType = typeof(AccessibilityTests))]
    public async Task A_scan_finds_nothing_wrong_in_any_state(string name, int width, int height, ColorScheme colours)
    {
        browser.SkipWithoutChromium();
        await using TestServer server = await StartAsync();
        await using StudioPage page = await OpenAsync(server, new() { ViewportSize = new() { Width = width, Height = height }, ColorScheme = colours, ReducedMotion = ReducedMotion.Reduce, DeviceScaleFactor = 1 });
        await page.LookAsync(name, "judge-begin", isWhole: true);
        await page["#listener"].FillAsync("anna");
        await page["#begin-button"].ClickAsync();
        await page.ShowsAsync("#pair-heading", "Pair 1 of 6");
        await Assertions.Expect(page[".clip.you .play"]).ToBeEnabledAsync();
        await page[".clip.you .play"].ClickAsync();
        await page.ShowsAsync(".clip.you .heard", "Heard once");
        await page["[data-side=a] .scale label:nth-child(4)"].ClickAsync();
        await page[".choices label:nth-child(1)"].ClickAsync();
        await page.LookAsync(name, "judge-pair", isWhole: true);
        Assert.True(await page.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth"), "The page is wider than its window.");

        for (string? pair = await NextAsync(server); pair is not null; pair = await NextAsync(server))
            (await server.Http.PostAsJsonAsync("/v1/trials/voices/listening", new { pair, listener = "anna", score_a = 3, score_b = 4, plays_a = 1, plays_b = 1 })).EnsureSuccessStatusCode();
        await page.Page.ReloadAsync();
        await page.ShowsAsync("#end-text", "You have judged all 6 pairs");
        await page.LookAsync(name, "judge-end", isWhole: true);
    }

    [Fact]
    public async Task Without_trials_the_page_says_how_to_get_one()
    {
        browser.SkipWithoutChromium();
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        await using StudioPage page = await OpenAsync(server);
        await page.ShowsAsync("#no-trials", "parley trial run NAME");
    }

    private Task<TestServer> StartAsync() => TestServer.StartAsync(new ServerOptions { Trials = { Folder = trial.Root } }, TestServer.Speaker(new ToneSpeaker()));

    private Task<StudioPage> OpenAsync(TestServer server, BrowserNewContextOptions? options = null) => StudioPage.OpenAtAsync(browser.Browser, new Uri(server.Address, "judge"), Begun, options);

    private static async Task<string?> NextAsync(TestServer server)
    {
        JsonElement next = JsonDocument.Parse(await server.Http.GetStringAsync("/v1/trials/voices/listening?listener=anna")).RootElement;
        return next.GetProperty("pair") is { ValueKind: JsonValueKind.Object } pair ? pair.GetProperty("id").GetString() : null;
    }
}
