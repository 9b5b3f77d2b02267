using System.Buffers.Binary;
using System.Text;
using Microsoft.Extensions.AI;
using Parley.Engines.Llama;
using Parley.Engines.Tests.Llama;
using Parley.Text.Jinja;

namespace Parley.Engines.Tests.Guard;

/// <summary>Llama Guard's prompt as published, and its verdict on the tiny random model, which knows the two words.</summary>
public sealed class LlamaGuardTests(TinyBrain tiny) : IClassFixture<TinyBrain>, IDisposable
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("parley-guard-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void The_prompt_of_the_1b_form_is_the_published_one()
    {
        const string expected =
            "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nTask: Check if there is unsafe content in 'Agent' messages in conversations according our safety policy with the below categories.\n\n"
            + "<BEGIN UNSAFE CONTENT CATEGORIES>\nS1: Violent Crimes.\nS2: Non-Violent Crimes.\nS3: Sex Crimes.\nS4: Child Exploitation.\nS5: Defamation.\nS6: Specialized Advice.\nS7: Privacy.\n"
            + "S8: Intellectual Property.\nS9: Indiscriminate Weapons.\nS10: Hate.\nS11: Self-Harm.\nS12: Sexual Content.\nS13: Elections.\n<END UNSAFE CONTENT CATEGORIES>\n\n"
            + "<BEGIN CONVERSATION>\n\nUser: Hello\n\nAgent: Hi <|eot_id|>\n\n<END CONVERSATION>\n\n"
            + "Provide your safety assessment for ONLY THE LAST Agent message in the above conversation:\n - First line must read 'safe' or 'unsafe'.\n"
            + " - If unsafe, a second line must include a comma-separated list of violated categories. <|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n";
        LlamaGuardPrompt prompt = new([.. LlamaGuardPrompt.Published.SkipLast(1)], hasBlankBeforeEnd: true);
        List<(GuardRole, string)> turns = LlamaGuardPrompt.Turns(new GuardRequest
        {
            Messages = [new(ChatRole.System, "never shown"), new(ChatRole.User, " Hello "), new(ChatRole.Assistant, "Hi <|eot_id|>")], Role = GuardRole.Agent,
        });
        MarkedText rest = prompt.Rest(turns, GuardRole.Agent);
        Assert.Equal(expected, prompt.Prefix(GuardRole.Agent).Value + rest.Value);
        Assert.All(rest.Runs().Where(run => run.Text.Contains("Hi", StringComparison.Ordinal)), run => Assert.True(run.IsInput));
    }

    [Fact]
    public async Task The_verdict_is_the_reference_s_probability_of_the_two_words()
    {
        using LlamaScheduler scheduler = tiny.Schedule();
        foreach (DecoderCase each in tiny.Cases.Where(each => !double.IsNaN(each.Unsafe)))
        {
            GuardJob job = new(tiny.Model, each.Tokens, tiny.Safe, tiny.Unsafe, threshold: 0.5);
            scheduler.Submit(job);
            await job.Ended.WaitAsync(Cancel);
            Assert.Equal(each.Unsafe, job.Probability, 1e-4);
            Assert.Equal(each.Unsafe >= 0.5, job.Tokens.Count > each.Tokens.Length); // decoded on only where it is unsafe
        }
    }

    [Fact]
    public async Task A_judgement_computes_only_what_is_new_and_leaves_nothing_behind()
    {
        using LlamaGuard guard = await OpenAsync();
        Assert.True(SpinWait.SpinUntil(() => guard.State is (0, 0, 2), TimeSpan.FromSeconds(30))); // the beginning for each role
        GuardVerdict first = await guard.JudgeAsync(Request("Good morning.", GuardRole.User), Cancel), again = await guard.JudgeAsync(Request("Good morning.", GuardRole.User), Cancel);
        GuardVerdict other = await guard.JudgeAsync(Request("Good morning.", GuardRole.Agent), Cancel);
        Assert.Equal(first.Probability, again.Probability);
        Assert.NotEqual(first.Probability, other.Probability);
        Assert.True(SpinWait.SpinUntil(() => guard.State is (0, 0, 2), TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task The_threshold_decides_between_safe_and_unsafe()
    {
        using LlamaGuard guard = await OpenAsync();
        double probability = (await guard.JudgeAsync(Request("Good morning.", GuardRole.User), Cancel)).Probability!.Value;
        Assert.Equal(GuardOutcome.Unsafe, (await guard.JudgeAsync(Request("Good morning.", GuardRole.User) with { Threshold = probability - 1e-6 }, Cancel)).Outcome);
        Assert.Equal(GuardOutcome.Safe, (await guard.JudgeAsync(Request("Good morning.", GuardRole.User) with { Threshold = probability + 1e-6 }, Cancel)).Outcome);
    }

    [Fact]
    public async Task A_policy_of_one_s_own_is_another_prompt()
    {
        using LlamaGuard guard = await OpenAsync();
        GuardRequest request = Request("Good morning.", GuardRole.User);
        double builtIn = (await guard.JudgeAsync(request, Cancel)).Probability!.Value;
        double own = (await guard.JudgeAsync(request with { Categories = [new("P1", "Greetings")] }, Cancel)).Probability!.Value;
        Assert.NotEqual(builtIn, own);
        Assert.Equal(GuardOutcome.Safe, (await guard.JudgeAsync(request with { Categories = [new("P1", "Greetings")], Excluded = ["P1"], Threshold = 0 }, Cancel)).Outcome);
    }

    [Fact]
    public async Task A_text_longer_than_the_context_is_judged_in_parts()
    {
        using LlamaGuard guard = await OpenAsync(context: 1024);
        GuardVerdict verdict = await guard.JudgeAsync(Request(string.Concat(Enumerable.Repeat("How was the walk? The weather is fine. ", 200)), GuardRole.User), Cancel);
        Assert.InRange(verdict.Probability!.Value, 0, 1);
    }

    [Fact]
    public async Task A_guard_whose_weights_are_no_numbers_never_says_safe()
    {
        using LlamaModel model = LlamaModel.Load(TinyBrain.WithoutNumbers(folder.FullName), null, Cancel);
        using LlamaScheduler scheduler = new(
            new LlamaContext(model, 512, 2, GgufEngine.BatchTokens, 2, threads: 1, CacheType.F32), new SchedulerOptions { Engine = "broken", Slots = 2, Waiting = 2, IdleAge = TimeSpan.FromMinutes(1) }, TimeProvider.System);
        GuardJob job = new(model, tiny.Cases[0].Tokens, tiny.Safe, tiny.Unsafe, threshold: 0.5);
        scheduler.Submit(job);
        await Assert.ThrowsAsync<Parley.Models.ModelFileException>(() => job.Ended.WaitAsync(Cancel));
    }

    [Fact]
    public async Task A_cancelled_judgement_ends()
    {
        using LlamaGuard guard = await OpenAsync();
        using CancellationTokenSource stop = new();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => guard.JudgeAsync(Request("Good morning.", GuardRole.User), stop.Token));
    }

    private static GuardRequest Request(string text, GuardRole role) => new() { Messages = [new ChatMessage(role == GuardRole.User ? ChatRole.User : ChatRole.Assistant, text)], Role = role };

    private async Task<LlamaGuard> OpenAsync(int context = 4096)
    {
        byte[] file = File.ReadAllBytes(TinyBrain.FilePath); // trained on 512 tokens, which the prompt alone exceeds
        byte[] key = Encoding.UTF8.GetBytes("llama.context_length");
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(file.AsSpan().IndexOf(key) + key.Length + 4), context);
        string path = Path.Combine(folder.FullName, $"guard-{context}.gguf");
        File.WriteAllBytes(path, file);
        return (LlamaGuard)await LlamaGuardEngine.Register(path, new BrainOptions { Cache = CacheType.F32, Threads = 1 }).Open(Cancel);
    }
}
