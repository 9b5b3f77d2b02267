using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Parley.Engines;

namespace Parley.Server;

/// <summary>The recogniser of one session, through its queue.</summary>
internal sealed class SessionEar(RealtimeWork work, EngineDirectory directory, ServerMeasures measures, TimeProvider time, string caller) : ISpeechToTextClient
{
    private volatile string? model;

    /// <summary>Which recogniser from now on; a name that is none of ours means the default one.</summary>
    public string? Model
    {
        get => model;
        set => model = value;
    }

    public Task<SpeechToTextResponse> GetTextAsync(Stream audioSpeechStream, SpeechToTextOptions? options = null, CancellationToken cancellationToken = default)
    {
        EngineDescription engine = directory.NamedOrDefault(EngineTask.Transcription, model);
        long start = time.GetTimestamp();
        // Words that are shown a little later are no harm; a turn that is answered later is.
        WorkPriority priority = options?.IsPartial == true ? WorkPriority.Streaming : WorkPriority.Realtime;
        return work.RunAsync<ISpeechToTextClient, SpeechToTextResponse>(engine, caller, priority, async (client, waited) =>
        {
            SpeechToTextResponse heard = await client.GetTextAsync(audioSpeechStream, options, cancellationToken);
            TimeSpan length = heard.Transcript?.Duration ?? TimeSpan.Zero;
            measures.Transcribed(engine, time.GetElapsedTime(start) - waited, length, waited);
            return heard;
        }, cancellationToken);
    }

    public async IAsyncEnumerable<SpeechToTextResponseUpdate> GetStreamingTextAsync(
        Stream audioSpeechStream, SpeechToTextOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        EngineDescription engine = directory.NamedOrDefault(EngineTask.Transcription, model);
        await foreach (SpeechToTextResponseUpdate update in work.StreamAsync<ISpeechToTextClient, SpeechToTextResponseUpdate>(engine, caller,
            (client, _, cancel) => client.GetStreamingTextAsync(audioSpeechStream, options, cancel), cancellationToken))
            yield return update;
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}
