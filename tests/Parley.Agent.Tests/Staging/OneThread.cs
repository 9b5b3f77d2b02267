namespace Parley.Agent.Tests;

/// <summary>Runs tasks on the thread that asks for it, one at a time: in the order they became ready, or in one that a test draws.</summary>
internal sealed class OneThread(Random? order = null) : TaskScheduler
{
    private readonly List<Task> ready = [];

    /// <summary>Runs until nothing is ready.</summary>
    public void Run()
    {
        SynchronizationContext? before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            while (TakeOne() is { } task)
                TryExecuteTask(task);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    public Task Start(Func<Task> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this).Unwrap();

    protected override void QueueTask(Task task)
    {
        lock (ready)
            ready.Add(task);
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => ready;

    private Task? TakeOne()
    {
        lock (ready)
        {
            if (ready.Count == 0)
                return null;
            int index = order?.Next(ready.Count) ?? 0;
            Task task = ready[index];
            ready.RemoveAt(index);
            return task;
        }
    }
}
