using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Parley.Engines;

namespace Parley.Server;

/// <summary>Sends the answers of a model, whole or as they come.</summary>
internal sealed class ChatAnswer(HttpContext context, ChatRequest request, IChatClient client, RequestClock clock, ServerOptions options, ServerMeasures measures, TimeProvider time)
{
    private static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(10);

    private static readonly JsonSerializerOptions OneLine = new(AIJsonUtilities.DefaultOptions) { WriteIndented = false };

    private readonly string id = "chatcmpl-" + RandomNumberGenerator.GetHexString(24, lowercase: true);
    private readonly long created = time.GetUtcNow().ToUnixTimeSeconds();
    private readonly long start = time.GetTimestamp();
    private readonly UsageDetails used = new();
    private int callsMade;

    // Which model made the answer, in a form that changes when the model does.
    private string Fingerprint => "fp_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(request.Engine.Name + '/' + request.Engine.Model)))[..12];

    public Task SendAsync() => request.IsStream ? SendEventsAsync() : SendWholeAsync();

    private async Task SendWholeAsync()
    {
        List<ChatChoice> choices = [];
        // Side by side: an engine that batches reads its weights once for all of them. Another one takes them in turn by itself.
        ChatResponse[] responses = await Task.WhenAll(Enumerable.Range(0, request.Answers).Select(index => client.GetResponseAsync(request.Messages, OptionsOf(index), clock.Token)));
        foreach ((int index, ChatResponse response) in responses.Index())
        {
            if (response.Usage is { } usage)
                used.Add(usage);
            List<ChatToolCall> calls = [.. response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>().Select(Call)];
            string text = response.Text;
            choices.Add(new ChatChoice(index,
                new ChatAnswerMessage(calls.Count > 0 && text.Length == 0 ? null : text) { ToolCalls = calls.Count > 0 ? calls : null },
                Reason(response.FinishReason, calls.Count > 0))
            { Logprobs = ChatTokenProbability.Of(response.LogProbabilities) });
        }
        measures.ChatEnded(request.Engine, time.GetElapsedTime(start), first: null, used);
        SetHeaders();
        await context.Response.WriteAsJsonAsync(new ChatCompletion(id, created, request.Model, choices, Usage()) { SystemFingerprint = Fingerprint },
            ApiJson.Compact.ChatCompletion, cancellationToken: clock.Token);
    }

    private async Task SendEventsAsync()
    {
        await using Pumped<ChatResponseUpdate> first = Start(0);
        // A failure before the first word is still a proper answer; but a long prompt must not look like a dead server.
        await first.WaitForFirstAsync(KeepAliveInterval, time);
        SetHeaders();
        context.Response.ContentType = EventWriter.ContentType;
        context.Response.Headers["X-Accel-Buffering"] = "no";
        using EventWriter events = new(new PatientBody(context, options.Limits.IdleReader, time, clock.Token));
        using KeepAlive keepAlive = new(events, KeepAliveInterval, time);
        try
        {
            await SendAnswerAsync(0, first, events, keepAlive);
            for (int index = 1; index < request.Answers; index++)
            {
                await using Pumped<ChatResponseUpdate> next = Start(index);
                await SendAnswerAsync(index, next, events, keepAlive);
            }
            if (request.WithUsage)
                await events.WriteAsync(null, new ChatChunkWithUsage(id, created, request.Model, [], Usage()) { SystemFingerprint = Fingerprint }, ApiJson.Compact.ChatChunkWithUsage);
            await events.DoneAsync();
        }
        catch (Exception thrown) when (!context.RequestAborted.IsCancellationRequested)
        {
            measures.Failed(request.Engine, thrown);
            // Clients tell the error by its key and the cut by the missing end mark.
            using EventWriter last = new(new PatientBody(context, options.Limits.IdleReader, time, context.RequestAborted));
            await last.WriteAsync(null, new ApiErrorBody(ErrorAnswers.Explain(context, thrown, clock).Error), ApiJson.Compact.ApiErrorBody);
        }
    }

