using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Engines;
using Parley.Text;

namespace Parley.Cli.Commands;

/// <summary>Opens the default engines, then speaks a sentence and hears it back.</summary>
internal static class SelfCheck
{
    public const string Ready = "ready";

    private const string Sentence = "Good morning. The weather is fine today, and everything is working.", Language = "en";

    /// <summary>The default engine of each task, opened; one that cannot be opened says why.</summary>
    public static async Task<List<ComponentRow>> OpenAsync(EngineCatalogue catalogue, string[] addresses, CancellationToken cancel)
    {
        List<ComponentRow> rows = [];
        foreach ((string component, EngineTask task, string route) in new[]
        {
            ("voice", EngineTask.Speech, "/v1/audio/speech"), ("ear", EngineTask.Transcription, "/v1/audio/transcriptions"), ("brain", EngineTask.Chat, "/v1/chat/completions"),
            ("guard", EngineTask.Guard, "/v1/moderations"),
        })
        {
            if (catalogue.Default(task) is not { } engine)
                rows.Add(new(component, "-", "-", "none configured", "-"));
            else
                rows.Add(new(component, engine.Name, engine.Model, await OpenAsync(catalogue, engine, cancel), addresses[0] + route));
        }
        if (catalogue.Default(EngineTask.TurnDetection) is { } detector) // silence alone does too
            rows.Add(new("turn detector", detector.Name, detector.Model, await OpenAsync(catalogue, detector, cancel), "-"));
        foreach (string other in addresses.Skip(1))
            rows.Add(new(other.StartsWith("https:", StringComparison.Ordinal) ? "https" : "older routes", "-", "-", Ready, other));
        return rows;
    }

    private static async Task<string> OpenAsync(EngineCatalogue catalogue, EngineDescription engine, CancellationToken cancel)
    {
        try
        {
            await catalogue.OpenAsync<IDisposable>(engine.Name, cancel);
            return Ready;
        }
        catch (Exception fault) when (fault is not OperationCanceledException && Failures.Explain(fault) is not null)
        {
            return $"failed: {fault.Message}";
        }
    }

    /// <summary>Waits for the server's own warming up, which would make the check look slow; a minute at most.</summary>
    public static async Task WaitUntilReadyAsync(string address, CancellationToken cancel)
    {
        UriBuilder ready = new(address) { Path = "/health/ready" };
        if (ready.Host is "0.0.0.0" or "[::]") // every address of this machine
            ready.Host = ready.Host == "[::]" ? "[::1]" : "127.0.0.1";
        using HttpClient http = new() { Timeout = TimeSpan.FromSeconds(5) };
        using CancellationTokenSource minute = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        minute.CancelAfter(TimeSpan.FromMinutes(1));
        try
        {
            while (!(await http.GetAsync(ready.Uri, minute.Token)).IsSuccessStatusCode)
                await Task.Delay(100, minute.Token);
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            // Not ready in time: the check is made all the same, and shows what works.
        }
    }

    public static async Task<SelfCheckReport> RunAsync(EngineCatalogue catalogue, CancellationToken cancel)
    {
        ITextToSpeechClient voice = await catalogue.OpenAsync<ITextToSpeechClient>(catalogue.Default(EngineTask.Speech)!.Name, cancel);
        ISpeechToTextClient ear = await catalogue.OpenAsync<ISpeechToTextClient>(catalogue.Default(EngineTask.Transcription)!.Name, cancel);
        SpokenSound sound = new(TimeProvider.System);
        List<float> samples = [];
        await foreach (AudioFrame frame in sound.FramesAsync(voice, Sentence, new(), cancel))
            samples.AddRange(frame.Samples.Span);
        TimeSpan spoken = sound.Elapsed;
        using MemoryStream wav = new(WavWriter.ToBytes(new AudioBuffer([.. samples], sound.SampleRate)));
        long start = TimeProvider.System.GetTimestamp();
        SpeechToTextResponse heard = await ear.GetTextAsync(wav, new SpeechToTextOptions { SpeechLanguage = Language }, cancel);
        TimeSpan hearing = TimeProvider.System.GetElapsedTime(start);
        string text = heard.Text.Trim();
        ErrorRate rate = ErrorRate.OfWords(Sentence, text, WhisperEnglishNormalizer.Instance);
        return new(Sentence, text, rate.Rate, sound.FirstSound?.TotalMilliseconds ?? 0, spoken.TotalMilliseconds, sound.Duration.TotalSeconds, hearing.TotalMilliseconds);
    }
}
