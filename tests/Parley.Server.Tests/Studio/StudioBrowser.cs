using Microsoft.Playwright;
using Parley.Audio;

namespace Parley.Server.Tests.Studio;

/// <summary>Debian's Chromium without a head, with a microphone that hears a file. One for all tests of the page, closed after the last.</summary>
public sealed class StudioBrowser : IAsyncLifetime
{
    private const string Chromium = "/usr/bin/chromium";

    private readonly string folder = Directory.CreateTempSubdirectory("parley-test-").FullName;
    private readonly List<IBrowser> others = [];
    private IPlaywright? playwright;

    /// <summary>A name that leads to this machine and is not its own: over plain HTTP no browser trusts it with a microphone.</summary>
    public const string ForeignName = "studio.test";

    public IBrowser Browser { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Chromium))
            return;
        playwright = await Playwright.CreateAsync();
        Browser = await LaunchAsync(TestServer.Wav(seconds: 2.5));
    }

    /// <summary>A browser whose microphone hears a recording of its own, once.</summary>
    internal async Task<IBrowser> LaunchWithMicrophoneAsync(AudioBuffer heard)
    {
        IBrowser browser = await LaunchAsync(WavWriter.ToBytes(heard), once: true);
        others.Add(browser);
        return browser;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IBrowser browser in others)
            await browser.CloseAsync();
        if (playwright is not null)
            await Browser.CloseAsync();
        playwright?.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    internal void SkipWithoutChromium() => Assert.SkipUnless(playwright is not null, $"Needs Debian's chromium at {Chromium}.");

    private Task<IBrowser> LaunchAsync(byte[] microphone, bool once = false)
    {
        string file = Path.Combine(folder, $"microphone-{others.Count}.wav");
        File.WriteAllBytes(file, microphone);
        return playwright!.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Chromium,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", $"--use-file-for-fake-audio-capture={file}{(once ? "%noloop" : "")}",
                $"--host-resolver-rules=MAP {ForeignName} 127.0.0.1",
            ],
        });
    }
}

// Alone: a browser, its sound and the server share two cores, and sound that starves is sound that stutters.
[CollectionDefinition(nameof(StudioBrowser), DisableParallelization = true)]
public sealed class StudioBrowserTests : ICollectionFixture<StudioBrowser>;
