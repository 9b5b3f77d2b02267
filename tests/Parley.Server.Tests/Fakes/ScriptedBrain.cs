using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Parley.Server.Tests;

/// <summary>A model that says its script, word by word, and counts the words.</summary>
internal sealed class ScriptedBrain(params string[] script) : IChatClient
{
    public Func<int, CancellationToken, Task> BeforeWord { get; init; } = (_, _) => Task.CompletedTask;

    /// <summary>One that says sixty words (six seconds of a <see cref="ToneSpeaker"/>), and the last one when it is let.</summary>
    public static ScriptedBrain Held(out TaskCompletionSource rest)
    {
        TaskCompletionSource held = rest = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return new([.. Enumerable.Range(0, 60).Select(i => $"word{i}"), "end."]) { BeforeWord = (word, cancel) => word < 60 ? Task.CompletedTask : held.Task.WaitAsync(cancel) };
    }

    public int? BreaksAt { get; init; }

    public List<(IReadOnlyList<ChatMessage> Messages, ChatOptions? Options)> Asked { get; } = [];

    /// <summary>Contents that come instead of words.</summary>
    public IReadOnlyList<AIContent>? Contents { get; init; }

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        lock (Asked)
            Asked.Add(([.. messages], options));
        for (int i = 0; i < script.Length; i++)
        {
            await BeforeWord(i, cancellationToken);
            if (i == BreaksAt)
                throw new InvalidOperationException("The brain broke.");
            yield return new ChatResponseUpdate(ChatRole.Assistant, (i == 0 ? "" : " ") + script[i]);
        }
        foreach (AIContent content in Contents ?? [])
            yield return new ChatResponseUpdate(ChatRole.Assistant, [content]);
        yield return new ChatResponseUpdate(ChatRole.Assistant, [new UsageContent(new UsageDetails { InputTokenCount = 7, OutputTokenCount = script.Length })])
        {
            FinishReason = Contents is null ? ChatFinishReason.Stop : ChatFinishReason.ToolCalls,
        };
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}
