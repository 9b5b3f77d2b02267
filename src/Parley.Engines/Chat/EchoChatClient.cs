using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Parley.Engines;

/// <summary>The brain of a house without a language model: it says back what it heard, so that everything around it can be tried.</summary>
public sealed class EchoChatClient : IChatClient
{
    public static EngineDescription Description { get; } = new()
    {
        Name = "echo",
        Task = EngineTask.Chat,
        Description = "Says back what it heard. It is no language model and does not think; configure a remote for answers.",
        Model = "echo",
        CanStream = true,
    };

    public static EngineRegistration Registration { get; } = new(Description, _ => Task.FromResult<IDisposable>(new EchoChatClient()));

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <summary>The answer word by word, then the usage: words, which are this brain's tokens.</summary>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        IReadOnlyList<ChatMessage> conversation = [.. messages];
        string answer = Answer(conversation);
        string id = $"echo-{Guid.NewGuid():N}";
        int limit = options?.MaxOutputTokens ?? int.MaxValue, spoken = 0;
        ChatFinishReason reason = ChatFinishReason.Stop;
        foreach (string word in Words(answer))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (spoken == limit)
            {
                reason = ChatFinishReason.Length;
                break;
            }
            spoken++;
            yield return new ChatResponseUpdate(ChatRole.Assistant, word) { ResponseId = id, MessageId = id, ModelId = Description.Model };
        }
        int heard = conversation.Sum(message => Words(message.Text).Count());
        UsageContent usage = new(new UsageDetails { InputTokenCount = heard, OutputTokenCount = spoken, TotalTokenCount = heard + spoken });
        yield return new ChatResponseUpdate(ChatRole.Assistant, [usage]) { ResponseId = id, MessageId = id, ModelId = Description.Model, FinishReason = reason };
        await Task.CompletedTask;
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(EngineDescription) ? Description
        : serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("parley", null, Description.Model)
        : serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose()
    {
    }

    private static string Answer(IReadOnlyList<ChatMessage> messages)
    {
        string heard = messages.LastOrDefault(message => message.Role == ChatRole.User)?.Text.Trim() ?? "";
        return heard.Length == 0 ? "I heard nothing." : $"You said: {heard}";
    }

    /// <summary>The words, each with the white space before it.</summary>
    private static IEnumerable<string> Words(string text)
    {
        int start = 0;
        for (int i = 1; i < text.Length; i++)
        {
            if (!char.IsWhiteSpace(text[i]) || char.IsWhiteSpace(text[i - 1]))
                continue;
            yield return text[start..i];
            start = i;
        }
        if (start < text.Length)
            yield return text[start..];
    }
}
