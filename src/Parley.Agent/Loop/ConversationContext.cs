using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Threading.Channels;

namespace Parley.Agent;

/// <summary>What the parts of one conversation share: settings, history, time, and the way out. Everything but <see cref="ReportAsync"/> is the loop's alone.</summary>
internal sealed class ConversationContext(
    ConversationEngines engines, ConversationOptions options, ConversationSettings settings, TimeProvider time,
    ChannelWriter<Message> mailbox, ChannelWriter<ConversationEvent> events, TaskScheduler scheduler)
{
    private const string IdLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private readonly long began = time.GetTimestamp();
    private readonly ConcurrentDictionary<Task, bool> atWork = new();

    public ConversationEngines Engines { get; } = engines;

    public ConversationOptions Options { get; } = options;

    public ConversationSettings Settings { get; set; } = settings;

    public ConversationHistory History { get; } = new();

    public TimeProvider Time { get; } = time;

    /// <summary>What the user speaks, as far as it is known.</summary>
    public string? Language { get; set; } = settings.Language;

    /// <summary>Since the conversation began.</summary>
    public TimeSpan Now => Time.GetElapsedTime(began);

    /// <summary>The caller's side took no events for too long.</summary>
    public bool IsOverrun { get; private set; }

    /// <summary>Work that has not ended yet.</summary>
    public IEnumerable<Task> AtWork => atWork.Keys;

    public static string NewId(string prefix) => prefix + RandomNumberGenerator.GetString(IdLetters, 21);

    public void Emit(ConversationEvent happened)
    {
        happened.At = Now;
        if (!events.TryWrite(happened))
            IsOverrun = true;
    }

    /// <summary>Tells the loop; waits where it has much to read.</summary>
    public ValueTask ReportAsync(Report report, CancellationToken cancel) => mailbox.WriteAsync(new Message(report), cancel);

    /// <summary>Starts work outside the loop. It must end when what it belongs to is stopped, and report its faults.</summary>
    public Task Run(Func<Task> work)
    {
        Task task = Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, scheduler).Unwrap();
        atWork.TryAdd(task, true);
        _ = ForgetAsync(task);
        return task;
    }

    private async Task ForgetAsync(Task task)
    {
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        atWork.TryRemove(task, out _);
    }
}

/// <summary>What lies in the mailbox of a conversation: a command, a report, or sound in a rented array.</summary>
internal readonly record struct Message(object? Body, float[]? Samples = null, int Count = 0, int SampleRate = 0);
