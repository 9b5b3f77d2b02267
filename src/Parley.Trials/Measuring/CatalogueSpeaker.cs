using System.Diagnostics;
using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Engines;
using Parley.Trials.Plans;

namespace Parley.Trials.Measuring;

/// <summary>An engine of this process, called as the server calls it.</summary>
internal sealed class CatalogueSpeaker(EngineCatalogue catalogue, string engine, LimitPlan limits, string folder, string language, TimeProvider time) : ISpeaker
{
    private ITextToSpeechClient? client;

    public EngineFacts Facts
    {
        get
        {
            catalogue.TryFind(engine, out EngineDescription? description);
            return new(engine, description?.Model ?? "", null, AppContext.BaseDirectory, [], [Environment.ProcessId]);
        }
    }

    public async Task OpenAsync(CancellationToken cancel) => client = await catalogue.OpenAsync<ITextToSpeechClient>(engine, cancel);

    public async Task<SpokenCall> SpeakAsync(string text, VoicePlan voice, CancellationToken cancel)
    {
        if (client is null)
            throw new UnreachableException("The engine is spoken to before it is open.");
        TextToSpeechOptions options = new() { VoiceId = voice.Id, ReferenceText = voice.ReferenceText };
        if (voice.Reference is not null)
        {
            options.Language = language;
            options.ReferenceAudio = new AudioContentReference(await File.ReadAllBytesAsync(Path.Combine(folder, voice.Reference), cancel), voice.Reference);
        }
        List<float> samples = [];
        List<SoundArrival> arrivals = [];
        int rate = 0;
        double? first = null;
        using CallClock clock = new(limits, time, cancel);
        try
        {
            await foreach (TextToSpeechResponseUpdate update in client.GetStreamingAudioAsync(text, options, clock.Token))
            {
                double ms = clock.Ms;
                clock.Heard();
                foreach (DataContent content in update.Contents.OfType<DataContent>())
                {
                    AudioFrame frame = PcmContent.ToFrame(content);
                    if (frame.Samples.IsEmpty)
                        continue;
                    first ??= ms;
                    rate = frame.SampleRate;
                    samples.AddRange(frame.Samples.Span);
                    arrivals.Add(new(ms, (double)samples.Count / rate));
                }
            }
        }
        catch (OperationCanceledException) when (clock.Ended is not null && !cancel.IsCancellationRequested)
        {
            return new SpokenCall { Error = clock.Ended, TotalMs = clock.Ms, FirstByteMs = first, FirstAudioMs = first, Arrivals = arrivals };
        }
        catch (Exception fault) when (fault is EngineProcessException or RemoteServerException or TimeoutException or IOException or InvalidOperationException)
        {
            return new SpokenCall { Error = ErrorClass.Engine, ErrorDetail = fault.Message, TotalMs = clock.Ms, FirstByteMs = first, FirstAudioMs = first };
        }
        double total = clock.Ms;
        AudioBuffer sound = new([.. samples], rate == 0 ? 1 : rate);
        WavCheck check = WavCheck.OfSound(sound, text);
        return new SpokenCall
        {
            Error = check.Error,
            ErrorDetail = check.Problem,
            FirstByteMs = first,
            FirstAudioMs = first,
            TotalMs = total,
            Bytes = 2L * samples.Count,
            Arrivals = arrivals,
            Sound = check.Sound,
            Body = check.Sound is null ? default : WavWriter.ToBytes(sound),
            IsPlausible = check.IsPlausible,
        };
    }

    // The client belongs to the catalogue.
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
