using System.ClientModel;
using System.ClientModel.Primitives;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;

namespace Parley.Engines;

/// <summary>
/// Chat with a server by OpenAI's own client. What that client takes for the end of an answer is checked here: a connection that
/// closes before the model gave its reason to stop was torn, and a torn answer is a failure, never a short answer.
/// </summary>
internal sealed partial class RemoteChatClient : DelegatingChatClient
{
    private readonly RemoteServer server;
    private readonly EngineDescription description;

    public RemoteChatClient(RemoteServer server, EngineDescription description) : base(Connect(server))
    {
        this.server = server;
        this.description = description;
    }

    public override async Task<ChatResponse> GetResponseAsync(IEnumerable<Microsoft.Extensions.AI.ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        try
        {
            ChatResponse response = await base.GetResponseAsync(messages, Adapt(options), cancellationToken);
            if (options?.TopLogProbabilities is not null && response.RawRepresentation is ChatCompletion answer)
                response.LogProbabilities = Probabilities(answer.ContentTokenLogProbabilities);
            return response;
        }
        catch (Exception fault) when (Translate(fault, cancellationToken) is { } failure)
        {
            throw failure;
        }
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<Microsoft.Extensions.AI.ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        bool isFinished = false;
        await using IAsyncEnumerator<ChatResponseUpdate> updates = base.GetStreamingResponseAsync(messages, Adapt(options), cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(updates, cancellationToken))
        {
            isFinished |= updates.Current.FinishReason is not null;
            if (options?.TopLogProbabilities is not null && updates.Current.RawRepresentation is StreamingChatCompletionUpdate { ContentTokenLogProbabilities: { Count: > 0 } told })
                updates.Current.LogProbabilities = Probabilities(told);
            yield return updates.Current;
        }
        if (!isFinished)
            throw server.Broken("broke off its answer: the stream ended before the model was done.");
    }

    public override object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType == typeof(EngineDescription) ? description : base.GetService(serviceType, serviceKey);

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            server.Dispose();
    }

    private static IChatClient Connect(RemoteServer server)
    {
        OpenAIClientOptions options = new()
        {
            Endpoint = server.BaseUrl,
            Transport = new HttpClientPipelineTransport(server.Http), // the time limits are there
            NetworkTimeout = Timeout.InfiniteTimeSpan,
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0), // it would repeat what the server has begun to work on
        };
        // The client insists on a key; a server that wants none does not look at it.
        return new ChatClient(server.Model, new ApiKeyCredential(server.Key ?? "none"), options).AsIChatClient();
    }

    /// <summary>Puts what the shared abstraction has no member for into the request itself; servers such as vLLM and Ollama know the last three.</summary>
    private static ChatOptions? Adapt(ChatOptions? options)
    {
        if (options is null || (options.LogitBias, options.TopLogProbabilities, options.MinP, options.RepetitionPenalty, options.TopK) is (null, null, null, null, null))
            return options;
        ChatOptions adapted = options.Clone();
        adapted.RawRepresentationFactory = _ =>
        {
            ChatCompletionOptions raw = new();
            foreach ((int token, float bias) in options.LogitBias ?? new Dictionary<int, float>())
                raw.LogitBiases[token] = (int)MathF.Round(bias);
            if (options.TopLogProbabilities is { } top)
            {
                raw.IncludeLogProbabilities = true;
                raw.TopLogProbabilityCount = top > 0 ? top : null;
            }
#pragma warning disable SCME0001 // The one way to send members that OpenAI's own API does not have.
            if (options.TopK is { } topK)
                raw.Patch.Set("$.top_k"u8, topK);
            if (options.MinP is { } minP)
                raw.Patch.Set("$.min_p"u8, minP);
            if (options.RepetitionPenalty is { } repetition)
                raw.Patch.Set("$.repetition_penalty"u8, repetition);
#pragma warning restore SCME0001
            return raw;
        };
        return adapted;
    }

    private static IReadOnlyList<TokenProbability> Probabilities(IEnumerable<ChatTokenLogProbabilityDetails> told) =>
        [.. told.Select(token => new TokenProbability(token.Token, token.Utf8Bytes ?? System.Text.Encoding.UTF8.GetBytes(token.Token), token.LogProbability,
            [.. token.TopLogProbabilities.Select(other => new TokenProbability(other.Token, other.Utf8Bytes ?? System.Text.Encoding.UTF8.GetBytes(other.Token), other.LogProbability, []))]))];

    private async Task<bool> NextAsync(IAsyncEnumerator<ChatResponseUpdate> updates, CancellationToken cancel)
    {
        try
        {
            return await updates.MoveNextAsync();
        }
        catch (Exception fault) when (Translate(fault, cancel) is { } failure)
        {
            throw failure;
        }
    }

    private Exception? Translate(Exception fault, CancellationToken cancel) => fault switch
    {
        ClientResultException { Status: 400 } refusal when Overflow(refusal) is { } overflow => overflow,
        ClientResultException { Status: not 0 } refusal => new RemoteServerException(description.Name, $"at {server.BaseUrl} answered {refusal.Status}: {FirstLine(refusal)}", fault)
        {
            Status = (System.Net.HttpStatusCode)refusal.Status,
        },
        ClientResultException or AggregateException => server.Failure(fault.InnerException ?? fault),
        System.Text.Json.JsonException or InvalidOperationException or KeyNotFoundException => server.Broken($"sent something that is no chat answer: {fault.Message}"),
        _ when RemoteServer.IsNetworkFault(fault, cancel) => server.Failure(fault),
        _ => null,
    };

    /// <summary>The same refusal in the words of OpenAI and vLLM, and in the fields of llama.cpp's server.</summary>
    private ContextOverflowException? Overflow(ClientResultException refusal)
    {
        string said = refusal.GetRawResponse()?.Content.ToString() ?? refusal.Message;
        Match words = ContextLength.Match(said);
        if (!words.Success)
            words = ContextFields.Match(said);
        return words.Success ? new(description.Name, int.Parse(words.Groups["tokens"].ValueSpan, CultureInfo.InvariantCulture), int.Parse(words.Groups["context"].ValueSpan, CultureInfo.InvariantCulture)) : null;
    }

    [GeneratedRegex(@"maximum context length is (?<context>[0-9]{1,9}) tokens.{1,200}?(?<tokens>[0-9]{1,9}) (?:tokens|input tokens)", RegexOptions.Singleline | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    private static partial Regex ContextLength { get; }

    [GeneratedRegex(@"""n_prompt_tokens""\s*:\s*(?<tokens>[0-9]{1,9})\s*,\s*""n_ctx""\s*:\s*(?<context>[0-9]{1,9})", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    private static partial Regex ContextFields { get; }

    private static string FirstLine(ClientResultException refusal)
    {
        // The client's message is a head line, an empty line, and what the server said.
        string[] lines = refusal.Message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return lines.Length > 1 ? lines[^1] : lines.FirstOrDefault() ?? "";
    }
}
