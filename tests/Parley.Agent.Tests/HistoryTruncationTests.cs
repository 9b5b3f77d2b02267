using Microsoft.Extensions.AI;
using Parley.Engines;

namespace Parley.Agent.Tests;

/// <summary>A conversation that outgrows its brain.</summary>
public sealed class HistoryTruncationTests : IDisposable
{
    private const int Context = 360; // a quarter of it is kept for the answer

    private readonly Dialogue dialogue = new();

    public HistoryTruncationTests() => dialogue.Brain.Answers.Add(told => Tokens(told) < Context
        ? [new TextContent("Noted.")]
        : throw new ContextOverflowException("tiny", Tokens(told), Context));

    public void Dispose() => dialogue.Dispose();

    // A token a character, and some for each message.
    private static int Tokens(IEnumerable<ChatMessage> told) => told.Sum(message => message.Text.Length + 16);

    /// <summary>A turn of a hundred characters, known by its first letter.</summary>
    private void Tell(char name) => dialogue.Say(new string(name, 99), 0.6).Until<TurnMeasured>();

    [Fact]
    public void The_oldest_turns_are_forgotten_when_the_brain_has_no_room_and_stay_so()
    {
        foreach (char name in "abc")
            Tell(name);
        Assert.StartsWith("user: aaa", dialogue.Brain.Asked[^2], StringComparison.Ordinal); // refused
        Assert.StartsWith("user: bbb", dialogue.Brain.Asked[^1], StringComparison.Ordinal);
        Assert.All(dialogue.All<ResponseDone>(), done => Assert.Equal(ResponseStatus.Completed, done.Response.Status));

        int before = dialogue.Brain.Asked.Count;
        Tell('d');
        Assert.Equal(["user: bbb", "user: ccc"], dialogue.Brain.Asked.Skip(before).Select(asked => asked[..9])); // a is not tried again
    }

    [Fact]
    public void What_is_forgotten_is_still_an_item()
    {
        foreach (char name in "abc")
            Tell(name);
        string first = dialogue.All<ItemDone>().First().Item.Id;
        dialogue.Send(new RetrieveItem(first)).Pass(0.1);
        Assert.Contains("aaa", Assert.IsType<MessageItem>(dialogue.One<ItemRetrieved>().Item).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_retention_makes_room_for_several_turns_at_once()
    {
        dialogue.With = settings => settings with { Truncation = new HistoryTruncation { Retention = 0.4 } };
        foreach (char name in "abc")
            Tell(name);
        Assert.StartsWith("user: ccc", dialogue.Brain.Asked[^1], StringComparison.Ordinal); // at most 144 of 360
    }

    [Fact]
    public void Where_nothing_may_be_forgotten_the_response_fails()
    {
        dialogue.With = settings => settings with { Truncation = HistoryTruncation.Disabled };
        Tell('a');
        Tell('b');
        int before = dialogue.Brain.Asked.Count;
        dialogue.Say(new string('c', 99), 0.6).Until<ResponseDone>();
        ResponseSnapshot failed = dialogue.All<ResponseDone>().Last().Response;
        Assert.Equal(ResponseStatus.Failed, failed.Status);
        Assert.IsType<ContextOverflowException>(failed.Fault!.Exception);
        Assert.Equal(before + 1, dialogue.Brain.Asked.Count);
    }

    [Fact]
    public void A_single_question_that_is_too_long_fails_whatever_may_be_forgotten()
    {
        Tell('a');
        dialogue.Say(new string('b', 600), 0.6).Until<ResponseDone>();
        Assert.Equal(ResponseStatus.Failed, dialogue.All<ResponseDone>().Last().Response.Status);
    }

    [Fact]
    public void The_callers_own_limit_comes_before_the_brains()
    {
        dialogue.With = settings => settings with { Truncation = new HistoryTruncation { Retention = 0.5, MaxTokens = 70 } }; // 280 characters
        foreach (char name in "abc")
            Tell(name);
        Assert.Equal(["user: aaa", "user: aaa", "user: ccc"], dialogue.Brain.Asked.Select(asked => asked[..9]));
    }

    [Fact]
    public void What_is_left_begins_with_the_user_and_no_result_is_without_its_call() =>
        Gen.Select(Gen.Int[0, 4].Array[0, 12], Gen.Double[0, 2_000]).Sample((kinds, excess) =>
        {
            List<ConversationItem> items = [];
            foreach ((int at, int kind) in kinds.Index())
            {
                items.Add(kind switch
                {
                    0 => new MessageItem(MessageRole.User, [new TextPart(new string('u', 40))]) { Id = $"{at}" },
                    1 => new MessageItem(MessageRole.Assistant, [new AudioPart(new string('a', 40))]) { Id = $"{at}" },
                    2 => new MessageItem(MessageRole.System, [new TextPart("s")]) { Id = $"{at}" },
                    3 => new FunctionCallItem($"call{items.OfType<FunctionCallItem>().Count()}", "f", "{}") { Id = $"{at}" },
                    _ => new FunctionOutputItem($"call{items.OfType<FunctionOutputItem>().Count()}", "1") { Id = $"{at}" },
                });
            }
            List<ConversationItem> left = [.. items.Except(Forgetting.Oldest(items, excess, isAnswered: false))];
            int lastUser = items.FindLastIndex(item => item is MessageItem { Role: MessageRole.User });
            Assert.True(lastUser < 0 ? left.Count == items.Count : left.Contains(items[lastUser]));
            if (left.Count < items.Count)
                Assert.True(left[0] is MessageItem { Role: not MessageRole.Assistant });
            HashSet<string> calls = [.. left.OfType<FunctionCallItem>().Select(call => call.CallId)], known = [.. items.OfType<FunctionCallItem>().Select(call => call.CallId)];
            Assert.All(left.OfType<FunctionOutputItem>().Where(result => known.Contains(result.CallId) && items.FindIndex(item => item is FunctionCallItem call && call.CallId == result.CallId) < items.IndexOf(result)),
                result => Assert.Contains(result.CallId, calls));
        });

    [Fact]
    public void The_effort_to_think_with_reaches_the_brain()
    {
        dialogue.With = settings => settings with { Reasoning = ReasoningEffort.High };
        Tell('a');
        dialogue.Send(new CreateResponse(new ResponseOptions { Reasoning = ReasoningEffort.None })).Until<ResponseDone>();
        Assert.Equal([ReasoningEffort.High, ReasoningEffort.None], dialogue.Brain.Options.Select(options => options!.Reasoning!.Effort));
    }
}
