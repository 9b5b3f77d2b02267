using Microsoft.Extensions.Time.Testing;
using Parley.Engines.Llama;

namespace Parley.Engines.Tests.Llama;

public sealed class LlamaSchedulerTests(TinyBrain tiny) : IClassFixture<TinyBrain>
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;

    private DecoderCase Chat => tiny.Cases[^1];

    [Fact]
    public async Task A_hundred_conversations_at_once_are_all_answered_and_the_next_is_refused()
    {
        using LlamaScheduler scheduler = tiny.Schedule(slots: 16, waiting: 84);
        using ManualResetEventSlim hold = new();
        GreedyJob[] jobs = [.. Enumerable.Range(0, 100).Select(_ => new GreedyJob(Chat.Tokens, Chat.Greedy.Length, _ => hold.Wait(Cancel)))];
        foreach (GreedyJob job in jobs)
            scheduler.Submit(job);

        QueueFullException refused = Assert.Throws<QueueFullException>(() => scheduler.Submit(new GreedyJob(Chat.Tokens, 1)));
        hold.Set();
        await Task.WhenAll(jobs.Select(job => job.Ended)).WaitAsync(Cancel);

        Assert.Equal("tiny", refused.Engine);
        Assert.True(refused.RetryAfter >= TimeSpan.FromSeconds(1));
        Assert.All(jobs, job => Assert.Equal(Chat.Greedy, job.Answer));
    }

    [Fact]
    public async Task A_common_beginning_is_computed_once()
    {
        using LlamaScheduler scheduler = tiny.Schedule(slots: 8);
        int[] system = [.. Enumerable.Range(1, 150)];
        GreedyJob[] jobs = [.. Enumerable.Range(0, 8).Select(i => new GreedyJob([.. system, 200 + i], 2))];
        foreach (GreedyJob job in jobs)
            scheduler.Submit(job);
        await Task.WhenAll(jobs.Select(job => job.Ended)).WaitAsync(Cancel);

        Assert.Equal(0, jobs[0].SharedTokens);
        Assert.All(jobs[1..], job => Assert.Equal(system.Length, job.SharedTokens));
    }

    [Fact]
    public async Task The_next_turn_of_a_conversation_computes_only_what_is_new()
    {
        using LlamaScheduler scheduler = tiny.Schedule();
        GreedyJob first = await RunAsync(scheduler, Chat.Tokens, 8);
        GreedyJob second = await RunAsync(scheduler, [.. Chat.Tokens, .. first.Answer, 13, 198], 4);

        // All but the first answer's last token, which nothing had come after.
        Assert.Equal(Chat.Tokens.Length + 7, second.SharedTokens);
    }

    [Fact]
    public async Task A_cancelled_job_ends_and_the_others_go_on()
    {
        using LlamaScheduler scheduler = tiny.Schedule();
        GreedyJob endless = new(Chat.Tokens, int.MaxValue, job =>
        {
            if (job.Answer.Count == 5)
                scheduler.Cancel(job);
        });
        GreedyJob other = new(tiny.Cases[0].Tokens, tiny.Cases[0].Greedy.Length);
        scheduler.Submit(endless);
        scheduler.Submit(other);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => endless.Ended.WaitAsync(Cancel));
        await other.Ended.WaitAsync(Cancel);
        Assert.Equal(5, endless.Answer.Count);
        Assert.Equal(tiny.Cases[0].Greedy, other.Answer);
    }

    [Fact]
    public async Task A_storm_of_cancellations_leaves_an_engine_that_answers_right()
    {
        using LlamaScheduler scheduler = tiny.Schedule(slots: 8, cells: 512, waiting: 1000);
        Random random = new(7);
        List<GreedyJob> storm = [];
        for (int i = 0; i < 300; i++)
        {
            int when = random.Next(12);
            GreedyJob job = new(tiny.Cases[random.Next(tiny.Cases.Count)].Tokens, 24, self =>
            {
                if (self.Answer.Count == when)
                    scheduler.Cancel(self);
            });
            storm.Add(job);
            scheduler.Submit(job);
            if (when == 0 || random.Next(4) == 0)
                scheduler.Cancel(storm[random.Next(storm.Count)]);
        }
        await Task.WhenAll(storm.Select(job => job.Ended)).ContinueWith(_ => { }, Cancel, TaskContinuationOptions.None, TaskScheduler.Default);

        foreach (DecoderCase each in tiny.Cases)
            Assert.Equal(each.Greedy, (await RunAsync(scheduler, each.Tokens, each.Greedy.Length)).Answer);
        Assert.True(SpinWait.SpinUntil(() => scheduler.State is (0, 0, _), TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task An_idle_cache_is_dropped_by_age()
    {
        FakeTimeProvider time = new();
        using LlamaScheduler scheduler = tiny.Schedule(time: time);
        await RunAsync(scheduler, Chat.Tokens, 2);
        time.Advance(TimeSpan.FromMinutes(20)); // the timer wakes the thread, which looks at the age

        GreedyJob again = await RunAsync(scheduler, Chat.Tokens, 2);
        Assert.Equal(0, again.SharedTokens);
    }

    [Fact]
    public async Task Closing_it_ends_every_job()
    {
        LlamaScheduler scheduler = tiny.Schedule(slots: 2);
        GreedyJob[] jobs = [.. Enumerable.Range(0, 6).Select(_ => new GreedyJob(Chat.Tokens, int.MaxValue))];
        foreach (GreedyJob job in jobs)
            scheduler.Submit(job);
        scheduler.Dispose();
        foreach (GreedyJob job in jobs)
            await Assert.ThrowsAnyAsync<Exception>(() => job.Ended.WaitAsync(Cancel));
        Assert.Throws<ObjectDisposedException>(() => scheduler.Submit(new GreedyJob(Chat.Tokens, 1)));
    }

    [Fact]
    public async Task A_fault_in_one_job_ends_that_job_alone()
    {
        using LlamaScheduler scheduler = tiny.Schedule();
        GreedyJob faulty = new(Chat.Tokens, 8, _ => throw new InvalidTimeZoneException("on purpose"));
        GreedyJob other = new(Chat.Tokens, Chat.Greedy.Length);
        scheduler.Submit(faulty);
        scheduler.Submit(other);
        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => faulty.Ended.WaitAsync(Cancel));
        await other.Ended.WaitAsync(Cancel);
        Assert.Equal(Chat.Greedy, other.Answer);
    }

    [Fact]
    public async Task A_job_that_outgrows_the_cache_ends_with_a_clear_error()
    {
        using LlamaScheduler scheduler = tiny.Schedule(slots: 1, cells: 256);
        GreedyJob endless = new(Chat.Tokens, int.MaxValue);
        scheduler.Submit(endless);
        ContextOverflowException fault = await Assert.ThrowsAsync<ContextOverflowException>(() => endless.Ended.WaitAsync(Cancel));
        Assert.Equal(256, fault.Context);
        Assert.Throws<ContextOverflowException>(() => scheduler.Submit(new GreedyJob(Enumerable.Repeat(1, 300).ToArray(), 1)));
    }

    private static async Task<GreedyJob> RunAsync(LlamaScheduler scheduler, IReadOnlyList<int> prompt, int count)
    {
        GreedyJob job = new(prompt, count);
        scheduler.Submit(job);
        await job.Ended.WaitAsync(Cancel);
        return job;
    }
}
