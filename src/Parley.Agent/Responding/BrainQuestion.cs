using Microsoft.Extensions.AI;
using Parley.Engines;

namespace Parley.Agent;

/// <summary>What the brain is asked with.</summary>
/// <param name="Instructions">Empty for none.</param>
/// <param name="Told">The history, or what a caller gave instead.</param>
/// <param name="TurnText">Words of a turn that is not an item yet.</param>
/// <param name="Gathered">What the response has said, called and been given so far.</param>
/// <param name="Truncation">What may be left out.</param>
internal sealed record BrainQuestion(
    string Instructions, IReadOnlyList<ConversationItem> Told, string? TurnText, IReadOnlyList<ConversationItem> Gathered, HistoryTruncation Truncation)
{
    private const int AnswerTokens = 512;

    public List<ChatMessage> Messages => ConversationHistory.Messages(Instructions, Told, TurnText, Gathered);

    /// <summary>The items to leave out after the brain has said that it has no room; none where none may go.</summary>
    /// <param name="overflow">What it has counted.</param>
    /// <param name="maxOutputTokens">Of the answer, which needs room too.</param>
    public IReadOnlyList<ConversationItem> TooOld(ContextOverflowException overflow, int? maxOutputTokens)
    {
        if (Truncation.Retention is not { } share)
            return [];
        double room = overflow.Context - Math.Min(maxOutputTokens ?? AnswerTokens, overflow.Context / 4);
        double characters = Instructions.Length + (TurnText?.Length ?? 0) + Told.Sum(Forgetting.Characters) + Gathered.Sum(Forgetting.Characters);
        double excess = characters * (1 - Math.Min(room, share * overflow.Context) / overflow.Tokens);
        return Forgetting.Oldest(Told, Math.Max(1, excess), isAnswered: TurnText is not null);
    }
}
