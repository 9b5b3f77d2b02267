namespace Parley.Agent;

/// <summary>Which items the brain is no longer told when there is no room for all: the oldest, and what makes no sense without them.</summary>
internal static class Forgetting
{
    /// <summary>Where the brain has not counted.</summary>
    public const double CharactersPerToken = 4;

    private const int Frame = 16; // what a chat template puts around a message
    private const int Image = 4_000; // about a thousand tokens

    public static double Characters(ConversationItem item) => Frame + item switch
    {
        MessageItem message => message.Text.Length + Image * message.Content.OfType<ImagePart>().Count(),
        FunctionCallItem call => call.Name.Length + call.Arguments.Length,
        FunctionOutputItem output => output.Output.Length,
        _ => 0,
    };

    /// <param name="items">In order. The user's last message, and what follows it, stays.</param>
    /// <param name="excess">Characters that must go.</param>
    /// <param name="isAnswered">True if there is a message of the user's behind these: then all of them may go.</param>
    /// <returns>The items to leave out, in order; none where nothing may go. They may have fewer characters than asked.</returns>
    public static IReadOnlyList<ConversationItem> Oldest(IReadOnlyList<ConversationItem> items, double excess, bool isAnswered)
    {
        int most = items.Count;
        while (!isAnswered && most > 0)
            isAnswered = items[--most] is MessageItem { Role: MessageRole.User };
        int count = 0;
        for (double gone = 0; count < most && gone < excess; count++)
            gone += Characters(items[count]);
        // What is left begins with words of the user's, as models expect it.
        while (count > 0 && count < most && items[count] is not MessageItem { Role: not MessageRole.Assistant })
            count++;
        HashSet<string> calls = [.. items.Take(count).OfType<FunctionCallItem>().Select(call => call.CallId)];
        return [.. items.Where((item, index) => index < count || (item is FunctionOutputItem result && calls.Contains(result.CallId)))];
    }
}
