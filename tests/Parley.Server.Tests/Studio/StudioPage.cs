using System.Runtime.InteropServices;
using System.Text.Json;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Parley.Server.Tests.Studio;

/// <summary>The page in a browser window of its own. What it gives to the loudspeaker is kept, sample by sample; errors in its console fail the test.</summary>
internal sealed class StudioPage : IAsyncDisposable
{
    // A second ear on the playback worklet: the page's own capture worklet, which at the device's rate hands on what it hears as it is.
    // Also notes when a cut was asked for, and what was called inside a tap of the finger.
    private const string Tap = """
        window.tap = { pieces: [], length: 0, start: Infinity, quiets: [], cutAt: null, inGesture: {}, rate: 0 };
        const Node = window.AudioWorkletNode;
        window.AudioWorkletNode = class extends Node {
          constructor(context, name, options) {
            super(context, name, options);
            if (name !== "parley-playback") return;
            const tap = window.tap = { ...window.tap, pieces: [], length: 0, start: Infinity, quiets: [], rate: context.sampleRate };
            const ear = new Node(context, "parley-capture", { processorOptions: { rate: context.sampleRate, chunk: 128 } });
            ear.port.onmessage = ({ data: { pcm } }) => {
              tap.pieces.push(pcm);
              tap.length += pcm.length;
              tap.start = Math.min(tap.start, context.currentTime - tap.length / tap.rate); // the message that waited least tells best
            };
            this.connect(ear).connect(context.destination);
            const post = this.port.postMessage.bind(this.port);
            this.port.postMessage = (message, ...more) => {
              if (message.type === "cut" || message.type === "pause") tap.quiets.push(context.currentTime);
              if (message.type === "cut") tap.cutAt = context.currentTime;
              post(message, ...more);
            };
          }
        };
        const note = (owner, name) => {
          const original = owner[name];
          owner[name] = function (...more) {
            window.tap.inGesture[name] ??= window.event?.type === "click" || window.event?.type === "submit";
            return original.apply(this, more);
          };
        };
        note(AudioContext.prototype, "resume");
        if (navigator.mediaDevices) note(MediaDevices.prototype, "getUserMedia");
        """;

    private readonly IBrowserContext context;
    private readonly List<string> faults = [];

    private StudioPage(IBrowserContext context, IPage page)
    {
        this.context = context;
        Page = page;
        page.Console += (_, message) =>
        {
            // Refusals that a test provokes, and a header that browsers leave out over plain HTTP, are no faults of the page.
            if (message.Type == "error" && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal) && !message.Text.StartsWith("The Cross-Origin-Opener-Policy", StringComparison.Ordinal))
                faults.Add(message.Text);
        };
        page.PageError += (_, fault) => faults.Add(fault);
    }

    public IPage Page { get; }

    public ILocator this[string selector] => Page.Locator(selector);

    /// <param name="browser">Where.</param>
    /// <param name="address">Of the server.</param>
    /// <param name="tab">talk, speak or listen; empty for the bare address.</param>
    /// <param name="options">Of the window.</param>
    /// <param name="script">Runs in the page before its own scripts.</param>
    /// <param name="prepare">Done before the page is loaded.</param>
    public static Task<StudioPage> OpenAsync(
        IBrowser browser, Uri address, string tab = "talk", BrowserNewContextOptions? options = null, string script = "", Func<IPage, Task>? prepare = null) =>
        OpenAtAsync(browser, new Uri(address, tab.Length > 0 ? $"#{tab}" : ""), "() => document.getElementById('speak-engine').options.length > 0 || !document.getElementById('notice').hidden", options, Tap + script, prepare);

    /// <summary>Any page of the server, once what it waits for has come true in it.</summary>
    public static async Task<StudioPage> OpenAtAsync(IBrowser browser, Uri page, string ready, BrowserNewContextOptions? options = null, string script = "", Func<IPage, Task>? prepare = null)
    {
        IBrowserContext context = await browser.NewContextAsync(options);
        context.SetDefaultTimeout(60_000);
        if (script.Length > 0)
            await context.AddInitScriptAsync(script);
        IPage window = await context.NewPageAsync();
        StudioPage studio = new(context, window);
        if (prepare is not null)
            await prepare(window);
        await window.GotoAsync(page.AbsoluteUri);
        await window.WaitForFunctionAsync(ready);
        return studio;
    }

    /// <summary>Takes a picture into <c>artifacts/studio</c> and scans the page for what keeps people out.</summary>
    /// <param name="window">Name of the window's size and colours.</param>
    /// <param name="state">What the page shows.</param>
    /// <param name="isWhole">True for the whole page and not only what the window shows.</param>
    public async Task LookAsync(string window, string state, bool isWhole = false)
    {
        await Page.ScreenshotAsync(new() { Path = Path.Combine(TestData.Root, "artifacts", "studio", $"{window}-{state}.png"), FullPage = isWhole });
        AxeResult result = await Page.RunAxe();
        Assert.True(result.Violations.Length == 0, $"{window}, {state}: " + string.Join("; ",
            result.Violations.Select(violation => $"{violation.Id} ({violation.Help}) at {string.Join(", ", violation.Nodes.Select(node => $"{node.Target} {string.Join(' ', node.Any.Select(check => check.Message))}"))}")));
    }

    /// <summary>Everything that went to the loudspeaker so far.</summary>
    public async Task<PlayedSound> PlayedAsync()
    {
        JsonElement tap = await Page.EvaluateAsync<JsonElement>("""
            () => {
              const { pieces, length, start, rate, quiets, cutAt } = window.tap;
              const samples = new Int16Array(length);
              let at = 0;
              for (const piece of pieces) {
                if (at + piece.length > length) break;
                samples.set(piece, at);
                at += piece.length;
              }
              const bytes = new Uint8Array(samples.buffer);
              let text = "";
              for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
              return { samples: btoa(text), start: length > 0 ? start : 0, rate, quiets, cut: cutAt };
            }
            """);
        short[] pcm = MemoryMarshal.Cast<byte, short>(tap.GetProperty("samples").GetBytesFromBase64()).ToArray();
        float[] samples = Array.ConvertAll(pcm, sample => sample / 32768f);
        JsonElement cut = tap.GetProperty("cut");
        return new PlayedSound(samples, tap.GetProperty("rate").GetInt32(), tap.GetProperty("start").GetDouble(),
            [.. tap.GetProperty("quiets").EnumerateArray().Select(quiet => quiet.GetDouble())], cut.ValueKind == JsonValueKind.Null ? null : cut.GetDouble());
    }

    public Task<string> TextAsync(string selector) => this[selector].InnerTextAsync();

    /// <summary>Waits for a text; a page that never shows it fails with what it shows.</summary>
    public Task ShowsAsync(string selector, string text) => Assertions.Expect(this[selector]).ToContainTextAsync(text, new() { Timeout = 60_000 });

    public async ValueTask DisposeAsync()
    {
        await context.CloseAsync();
        Assert.Empty(faults);
    }
}

