using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Playwright;
using Parley.Trials.Extraction;

namespace Parley.Server.Tests.Studio;

/// <summary>The page beside the clips of an extraction: listened to, ticked, and made into what 'voices add' takes.</summary>
[Collection(nameof(StudioBrowser))]
public sealed class ClipPageTests : IDisposable
{
    private readonly StudioBrowser browser;
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("parley clips'-"); // a name that a shell would take apart

    public ClipPageTests(StudioBrowser browser)
    {
        this.browser = browser;
        string[] said = ["Good evening, I am so glad that you found the house.", "<b>Come in</b> & sit by the fire.", "Tell me then, did you bring the letters from the old captain?"];
        ReferenceClip[] clips = [.. said.Select((text, i) => Clip($"clip_ann_{10 * i}_{10 * i + 3}.wav", text, 0.95 - 0.1 * i))];
        File.WriteAllText(Page, ClipPage.Write(clips));
    }

    private string Page => Path.Combine(folder.FullName, "index.html");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task The_ticked_clips_become_a_list_and_a_command_that_voices_add_takes()
    {
        browser.SkipWithoutChromium();
        await using StudioPage page = await OpenAsync();
        Assert.True(await page["#save"].IsDisabledAsync());
        await page["label >> nth=0"].ClickAsync();
        await page["audio >> nth=0"].EvaluateAsync("audio => audio.play()");
        await Assertions.Expect(page["audio >> nth=0"]).ToHaveJSPropertyAsync("ended", true, new() { Timeout = 60_000 });
        await page["label >> nth=2"].ClickAsync();
        await page.ShowsAsync("#count", "2 clips are ticked.");
        string first = Path.Combine(folder.FullName, "clip_ann_0_3.wav").Replace("'", "'\\''", StringComparison.Ordinal);
        Assert.Contains($"parley voices add '{first}' '", await page.TextAsync("#command"), StringComparison.Ordinal);

        IDownload saved = await page.Page.RunAndWaitForDownloadAsync(() => page["#save"].ClickAsync());
        string list = Path.Combine(folder.FullName, saved.SuggestedFilename);
        await saved.SaveAsAsync(list);

        IReadOnlyList<(string Path, ReferenceClip Clip)> confirmed = ConfirmedClips.Read(list, folder: null);
        Assert.Equal(["clip_ann_0_3.wav", "clip_ann_20_23.wav"], confirmed.Select(clip => clip.Clip.Clip));
        Assert.All(confirmed, clip => Assert.True(clip.Clip.ConfirmedByUser));
    }

    [Theory]
    [MemberData(nameof(AccessibilityTests.Windows), MemberType = typeof(AccessibilityTests))]
    public async Task A_scan_finds_nothing_wrong(string name, int width, int height, ColorScheme colours)
    {
        browser.SkipWithoutChromium();
        await using StudioPage page = await OpenAsync(new() { ViewportSize = new() { Width = width, Height = height }, ColorScheme = colours, DeviceScaleFactor = 1 });
        await page["label >> nth=0"].ClickAsync();
        Assert.Equal("<b>Come in</b> & sit by the fire.", await page.TextAsync("label >> nth=1"));
        await page.LookAsync(name, "clips");
    }

    private Task<StudioPage> OpenAsync(BrowserNewContextOptions? options = null) =>
        StudioPage.OpenAtAsync(browser.Browser, new Uri(Page), "() => document.getElementById('command').textContent.length > 0", options);

    private ReferenceClip Clip(string name, string text, double similarity)
    {
        byte[] wav = TestServer.Wav(0.5);
        File.WriteAllBytes(Path.Combine(folder.FullName, name), wav);
        ReferenceClip clip = new()
        {
            Clip = name, Sha256 = Convert.ToHexStringLower(SHA256.HashData(wav)), DurationS = 3.2, SampleRate = 16_000, Channels = 1, StartS = 1, EndS = 4, Speaker = "Ann", Text = text,
            MedianF0Hz = 201, LufsI = -16, Dbtp = -2, GainDb = 3, Similarity = similarity, Mode = "voice", Timing = "cue", ToolVersion = "1",
        };
        File.WriteAllText(Path.Combine(folder.FullName, $"metadata_{Path.GetFileNameWithoutExtension(name)}.json"), JsonSerializer.Serialize(clip, Snake));
        return clip;
    }

    private static readonly JsonSerializerOptions Snake = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
}
