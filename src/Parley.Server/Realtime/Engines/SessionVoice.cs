using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Parley.Engines;

namespace Parley.Server;

/// <summary>The voice of one session: finds the engine that has the voice asked for, clause by clause, and speaks through its queue.</summary>
internal sealed class SessionVoice(RealtimeWork work, EngineDirectory directory, ServerMeasures measures, TimeProvider time, string caller, Action<TimeSpan> use) : ITextToSpeechClient
{
    public Task<TextToSpeechResponse> GetAudioAsync(string text, TextToSpeechOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingAudioAsync(text, options, cancellationToken).ToTextToSpeechResponseAsync(cancellationToken);

    public async IAsyncEnumerable<TextToSpeechResponseUpdate> GetStreamingAudioAsync(
        string text, TextToSpeechOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        TextToSpeechOptions asked = options?.Clone() ?? new();
        (EngineDescription engine, Voice? voice) = Find(asked);
        asked.VoiceId = voice?.Id;
        long start = time.GetTimestamp();
        TimeSpan spoken = TimeSpan.Zero;
        await foreach ((TextToSpeechResponseUpdate update, TimeSpan waited) in work.StreamAsync<ITextToSpeechClient, (TextToSpeechResponseUpdate, TimeSpan)>(engine, caller, Speak, cancellationToken))
        {
            foreach (DataContent sound in update.Contents.OfType<DataContent>().Where(content => !content.Data.IsEmpty))
            {
                if (spoken == TimeSpan.Zero)
                    measures.SpeechBegan(engine, time.GetElapsedTime(start), waited);
                spoken += TimeSpan.FromSeconds(sound.Data.Length / 2.0 / PcmContent.RateOf(sound));
            }
            yield return update;
        }
        measures.SpeechEnded(engine, time.GetElapsedTime(start), spoken);
        use(spoken);

        async IAsyncEnumerable<(TextToSpeechResponseUpdate, TimeSpan)> Speak(ITextToSpeechClient client, TimeSpan waited, [EnumeratorCancellation] CancellationToken cancel)
        {
            await foreach (TextToSpeechResponseUpdate update in client.GetStreamingAudioAsync(text, asked, cancel))
                yield return (update, waited);
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }

    /// <summary>A language that no voice speaks is spoken by the voice asked for: an accent is better than silence.</summary>
    private (EngineDescription Engine, Voice? Voice) Find(TextToSpeechOptions asked)
    {
        try
        {
            return directory.FindSpeech(model: null, asked.VoiceId, asked.Language);
        }
        catch (ApiException unknown) when (unknown.Error.Param == "language")
        {
            asked.Language = null;
            return directory.FindSpeech(model: null, asked.VoiceId, language: null);
        }
    }
}
