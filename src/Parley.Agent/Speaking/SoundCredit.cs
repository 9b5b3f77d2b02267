namespace Parley.Agent;

/// <summary>How much sound may be made ahead of whoever takes it: a voice that is fast waits, and the brain behind it. One voice at a time asks.</summary>
internal sealed class SoundCredit
{
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private TimeSpan ahead;
    private TaskCompletionSource? room;

    /// <summary>Waits until there is room, and takes it; a piece may be longer than the room.</summary>
    public async ValueTask TakeAsync(TimeSpan sound, CancellationToken cancel)
    {
        Task wait;
        lock (gate)
        {
            if (ahead < Most)
            {
                ahead += sound;
                return;
            }
            wait = (room = new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
        await wait.WaitAsync(cancel);
        lock (gate)
            ahead += sound;
    }

    /// <summary>Sound has been taken. From any thread.</summary>
    public void Give(TimeSpan sound)
    {
        TaskCompletionSource? waiting = null;
        lock (gate)
        {
            ahead -= sound;
            if (ahead < Most)
                (waiting, room) = (room, null);
        }
        waiting?.SetResult();
    }
}
