using Microsoft.Extensions.Time.Testing;

namespace Parley.Engines.Tests;

public class EngineQueueTests
{
    private static readonly QueueOptions Roomy = new() { Waiting = 1000, MaxWait = TimeSpan.FromMinutes(10) };

    [Fact]
    public async Task A_full_queue_refuses_at_once_and_says_when_to_come_back()
    {
        EngineQueue queue = new("tone", slots: 1, new QueueOptions { Waiting = 1 }, heavy: null, new FakeTimeProvider());
        using EngineTurn first = await queue.EnterAsync("a", WorkPriority.Streaming, default);
        Task<EngineTurn> second = queue.EnterAsync("a", WorkPriority.Streaming, default);
        Task<EngineTurn> third = queue.EnterAsync("a", WorkPriority.Streaming, default);
        Assert.True(third.IsFaulted);
        QueueFullException full = await Assert.ThrowsAsync<QueueFullException>(() => third);
        Assert.InRange(full.RetryAfter, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        Assert.False(second.IsCompleted);
        first.Dispose();
        (await second).Dispose();
        Assert.Equal((0, 0), (queue.Running, queue.Waiting));
    }

    [Fact]
    public async Task A_wait_that_the_record_says_is_too_long_is_refused_at_once()
    {
        FakeTimeProvider time = new();
        EngineQueue queue = new("tone", slots: 1, new QueueOptions { Waiting = 64, MaxWait = TimeSpan.FromSeconds(30) }, heavy: null, time);
        EngineTurn slow = await queue.EnterAsync("a", WorkPriority.Buffered, default);
        time.Advance(TimeSpan.FromSeconds(40));
        slow.Dispose();
        using EngineTurn running = await queue.EnterAsync("a", WorkPriority.Buffered, default);
        QueueFullException full = await Assert.ThrowsAsync<QueueFullException>(() => queue.EnterAsync("a", WorkPriority.Buffered, default));
        Assert.Equal(TimeSpan.FromSeconds(40), full.RetryAfter);
    }

    [Fact]
    public async Task Waiting_ends_when_its_time_is_over_and_leaves_the_line()
    {
        FakeTimeProvider time = new();
        EngineQueue queue = new("tone", slots: 1, new QueueOptions { MaxWait = TimeSpan.FromSeconds(30) }, heavy: null, time);
        using EngineTurn running = await queue.EnterAsync("a", WorkPriority.Buffered, default);
        Task<EngineTurn> waiting = queue.EnterAsync("b", WorkPriority.Buffered, default);
        time.Advance(TimeSpan.FromSeconds(30));
        await Assert.ThrowsAsync<QueueTimeoutException>(() => waiting);
        Assert.Equal(0, queue.Waiting);
    }

    [Fact]
    public async Task A_caller_who_leaves_frees_the_place_in_line_at_once()
    {
        EngineQueue queue = new("tone", slots: 1, Roomy, heavy: null, new FakeTimeProvider());
        using EngineTurn running = await queue.EnterAsync("a", WorkPriority.Buffered, default);
        using CancellationTokenSource gone = new();
        Task<EngineTurn> waiting = queue.EnterAsync("b", WorkPriority.Buffered, gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal((1, 0), (queue.Running, queue.Waiting));
    }

    [Fact]
    public async Task One_job_of_another_caller_waits_for_one_job_at_most()
    {
        EngineQueue queue = new("tone", slots: 1, Roomy, heavy: null, new FakeTimeProvider());
        EngineTurn running = await queue.EnterAsync("greedy", WorkPriority.Buffered, default);
        List<Task<EngineTurn>> many = [.. Enumerable.Range(0, 100).Select(_ => queue.EnterAsync("greedy", WorkPriority.Buffered, default))];
        Task<EngineTurn> one = queue.EnterAsync("modest", WorkPriority.Buffered, default);
        running.Dispose();
        (await many[0]).Dispose();
        EngineTurn modest = await one;
        Assert.False(many[1].IsCompleted);
        modest.Dispose();
        foreach (Task<EngineTurn> rest in many[1..])
            (await rest).Dispose();
    }

    [Fact]
    public async Task A_conversation_passes_those_who_wait_for_files()
    {
        HeavyGate gate = new();
        FakeTimeProvider time = new();
        EngineQueue whisper = new("whisper", slots: 1, Roomy, gate, time), voxtral = new("voxtral", slots: 1, Roomy, gate, time);
        EngineTurn running = await whisper.EnterAsync("a", WorkPriority.Batch, default);
        Task<EngineTurn> file = whisper.EnterAsync("a", WorkPriority.Batch, default);
        Task<EngineTurn> live = voxtral.EnterAsync("b", WorkPriority.Realtime, default);
        Assert.False(live.IsCompleted, "two heavy jobs at once");
        running.Dispose();
        EngineTurn turn = await live;
        Assert.False(file.IsCompleted);
        turn.Dispose();
        (await file).Dispose();
    }

    [Fact]
    public async Task A_paused_job_lends_its_slot_and_resumes_ahead_of_new_ones()
    {
        EngineQueue queue = new("tone", slots: 1, Roomy, heavy: null, new FakeTimeProvider());
        EngineTurn slow = await queue.EnterAsync("a", WorkPriority.Streaming, default);
        Task<EngineTurn> second = queue.EnterAsync("b", WorkPriority.Streaming, default);
        Task<EngineTurn> third = queue.EnterAsync("c", WorkPriority.Realtime, default);
        slow.Pause();
        EngineTurn live = await third;
        Task resumed = slow.ResumeAsync(default);
        Assert.False(resumed.IsCompleted);
        live.Dispose();
        await resumed;
        Assert.False(second.IsCompleted);
        slow.Dispose();
        (await second).Dispose();
        Assert.Equal(0, queue.Running);
    }

    /// <summary>The laws of the line under any order of entering, leaving, giving up and pausing.</summary>
    [Fact]
    public void No_order_of_events_loses_a_slot_or_runs_too_many() =>
        Gen.Select(Gen.Int[1, 3], Gen.Int[0, 4], Gen.Select(Gen.Int[0, 4], Gen.Int[0, 9], Gen.Int[0, 2]).Array[1, 60]).Sample((slots, room, events) =>
        {
            EngineQueue queue = new("tone", slots, new QueueOptions { Waiting = room, MaxWait = TimeSpan.FromHours(1) }, heavy: null, new FakeTimeProvider());
            List<(Task<EngineTurn> Entered, CancellationTokenSource Gone)> jobs = [];
            foreach ((int kind, int which, int caller) in events)
            {
                List<(Task<EngineTurn> Entered, CancellationTokenSource Gone)> running = [.. jobs.Where(job => job.Entered.IsCompletedSuccessfully)];
                switch (kind)
                {
                    case 0 or 1:
                        CancellationTokenSource gone = new();
                        jobs.Add((queue.EnterAsync($"caller {caller}", (WorkPriority)(which % 4), gone.Token), gone));
                        break;
                    case 2 when running.Count > 0:
                        running[which % running.Count].Entered.Result.Dispose();
                        break;
                    case 3 when jobs.Count > 0:
                        jobs[which % jobs.Count].Gone.Cancel();
                        break;
                    case 4 when running.Count > 0:
                        EngineTurn turn = running[which % running.Count].Entered.Result;
                        turn.Pause();
                        break;
                }
                if (queue.Running > slots || queue.Waiting > room)
                    return false;
            }
            // Everyone who gets in leaves again: at the end the engine is idle.
            return SpinWait.SpinUntil(() =>
            {
                foreach ((Task<EngineTurn> entered, _) in jobs)
                {
                    if (entered.IsCompletedSuccessfully)
                        entered.Result.Dispose();
                }
                return queue.Running == 0 && queue.Waiting == 0;
            }, TimeSpan.FromSeconds(10));
        }, iter: 300);
}
