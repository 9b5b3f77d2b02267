using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Parley.Engines;

namespace Parley.Server;

/// <summary>The language model of one session, through its queue.</summary>
internal sealed class SessionBrain(RealtimeWork work, EngineDescription engine, ServerMeasures measures, TimeProvider time, string caller) : IChatClient
{
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        long start = time.GetTimestamp();
        TimeSpan? first = null;
        UsageDetails used = new();
        await foreach (ChatResponseUpdate update in work.StreamAsync<IChatClient, ChatResponseUpdate>(engine, caller,
            (client, _, cancel) => client.GetStreamingResponseAsync(messages, options, cancel), cancellationToken))
        {
            first ??= time.GetElapsedTime(start);
            foreach (UsageContent usage in update.Contents.OfType<UsageContent>())
                used.Add(usage.Details);
            yield return update;
        }
        measures.ChatEnded(engine, time.GetElapsedTime(start), first, used);
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}