/// <summary>Sound that the page gave to the loudspeaker.</summary>
/// <param name="Samples">Mono, from the moment the loudspeaker was opened.</param>
/// <param name="Rate">Hz; the device's.</param>
/// <param name="Start">When the first sample was due, on the audio clock, in seconds.</param>
/// <param name="QuietAt">When the page asked for silence, be it a pause or a cut, on the same clock.</param>
/// <param name="CutAt">When it last asked for a cut.</param>
internal sealed record PlayedSound(float[] Samples, int Rate, double Start, IReadOnlyList<double> QuietAt, double? CutAt)
{
    private const float Silence = 1e-4f;

    /// <summary>The stretches of sound with less than 20 ms of silence inside: first sample and the one after the last.</summary>
    public IReadOnlyList<(int Start, int End)> Stretches
    {
        get
        {
            List<(int Start, int End)> found = [];
            int pause = Rate / 50;
            for (int i = 0; i < Samples.Length; i++)
            {
                if (Math.Abs(Samples[i]) < Silence)
                    continue;
                if (found.Count > 0 && i - found[^1].End < pause)
                    found[^1] = (found[^1].Start, i + 1);
                else
                    found.Add((i, i + 1));
            }
            return found;
        }
    }

    /// <summary>Seconds of sound.</summary>
    public double Seconds => Stretches.Sum(stretch => stretch.End - stretch.Start) / (double)Rate;

    /// <summary>How long sound went on after silence was asked for, at worst, in seconds.</summary>
    public double Overrun => QuietAt.Max(quiet => Stretches
        .Select(stretch => (Start: Start + stretch.Start / (double)Rate, End: Start + stretch.End / (double)Rate))
        .Where(stretch => stretch.Start <= quiet && quiet < stretch.End).Select(stretch => stretch.End - quiet).DefaultIfEmpty(0).Max());

    /// <summary>What was played before the cut.</summary>
    public PlayedSound BeforeCut => this with { Samples = Samples[..Math.Clamp((int)((CutAt!.Value - Start) * Rate), 0, Samples.Length)] };

    /// <summary>The pitch of a pure tone, in Hz: the middle one of its periods, so that a stutter does not count.</summary>
    public double Pitch()
    {
        double[] periods = [.. Periods().Order()];
        return Rate / periods[periods.Length / 2];
    }

    /// <summary>The periods of a pure tone, in samples: from one rising zero to the next.</summary>
    public IEnumerable<double> Periods()
    {
        List<double> crossings = [];
        bool wasBelow = false; // really below zero since the last crossing: in silence nothing crosses
        for (int i = 1; i < Samples.Length; i++)
        {
            wasBelow |= Samples[i - 1] < -Silence;
            if (!wasBelow || Samples[i - 1] >= 0 || Samples[i] < 0)
                continue;
            crossings.Add(i - (double)Samples[i] / (Samples[i] - Samples[i - 1]));
            wasBelow = false;
        }
        return crossings.Zip(crossings.Skip(1), (a, b) => b - a);
    }
}
