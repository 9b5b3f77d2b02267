using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Parley.Cli.Commands;
using Parley.Engines;

namespace Parley.Cli.Tests;

public class WrittenConversationTests
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;
    private readonly StringWriter output = new(), error = new();

    [Fact]
    public async Task Ctrl_c_ends_the_answer_and_not_the_conversation()
    {
        Terminal terminal = Terminal();
        ScriptedBrain brain = new(messages => messages.Count) { Before = i => { if (i == 2) Assert.True(terminal.Interrupt()); } };
        WrittenConversation conversation = new(brain, new ChatOptions(), null, terminal);

        await conversation.AskAsync("Count.", Cancel);
        Assert.Equal($"0 1  ...{Environment.NewLine}", output.ToString());
        Assert.False(terminal.Interrupt()); // nothing is being answered: it is for the program

        brain.Before = _ => { };
        await conversation.AskAsync("Again.", Cancel);
        Assert.Equal(["Count.", "0 1 ", "Again."], brain.Heard.Select(message => message.Text)); // what was written stays
    }

    [Fact]
    public async Task A_conversation_that_has_grown_too_long_loses_its_oldest_turn_and_says_so()
    {
        ScriptedBrain brain = new(messages => messages.Count > 4 ? throw new ContextOverflowException("tiny", 9, 8) : 0);
        WrittenConversation conversation = new(brain, new ChatOptions(), "Be kind.", Terminal());
        foreach (string question in (string[])["one", "two", "three"])
            await conversation.AskAsync(question, Cancel);

        Assert.Equal(["Be kind.", "two", "0 1 2 3 ", "three"], brain.Heard.Select(message => message.Text));
        Assert.Contains("oldest turn is left out", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_question_that_alone_is_too_long_is_an_error()
    {
        ScriptedBrain brain = new(_ => throw new ContextOverflowException("tiny", 9, 8));
        WrittenConversation conversation = new(brain, new ChatOptions(), null, Terminal());
        await Assert.ThrowsAsync<ContextOverflowException>(() => conversation.AskAsync("long", Cancel));
    }

    private Terminal Terminal() => new() { Out = output, Error = error, OpenInput = () => Stream.Null, OpenOutput = () => Stream.Null };

    /// <summary>Counts to three.</summary>
    private sealed class ScriptedBrain(Func<IReadOnlyList<ChatMessage>, int> check) : IChatClient
    {
        public Action<int> Before { get; set; } = _ => { };

        public IReadOnlyList<ChatMessage> Heard { get; private set; } = [];

        public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            Heard = [.. messages];
            check(Heard);
            for (int i = 0; i < 4; i++)
            {
                Before(i);
                cancellationToken.ThrowIfCancellationRequested();
                yield return new ChatResponseUpdate(ChatRole.Assistant, $"{i} ");
            }
            await Task.CompletedTask;
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
