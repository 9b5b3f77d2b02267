using Microsoft.Extensions.AI;
using Parley.Engines;

namespace Parley.Server.Tests;

/// <summary>A model that has no room for any conversation.</summary>
internal sealed class FullBrain : IChatClient
{
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        throw new ContextOverflowException("full", 9, 8);

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        throw new ContextOverflowException("full", 9, 8);

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}
