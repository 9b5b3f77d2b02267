using Microsoft.Extensions.Time.Testing;
using Parley.Engines.Llama;
using Parley.Text.Jinja;

namespace Parley.Engines.Tests.Llama;

/// <summary>The tiny random Llama against transformers' own results.</summary>
public sealed class DecoderGoldenTests(TinyBrain tiny) : IClassFixture<TinyBrain>
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;

    [Fact]
    public void Texts_become_the_reference_s_tokens()
    {
        int begin = tiny.Model.SpecialTokens["<|begin_of_text|>"];
        foreach (DecoderCase plain in tiny.Cases.Where(each => each.Messages.Count == 0))
            Assert.Equal(plain.Tokens, (int[])[begin, .. tiny.Model.Encode(MarkedText.OfInput(plain.Text))]);
    }

    [Fact]
    public void Messages_are_laid_out_as_the_template_says_and_no_control_token_comes_out_of_them()
    {
        ChatTemplate template = ChatTemplate.Read("tiny", BrainFile.Read(TinyBrain.FilePath), tiny.Model.BeginText, tiny.Model.EndText, new FakeTimeProvider());
        foreach (DecoderCase chat in tiny.Cases.Where(each => each.Messages.Count > 0))
        {
            MarkedText rendered = template.Render(chat.Messages, [], reasoning: false);
            Assert.Equal(chat.Rendered, rendered.Value);
            Assert.Equal(chat.Tokens, tiny.Model.Encode(rendered));
        }
    }

    [Fact]
    public async Task First_logits_are_the_reference_s()
    {
        using LlamaScheduler scheduler = tiny.Schedule();
        foreach (DecoderCase each in tiny.Cases.Where(each => each.FirstLogits.Length > 0))
        {
            GreedyJob job = await RunAsync(scheduler, each.Tokens, 1);
            for (int i = 0; i < each.FirstLogits.Length; i++)
                Assert.Equal(each.FirstLogits[i], job.FirstLogits[i], 1e-4f); // f32 sums in another order
        }
    }

    [Fact]
    public async Task The_probability_of_unsafe_between_two_tokens_is_the_reference_s()
    {
        using LlamaScheduler scheduler = tiny.Schedule();
        foreach (DecoderCase each in tiny.Cases.Where(each => !double.IsNaN(each.Unsafe)))
        {
            float[] logits = (await RunAsync(scheduler, each.Tokens, 1)).FirstLogits;
            Assert.Equal(each.Unsafe, 1 / (1 + Math.Exp(logits[tiny.Safe] - logits[tiny.Unsafe])), 1e-4);
        }
    }

    [Fact]
    public async Task One_by_one_every_answer_is_the_reference_s()
    {
        using LlamaScheduler scheduler = tiny.Schedule();
        foreach (DecoderCase each in tiny.Cases)
            Assert.Equal(each.Greedy, (await RunAsync(scheduler, each.Tokens, each.Greedy.Length)).Answer);
    }

    [Fact]
    public async Task All_at_once_every_answer_is_the_reference_s()
    {
        using LlamaScheduler scheduler = tiny.Schedule();
        GreedyJob[] jobs = [.. tiny.Cases.Select(each => new GreedyJob(each.Tokens, each.Greedy.Length))];
        foreach (GreedyJob job in jobs)
            scheduler.Submit(job);
        await Task.WhenAll(jobs.Select(job => job.Ended)).WaitAsync(Cancel);
        Assert.All(jobs.Zip(tiny.Cases), pair => Assert.Equal(pair.Second.Greedy, pair.First.Answer));
    }

    [Fact]
    public async Task Interrupted_and_resumed_every_answer_is_the_reference_s()
    {
        using LlamaScheduler scheduler = tiny.Schedule();
        foreach (DecoderCase each in tiny.Cases)
        {
            GreedyJob first = new(each.Tokens, each.Greedy.Length, job =>
            {
                if (job.Answer.Count == 10)
                    scheduler.Cancel(job);
            });
            scheduler.Submit(first);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.Ended.WaitAsync(Cancel));
            int[] heard = [.. first.Answer.Take(9)];
            GreedyJob second = await RunAsync(scheduler, [.. each.Tokens, .. heard], each.Greedy.Length - heard.Length);
            Assert.Equal(each.Greedy, (int[])[.. heard, .. second.Answer]);
            Assert.Equal(each.Tokens.Length, Math.Min(second.SharedTokens, each.Tokens.Length)); // nothing of the prompt was computed again
        }
    }

    [Fact]
    public async Task With_a_cache_too_small_for_all_every_answer_is_still_the_reference_s()
    {
        using LlamaScheduler scheduler = tiny.Schedule(slots: 16, cells: 256);
        (GreedyJob Job, DecoderCase Case)[] all = [.. Enumerable.Range(0, 32).Select(i => tiny.Cases[i % tiny.Cases.Count]).Select(each => (new GreedyJob([.. each.Tokens], each.Greedy.Length), each))];
        foreach ((GreedyJob job, DecoderCase _) in all)
            scheduler.Submit(job);
        await Task.WhenAll(all.Select(pair => pair.Job.Ended)).WaitAsync(Cancel);
        Assert.All(all, pair => Assert.Equal(pair.Case.Greedy, pair.Job.Answer));
    }

    private static async Task<GreedyJob> RunAsync(LlamaScheduler scheduler, IReadOnlyList<int> prompt, int count)
    {
        GreedyJob job = new(prompt, count);
        scheduler.Submit(job);
        await job.Ended.WaitAsync(Cancel);
        return job;
    }
}
