using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Parley.Text;

namespace Parley.Engines;

/// <summary>
/// A brain with a guard over it: the question is judged before the brain sees it, the answer clause by clause before anybody hears it,
/// so that what is unsafe is never spoken and what is safe comes one clause later. A guard that fails or is late counts as the options say.
/// </summary>
public sealed partial class GuardingChatClient : DelegatingChatClient
{
    /// <summary>Why an answer ended: the guard.</summary>
    public static ChatFinishReason Filtered => ChatFinishReason.ContentFilter;

    private readonly Func<CancellationToken, Task<IGuard>> guard;
    private readonly GuardOptions options;
    private readonly GuardArbiter arbiter;
    private readonly ILogger log;

    /// <param name="brain">The brain; disposed with this client.</param>
    /// <param name="guard">Opens the guard, or hands out the open one.</param>
    /// <param name="options">The policy.</param>
    /// <param name="time">Clock of the budget; the system's by default.</param>
    /// <param name="log">Where verdicts and failures are told.</param>
    public GuardingChatClient(IChatClient brain, Func<CancellationToken, Task<IGuard>> guard, GuardOptions options, TimeProvider? time = null, ILogger<GuardingChatClient>? log = null)
        : base(brain)
    {
        this.guard = guard;
        this.options = options;
        this.log = log ?? (ILogger)Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;
        arbiter = new(options, time ?? TimeProvider.System, this.log);
    }

    public override Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        List<ChatMessage> conversation = [.. messages];
        if (this.options is { Policy: not GuardPolicy.Off, Input: true } && conversation.LastOrDefault(message => message.Role == ChatRole.User) is { Text.Length: > 0 } question)
        {
            GuardVerdict verdict = await JudgeAsync([.. conversation.TakeWhile(message => message != question), question], GuardRole.User, cancellationToken);
            if (IsStopped(verdict))
            {
                yield return Refusal(verdict, isInput: true);
                yield break;
            }
            if (verdict.Outcome != GuardOutcome.Safe)
                yield return new ChatResponseUpdate { InputVerdict = verdict };
        }
        if (this.options is { Policy: GuardPolicy.Off } or { Output: false })
        {
            await foreach (ChatResponseUpdate update in base.GetStreamingResponseAsync(conversation, options, cancellationToken))
                yield return update;
            yield break;
        }
        await foreach (ChatResponseUpdate update in GuardAnswerAsync(conversation, options, cancellationToken))
            yield return update;
    }

    /// <summary>Hands an answer on clause by clause, each after its verdict. What is no text comes in its place between the clauses.</summary>
    private async IAsyncEnumerable<ChatResponseUpdate> GuardAnswerAsync(List<ChatMessage> conversation, ChatOptions? options, [EnumeratorCancellation] CancellationToken cancel)
    {
        ClauseStream cutter = new();
        StringBuilder answer = new();
        await foreach (ChatResponseUpdate update in base.GetStreamingResponseAsync(conversation, options, cancel))
        {
            string text = string.Concat(update.Contents.OfType<TextContent>().Select(content => content.Text));
            List<string> clauses = [.. cutter.Push(text)];
            if (update.FinishReason is not null)
                clauses.AddRange(cutter.Finish());
            foreach (string clause in clauses)
            {
                (ChatResponseUpdate judged, bool ends) = await PassAsync(conversation, answer, clause, update, cancel);
                yield return judged;
                if (ends)
                    yield break;
            }
            List<AIContent> others = [.. update.Contents.Where(content => content is not TextContent)];
            if (others.Count == 0 && update.FinishReason is null)
                continue;
            // Thoughts, calls, usage and the end; probabilities of words would tell words that nobody has judged.
            ChatResponseUpdate rest = update.Clone();
            rest.Contents = others;
            rest.AdditionalProperties = null;
            yield return rest;
        }
        foreach (string clause in cutter.Finish())
        {
            (ChatResponseUpdate judged, bool ends) = await PassAsync(conversation, answer, clause, new ChatResponseUpdate(), cancel);
            yield return judged;
            if (ends)
                yield break;
        }
    }

    private async Task<(ChatResponseUpdate Update, bool Ends)> PassAsync(
        List<ChatMessage> conversation, StringBuilder answer, string clause, ChatResponseUpdate source, CancellationToken cancel)
    {
        GuardVerdict verdict = await JudgeAsync([.. conversation, new ChatMessage(ChatRole.Assistant, answer + clause)], GuardRole.Agent, cancel);
        if (IsStopped(verdict))
            return (Refusal(verdict, isInput: false), true);
        answer.Append(clause);
        ChatResponseUpdate passed = new(ChatRole.Assistant, clause) { ResponseId = source.ResponseId, MessageId = source.MessageId, ModelId = source.ModelId };
        if (verdict.Outcome != GuardOutcome.Safe)
            passed.OutputVerdict = verdict;
        return (passed, false);
    }

    private bool IsStopped(GuardVerdict verdict) => options.Policy is GuardPolicy.Block or GuardPolicy.Replace && arbiter.CountsAsUnsafe(verdict);

    private ChatResponseUpdate Refusal(GuardVerdict verdict, bool isInput)
    {
        bool says = isInput || options.Policy == GuardPolicy.Replace;
        ChatResponseUpdate update = new(ChatRole.Assistant, says ? options.Refusal : "") { FinishReason = Filtered };
        if (isInput)
            update.InputVerdict = verdict;
        else
            update.OutputVerdict = verdict;
        return update;
    }

    /// <summary>The verdict within the budget; whatever fails is a verdict too.</summary>
    private async Task<GuardVerdict> JudgeAsync(IReadOnlyList<ChatMessage> messages, GuardRole role, CancellationToken cancel)
    {
        GuardRequest request = new()
        {
            Messages = messages, Role = role, Threshold = options.Threshold, Excluded = options.Excluded,
            Categories = options.Categories.Count > 0 ? [.. options.Categories.Select(category => new GuardCategory(category.Key, category.Value))] : null,
        };
        GuardVerdict verdict = await arbiter.JudgeAsync(guard, request, options.Budget, cancel);
        if (verdict.Outcome == GuardOutcome.Unsafe)
            LogUnsafe(verdict.Guard, role, string.Join(',', verdict.Categories.Select(category => category.Id)), verdict.Probability ?? 1, options.Policy);
        return verdict;
    }

    [LoggerMessage(2501, LogLevel.Warning, "{Guard} holds the {Role}'s words for unsafe: {Categories} ({Probability:0.00}); policy {Policy}")]
    private partial void LogUnsafe(string guard, GuardRole role, string categories, double probability, GuardPolicy policy);
}

/// <summary>What a guard said, beside an answer.</summary>
public static class GuardExtensions
{
    private const string Input = "guard_input", Output = "guard_output";

    extension(ChatResponseUpdate update)
    {
        /// <summary>The verdict on the question, where it was not safe.</summary>
        public GuardVerdict? InputVerdict
        {
            get => update.AdditionalProperties?.GetValueOrDefault(Input) as GuardVerdict;
            set => (update.AdditionalProperties ??= [])[Input] = value;
        }

        /// <summary>The verdict on this clause of the answer, where it was not safe.</summary>
        public GuardVerdict? OutputVerdict
        {
            get => update.AdditionalProperties?.GetValueOrDefault(Output) as GuardVerdict;
            set => (update.AdditionalProperties ??= [])[Output] = value;
        }
    }
}
