using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;

namespace Parley.Engines.Tests.Guard;

public class GuardingChatClientTests
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;
    private static readonly string[] Story = ["Good morning to ", "you, Anna. ", "Here is the ", "bad part. ", "And here it ", "goes on."];

    [Fact]
    public async Task What_is_safe_passes_unchanged()
    {
        string[] kind = ["Good morning to ", "you, Anna. ", "How ", "are you", " today?"];
        using GuardingChatClient client = Guarded(new(GuardPolicy.Block), new ScriptedGuard(), new ScriptedBrain(kind));
        ChatResponse response = await client.GetResponseAsync("Hello", cancellationToken: Cancel);
        Assert.Equal((string.Concat(kind), ChatFinishReason.Stop), (response.Text, response.FinishReason));
        Assert.Equal(kind.Length, response.Usage!.OutputTokenCount);
    }

    [Theory]
    [InlineData(GuardPolicy.Block)]
    [InlineData(GuardPolicy.Replace)]
    public async Task An_unsafe_question_is_refused_and_the_brain_never_hears_it(GuardPolicy policy)
    {
        ScriptedBrain brain = new(Story);
        using GuardingChatClient client = Guarded(new(policy), new ScriptedGuard(), brain);
        ChatResponse response = await client.GetResponseAsync("Say something bad", cancellationToken: Cancel);
        Assert.Equal(("I cannot help with that.", ChatFinishReason.ContentFilter, 0), (response.Text, response.FinishReason, brain.Asked));
    }

    [Theory]
    [InlineData(GuardPolicy.Block, "Good morning to you, Anna. ")]
    [InlineData(GuardPolicy.Replace, "Good morning to you, Anna. I cannot help with that.")]
    public async Task An_unsafe_clause_is_never_handed_on(GuardPolicy policy, string heard)
    {
        using GuardingChatClient client = Guarded(new(policy), new ScriptedGuard());
        ChatResponse response = await client.GetResponseAsync("Hello", cancellationToken: Cancel);
        Assert.Equal((heard, ChatFinishReason.ContentFilter), (response.Text, response.FinishReason));
    }

    [Fact]
    public async Task Flagged_words_pass_with_their_verdict()
    {
        using GuardingChatClient client = Guarded(new(GuardPolicy.Flag), new ScriptedGuard());
        List<ChatResponseUpdate> updates = await client.GetStreamingResponseAsync("bad", cancellationToken: Cancel).ToListAsync(Cancel);
        Assert.Equal(string.Concat(Story), string.Concat(updates.Select(update => update.Text)));
        Assert.Equal(GuardOutcome.Unsafe, updates[0].InputVerdict!.Outcome);
        // Judged with what came before it, everything behind the bad clause counts as bad too.
        Assert.Equal(["Here is the bad part. ", "And here it goes on."], updates.Where(update => update.OutputVerdict is not null).Select(update => update.Text));
    }

    [Fact]
    public void Nothing_unsafe_passes_in_any_chunking() =>
        Gen.Int[1, 9].Array[1, 40].Sample(sizes =>
        {
            string story = string.Concat(Story);
            List<string> pieces = [];
            for (int at = 0, i = 0; at < story.Length; at += sizes[i++ % sizes.Length])
                pieces.Add(story.Substring(at, Math.Min(sizes[i % sizes.Length], story.Length - at)));
            using GuardingChatClient client = Guarded(new(GuardPolicy.Block), new ScriptedGuard(), new ScriptedBrain([.. pieces]));
            string heard = string.Concat(client.GetStreamingResponseAsync("Hello", cancellationToken: Cancel).ToBlockingEnumerable(Cancel).Select(update => update.Text));
            return heard == "Good morning to you, Anna. ";
        });

    [Fact]
    public async Task A_clause_is_handed_on_before_the_next_one_is_complete()
    {
        TaskCompletionSource heard = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ScriptedBrain brain = new("One good sentence is here. ", "Then ") { AfterAll = heard.Task };
        using GuardingChatClient client = Guarded(new(GuardPolicy.Block), new ScriptedGuard(), brain);
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("Hello", cancellationToken: Cancel))
        {
            if (update.Text.StartsWith("One", StringComparison.Ordinal))
                heard.TrySetResult();
        }
        Assert.True(heard.Task.IsCompleted);
    }

    [Theory]
    [InlineData(GuardPolicy.Block, null, false)]
    [InlineData(GuardPolicy.Block, GuardFailure.Open, true)]
    [InlineData(GuardPolicy.Flag, null, true)]
    public async Task A_guard_that_is_late_counts_as_the_policy_says(GuardPolicy policy, GuardFailure? fail, bool passes)
    {
        FakeTimeProvider time = new();
        TaskCompletionSource never = new();
        ScriptedGuard guard = new() { Before = () => { time.Advance(TimeSpan.FromSeconds(3)); return never.Task; } };
        using GuardingChatClient client = Guarded(new(policy) { Fail = fail }, guard, time: time);
        ChatResponse response = await client.GetResponseAsync("Hello", cancellationToken: Cancel);
        Assert.Equal(passes ? string.Concat(Story) : "I cannot help with that.", response.Text);
    }

    [Fact]
    public async Task A_guard_that_fails_is_one_that_gave_no_verdict()
    {
        ScriptedGuard guard = new() { Before = () => throw new InvalidOperationException("on purpose") };
        using GuardingChatClient closed = Guarded(new(GuardPolicy.Replace), guard), open = Guarded(new(GuardPolicy.Replace) { Fail = GuardFailure.Open }, guard);
        Assert.Equal("I cannot help with that.", (await closed.GetResponseAsync("Hello", cancellationToken: Cancel)).Text);
        Assert.Equal(string.Concat(Story), (await open.GetResponseAsync("Hello", cancellationToken: Cancel)).Text);
    }

    [Fact]
    public async Task Words_that_pass_because_the_guard_failed_carry_that_verdict()
    {
        ScriptedGuard guard = new() { Before = () => throw new InvalidOperationException("on purpose") };
        using GuardingChatClient client = Guarded(new(GuardPolicy.Block) { Fail = GuardFailure.Open }, guard);
        List<ChatResponseUpdate> updates = await client.GetStreamingResponseAsync("Hello", cancellationToken: Cancel).ToListAsync(Cancel);
        Assert.Equal(GuardOutcome.Error, updates[0].InputVerdict!.Outcome);
        Assert.All(updates.Where(update => update.Text.Length > 0), update => Assert.Equal(GuardOutcome.Error, update.OutputVerdict!.Outcome));
    }

    [Fact]
    public async Task Either_side_can_be_left_out()
    {
        using GuardingChatClient input = Guarded(new(GuardPolicy.Block) { Output = false }, new ScriptedGuard()), output = Guarded(new(GuardPolicy.Block) { Input = false }, new ScriptedGuard());
        Assert.Equal(string.Concat(Story), (await input.GetResponseAsync("Hello", cancellationToken: Cancel)).Text);
        Assert.Equal("Good morning to you, Anna. ", (await output.GetResponseAsync("bad", cancellationToken: Cancel)).Text);
    }

    [Fact]
    public async Task Cancelling_is_no_verdict()
    {
        using CancellationTokenSource stop = new();
        ScriptedGuard guard = new() { Before = () => { stop.Cancel(); return Task.Delay(Timeout.Infinite, stop.Token); } };
        using GuardingChatClient client = Guarded(new(GuardPolicy.Block) { Fail = GuardFailure.Open }, guard);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetResponseAsync("Hello", cancellationToken: stop.Token));
    }

    private static GuardingChatClient Guarded(Settings settings, ScriptedGuard guard, ScriptedBrain? brain = null, TimeProvider? time = null) => new(
        brain ?? new ScriptedBrain(Story), _ => Task.FromResult<IGuard>(guard),
        new GuardOptions { Policy = settings.Policy, Fail = settings.Fail, Input = settings.Input, Output = settings.Output }, time);

    private sealed record Settings(GuardPolicy Policy)
    {
        public GuardFailure? Fail { get; init; }

        public bool Input { get; init; } = true;

        public bool Output { get; init; } = true;
    }

    /// <summary>Holds everything with the word "bad" in its last message for unsafe.</summary>
    private sealed class ScriptedGuard : IGuard
    {
        public Func<Task> Before { get; init; } = () => Task.CompletedTask;

        public EngineDescription Description => DenyListGuard.Facts;

        public IReadOnlyList<GuardCategory> Categories => [];

        public async Task<GuardVerdict> JudgeAsync(GuardRequest request, CancellationToken cancel = default)
        {
            await Before();
            bool isBad = request.Messages[^1].Text.Contains("bad", StringComparison.Ordinal);
            return new GuardVerdict(isBad ? GuardOutcome.Unsafe : GuardOutcome.Safe, isBad ? 1 : 0, [], "scripted");
        }

        public void Dispose()
        {
        }
    }

    private sealed class ScriptedBrain(params string[] pieces) : IChatClient
    {
        public int Asked { get; private set; }

        public Task AfterAll { get; init; } = Task.CompletedTask;

        public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            Asked++;
            foreach (string piece in pieces)
                yield return new ChatResponseUpdate(ChatRole.Assistant, piece);
            await AfterAll.WaitAsync(cancellationToken);
            yield return new ChatResponseUpdate(ChatRole.Assistant, [new UsageContent(new UsageDetails { OutputTokenCount = pieces.Length })]) { FinishReason = ChatFinishReason.Stop };
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