    private Pumped<ChatResponseUpdate> Start(int index) =>
        new(cancel => client.GetStreamingResponseAsync(request.Messages, OptionsOf(index), cancel), clock.Token);

    /// <summary>The options of one answer: with a seed each has its own, or all would be the same.</summary>
    private ChatOptions OptionsOf(int index)
    {
        ChatOptions options = request.Options.Clone();
        options.Seed += index;
        return options;
    }

    private async Task SendAnswerAsync(int index, Pumped<ChatResponseUpdate> updates, EventWriter events, KeepAlive keepAlive)
    {
        await SendAsync(new ChatDelta { Role = "assistant", Content = "" }, null);
        ChatFinishReason? reason = null;
        TimeSpan? firstToken = null;
        callsMade = 0;
        await foreach (ChatResponseUpdate update in updates.ReadAllAsync())
        {
            firstToken ??= time.GetElapsedTime(start);
            reason = update.FinishReason ?? reason;
            ChatLogProbabilities? probabilities = ChatTokenProbability.Of(update.LogProbabilities);
            foreach (AIContent content in update.Contents)
            {
                keepAlive.Touch();
                if (Delta(content) is not { } delta)
                    continue;
                await SendAsync(delta, null, probabilities);
                probabilities = null;
            }
            if (probabilities is not null)
                await SendAsync(new ChatDelta(), null, probabilities); // a token whose text is still held back
        }
        await SendAsync(new ChatDelta(), Reason(reason, callsMade > 0));
        measures.ChatEnded(request.Engine, time.GetElapsedTime(start), firstToken, used);

        Task SendAsync(ChatDelta delta, string? finish, ChatLogProbabilities? probabilities = null)
        {
            ChatChunkChoice[] choices = [new ChatChunkChoice(index, delta, finish) { Logprobs = probabilities }];
            return request.WithUsage
                ? events.WriteAsync(null, new ChatChunkWithUsage(id, created, request.Model, choices, null) { SystemFingerprint = Fingerprint }, ApiJson.Compact.ChatChunkWithUsage)
                : events.WriteAsync(null, new ChatChunk(id, created, request.Model, choices) { SystemFingerprint = Fingerprint }, ApiJson.Compact.ChatChunk);
        }
    }

    private ChatDelta? Delta(AIContent content)
    {
        switch (content)
        {
            case UsageContent usage:
                used.Add(usage.Details);
                return null;
            case TextReasoningContent { Text.Length: > 0 } reasoning:
                return new ChatDelta { ReasoningContent = reasoning.Text };
            case TextContent { Text.Length: > 0 } text:
                return new ChatDelta { Content = text.Text };
            case FunctionCallContent call:
                return new ChatDelta { ToolCalls = [Call(call) with { Index = callsMade++ }] };
            default:
                return null;
        }
    }

    private static ChatToolCall Call(FunctionCallContent call) => new(call.CallId,
        new ChatFunctionCall(call.Name, JsonSerializer.Serialize(call.Arguments, OneLine.GetTypeInfo(typeof(IDictionary<string, object?>)))));

    private static string Reason(ChatFinishReason? reason, bool calls) => reason?.Value ?? (calls ? "tool_calls" : "stop");

    private ChatUsage Usage()
    {
        long prompt = used.InputTokenCount ?? 0, completion = used.OutputTokenCount ?? 0;
        return new ChatUsage(prompt, completion, prompt + completion, new ChatPromptDetails(used.CachedInputTokenCount ?? 0, 0),
            new ChatCompletionDetails(used.ReasoningTokenCount ?? 0, 0, 0, 0));
    }

    private void SetHeaders()
    {
        context.Response.Headers.CacheControl = "no-cache";
        context.Response.Headers["x-model"] = HeaderText.Escape(request.Engine.Name);
        if (request.Ignored.Count > 0)
            context.Response.Headers["x-ignored-fields"] = string.Join(", ", request.Ignored.Select(HeaderText.Escape));
    }
}
