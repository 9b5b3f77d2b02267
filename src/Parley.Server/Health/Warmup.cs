using Microsoft.Extensions.AI;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Parley.Audio;
using Parley.Engines;
using Parley.Models;

namespace Parley.Server;

/// <summary>
/// Opens the required engines and makes each do one small piece of work, so that the first caller does not pay for it and a
/// damaged model is found before anybody asks. The server listens meanwhile and says that it is not ready.
/// </summary>
internal sealed partial class Warmup(EngineCatalogue catalogue, Admission admission, ServerOptions options, ILogger<Warmup> log) : BackgroundService
{
    /// <summary>What a speech engine says first, and an ear hears.</summary>
    public const string Sentence = "Good morning.", Language = "en";

    /// <summary>What those are told to wait who come before their engine is there.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private volatile IReadOnlyList<string> waiting = Required(catalogue, options.Health), untried = Required(catalogue, options.Health);

    /// <summary>Required engines that have not done their first work yet.</summary>
    public IReadOnlyList<string> Waiting => waiting;

    /// <summary>True while a required engine is being loaded and tried; what failed at that is tried again by the next request.</summary>
    public bool IsLoading(EngineDescription engine) => untried.Contains(engine.Name);

    /// <summary>An engine has done some work: whatever was wrong with it is over.</summary>
    public void Worked(EngineDescription engine)
    {
        if (!waiting.Contains(engine.Name))
            return;
        lock (gate)
            waiting = [.. waiting.Where(other => other != engine.Name)];
    }

    /// <summary>The engines without which the server is not ready.</summary>
    public static IReadOnlyList<string> Required(EngineCatalogue catalogue, HealthOptions options) => options.Required.Count > 0
        ? options.Required
        : [.. Enum.GetValues<EngineTask>().Select(catalogue.Default).OfType<EngineDescription>().Select(engine => engine.Name)];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        List<byte> spoken = [];
        int rate = 16_000;
        foreach (string name in untried)
        {
            if (!catalogue.TryFind(name, out EngineDescription? engine))
                continue; // refused when the server was built
            try
            {
                using EngineTurn turn = await admission.QueueOf(engine).EnterAsync("warm-up", WorkPriority.Buffered, stoppingToken);
                switch (engine.Task)
                {
                    case EngineTask.Speech:
                        ITextToSpeechClient speaker = await catalogue.OpenAsync<ITextToSpeechClient>(name, stoppingToken);
                        if (engine.IsRemote)
                            break; // somebody else's work is not for trying out
                        await foreach (TextToSpeechResponseUpdate update in speaker.GetStreamingAudioAsync(Sentence, cancellationToken: stoppingToken))
                        {
                            foreach (DataContent content in update.Contents.OfType<DataContent>())
                            {
                                rate = PcmContent.RateOf(content);
                                spoken.AddRange(content.Data.Span);
                            }
                        }
                        break;
                    case EngineTask.Transcription:
                        ISpeechToTextClient ear = await catalogue.OpenAsync<ISpeechToTextClient>(name, stoppingToken);
                        if (!engine.IsRemote)
                            await ear.GetTextAsync(Recording(spoken, rate), Knowing(engine), stoppingToken);
                        break;
                    case EngineTask.Chat:
                        await catalogue.OpenAsync<IChatClient>(name, stoppingToken);
                        break;
                    case EngineTask.TurnDetection:
                        await catalogue.OpenAsync<ITurnDetector>(name, stoppingToken); // judges once by itself
                        break;
                    case EngineTask.Guard:
                        IGuard guard = await catalogue.OpenAsync<IGuard>(name, stoppingToken);
                        await guard.JudgeAsync(new GuardRequest { Messages = [new ChatMessage(ChatRole.User, Sentence)], Role = GuardRole.User }, stoppingToken);
                        break;
                }
                Worked(engine);
                LogWarm(name);
            }
            catch (ModelFileException damaged)
            {
                LogDamaged(name, damaged.Message);
            }
#pragma warning disable CA1031 // One engine that does not start must not take the others with it; health says so.
            catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                LogCold(fault, name);
            }
            untried = [.. untried.Where(other => other != name)];
        }
    }

    // Told the language, Whisper reads the sound once and not twice.
    private static SpeechToTextOptions Knowing(EngineDescription ear) => new() { SpeechLanguage = ear.Languages.Contains(Language) ? Language : null };

    // The voice's own sentence is the best thing to hear; a second of nothing at least loads the ear.
    private static MemoryStream Recording(List<byte> pcm, int rate)
    {
        float[] samples = new float[Math.Max(pcm.Count / 2, pcm.Count == 0 ? rate : 0)];
        if (pcm.Count > 0)
            Pcm16.ToFloat(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(pcm), samples);
        return new MemoryStream(WavWriter.ToBytes(Resampler.Convert(new AudioBuffer(samples, rate), 16_000)));
    }

    [LoggerMessage(3411, LogLevel.Information, "{Engine} is warm")]
    private partial void LogWarm(string engine);

    [LoggerMessage(3412, LogLevel.Error, "{Engine} did not start")]
    private partial void LogCold(Exception fault, string engine);

    [LoggerMessage(3413, LogLevel.Error, "{Engine} did not start: {Problem}")]
    private partial void LogDamaged(string engine, string problem);
}
