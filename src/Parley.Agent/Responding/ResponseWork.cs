using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Engines;
using Parley.Text;

namespace Parley.Agent;

/// <summary>The work behind responses. It runs outside the loop and touches none of its state: what it comes to is reported.</summary>
internal sealed class ResponseWork(ConversationEngines engines, Func<Report, CancellationToken, ValueTask> report)
{
    /// <summary>Asks the brain. What it has no room for is left out, as far as the settings allow it, and it is asked again.</summary>
    public async IAsyncEnumerable<ChatResponseUpdate> AskAsync(Response response, BrainQuestion question, ChatOptions options, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        while (true)
        {
            await using IAsyncEnumerator<ChatResponseUpdate> updates = engines.Brain.GetStreamingResponseAsync(question.Messages, options, cancel).GetAsyncEnumerator(cancel);
            bool isAnswered;
            try
            {
                isAnswered = await updates.MoveNextAsync();
            }
            catch (ContextOverflowException overflow) when (question.TooOld(overflow, options.MaxOutputTokens) is { Count: > 0 } forgotten)
            {
                question = question with { Told = [.. question.Told.Except(forgotten)] };
                await report(new HistoryOutgrown(response.Number, forgotten), cancel);
                continue;
            }
            for (; isAnswered; isAnswered = await updates.MoveNextAsync())
                yield return updates.Current;
            yield break;
        }
    }

    /// <summary>Lets the brain write one message, cut into clauses where it is to be spoken.</summary>
    public async Task ThinkAsync(Response response, int message, Func<IAsyncEnumerable<ChatResponseUpdate>> ask)
    {
        CancellationToken cancel = response.Stopped;
        ClauseStream cutter = new();
        int written = 0;
        ChatFinishReason? reason = null;
        ResponseUsage usage = new(0, 0);
        try
        {
            await foreach (ChatResponseUpdate update in ask().WithCancellation(cancel))
            {
                if (update.InputVerdict is { } ofQuestion)
                    await report(new BrainJudged(response.Number, GuardRole.User, ofQuestion), cancel);
                if (update.OutputVerdict is { } ofAnswer)
                    await report(new BrainJudged(response.Number, GuardRole.Agent, ofAnswer), cancel);
                foreach (AIContent content in update.Contents)
                {
                    switch (content)
                    {
                        case TextContent { Text.Length: > 0 } text:
                            await report(new BrainWrote(response.Number, text.Text), cancel);
                            await SendAsync(cutter.Push(text.Text));
                            break;
                        case FunctionCallContent call:
                            await report(new BrainCalled(response.Number, call), cancel);
                            break;
                        case UsageContent counted:
                            usage += new ResponseUsage(counted.Details.InputTokenCount ?? 0, counted.Details.OutputTokenCount ?? 0, counted.Details.CachedInputTokenCount ?? 0);
                            break;
                    }
                }
                reason = update.FinishReason ?? reason;
            }
            await SendAsync(cutter.Finish());
            await report(new BrainEnded(response.Number, reason, usage, null), cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
        }
        catch (Exception fault) // an engine may throw anything; the conversation outlives it and reports it
        {
            await ReportFaultAsync(new BrainEnded(response.Number, reason, usage, fault), cancel);
        }

        async Task SendAsync(IReadOnlyList<string> pieces)
        {
            foreach (string piece in pieces)
            {
                string clause = piece.Trim();
                int start = written + (piece.Length - piece.TrimStart().Length);
                written += piece.Length;
                if (clause.Length == 0 || response.Clauses is null)
                    continue;
                ClauseOrder order = new(message, start, clause);
                await report(new BrainCut(response.Number, order), cancel);
                await response.Clauses.Writer.WriteAsync(order, cancel);
            }
        }
    }

    /// <summary>Lets the voice speak clauses, in order, as they come.</summary>
    public async Task SpeakAsync(Response response, ChannelReader<ClauseOrder> clauses, TextToSpeechOptions options)
    {
        CancellationToken cancel = response.Stopped;
        try
        {
            while (await clauses.WaitToReadAsync(cancel))
            {
                while (clauses.TryRead(out ClauseOrder? clause))
                    await SpeakAsync(response, clause, options, cancel);
            }
            await report(new VoiceEnded(response.Number, null), cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
        }
        catch (Exception fault) // as above
        {
            await ReportFaultAsync(new VoiceEnded(response.Number, fault), cancel);
        }
    }

    private async Task SpeakAsync(Response response, ClauseOrder clause, TextToSpeechOptions options, CancellationToken cancel)
    {
        bool isFirst = true;
        string words = SpeakableText.Of(clause.Text);
        IAsyncEnumerable<TextToSpeechResponseUpdate> updates = words.Any(char.IsLetterOrDigit)
            ? engines.Voice.GetStreamingAudioAsync(words, options, cancel)
            : AsyncEnumerable.Empty<TextToSpeechResponseUpdate>();
        await foreach (TextToSpeechResponseUpdate update in updates.WithCancellation(cancel))
        {
            foreach (DataContent content in update.Contents.OfType<DataContent>())
            {
                AudioFrame sound = PcmContent.ToFrame(content);
                if (sound.Samples.IsEmpty)
                    continue;
                await response.Playout.Credit.TakeAsync(sound.Duration, cancel);
                await report(new VoiceSpoke(response.Number, clause, sound, update.Words, isFirst), cancel);
                isFirst = false;
            }
        }
        await report(new ClauseSpoken(response.Number, clause), cancel);
    }

    /// <summary>Calls a tool of ours.</summary>
    public async Task CallAsync(Response response, AIFunction tool, FunctionCallContent call, TimeSpan timeout, TimeProvider time)
    {
        CancellationToken cancel = response.Stopped;
        using CancellationTokenSource deadline = new(timeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancel, deadline.Token);
        try
        {
            object? result = await tool.InvokeAsync(new AIFunctionArguments(call.Arguments), either.Token).AsTask().WaitAsync(either.Token);
            await report(new ToolEnded(response.Number, call.CallId, ToolText.Of(result), null), cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            string late = FormattableString.Invariant($"The tool {call.Name} gave no result within {timeout.TotalSeconds} s.");
            await ReportFaultAsync(new ToolEnded(response.Number, call.CallId, late, new TimeoutException(late)), cancel);
        }
        catch (Exception fault) // as above; the brain is told and may say so
        {
            await ReportFaultAsync(new ToolEnded(response.Number, call.CallId, $"The tool {call.Name} failed: {fault.Message}", fault), cancel);
        }
    }

    private async Task ReportFaultAsync(Report fault, CancellationToken cancel)
    {
        try
        {
            await report(fault, cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
        }
    }
}
