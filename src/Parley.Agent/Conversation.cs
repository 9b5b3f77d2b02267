using System.Buffers;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Parley.Audio;

namespace Parley.Agent;

/// <summary>
/// One caller: sound and commands in, events out, sound among them. One loop owns everything that the conversation knows; engines
/// work outside it and report. Nothing the caller's side does or leaves undone holds the loop up: a side that takes no events
/// is cut off, one that sends too fast waits. All members may be called from any thread.
/// </summary>
/// <example>
/// <code>
/// await using Conversation conversation = Conversation.Start(engines, options);
/// Task sending = SendSoundAsync(conversation);
/// await foreach (ConversationEvent happened in conversation.ReadEventsAsync(cancel))
///     Handle(happened);
/// </code>
/// </example>
public sealed class Conversation : IAsyncDisposable
{
    // Messages that may wait: sound comes in portions of 100 ms at most, and the loop is seldom more than a few behind.
    private const int MaxWaitingMessages = 128;

    // Events that may wait: the sound among them is bounded by the voice's credit, words are what a brain writes in minutes.
    private const int MaxWaitingEvents = 16_384;

    private static readonly TimeSpan Portion = TimeSpan.FromMilliseconds(100);

    // An engine that does not stop when it is told to is not waited for longer; what it comes to is dropped.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Channel<Message> mailbox = Channel.CreateBounded<Message>(new BoundedChannelOptions(MaxWaitingMessages) { SingleReader = true });
    private readonly Channel<ConversationEvent> events = Channel.CreateBounded<ConversationEvent>(new BoundedChannelOptions(MaxWaitingEvents) { SingleReader = true, SingleWriter = true });
    private readonly ConversationLoop loop;

    private Conversation(ConversationEngines engines, ConversationOptions options, ConversationSettings settings, TimeProvider time, TaskScheduler scheduler)
    {
        ConversationContext context = new(engines, options, settings, time, mailbox.Writer, events.Writer, scheduler);
        loop = new ConversationLoop(context, mailbox);
        Completion = Task.Factory.StartNew(() => RunAsync(context), CancellationToken.None, TaskCreationOptions.DenyChildAttach, scheduler).Unwrap();
    }

    /// <summary>Begins a conversation.</summary>
    /// <param name="engines">Used as long as it lasts.</param>
    /// <param name="options">How it behaves.</param>
    /// <param name="settings">What it is told; <see langword="null"/> for what <paramref name="options"/> say.</param>
    /// <param name="time">The clock on the wall.</param>
    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    public static Conversation Start(ConversationEngines engines, ConversationOptions options, ConversationSettings? settings = null, TimeProvider? time = null) =>
        Start(engines, options, settings, time ?? TimeProvider.System, TaskScheduler.Default);

    /// <summary>The same with everything it does on one scheduler, so that a test decides the order.</summary>
    internal static Conversation Start(ConversationEngines engines, ConversationOptions options, ConversationSettings? settings, TimeProvider time, TaskScheduler scheduler)
    {
        settings ??= ConversationSettings.From(options);
        foreach ((string field, string problem) in settings.Problems())
            throw new ArgumentException($"{field}: {problem}", nameof(settings));
        return new Conversation(engines, options, settings, time, scheduler);
    }

    /// <summary>Ends when the conversation has ended and nothing of it is at work any more, an engine excepted that does not stop. Never fails: see <see cref="ConversationEnded"/>.</summary>
    public Task Completion { get; }

    /// <summary>Hands over sound: the next samples of one stream. They are copied; the caller's memory is free on return.</summary>
    /// <param name="sound">Any length; any rate that can be resampled. The rate may change.</param>
    /// <param name="cancel">Gives up waiting; a part may have been handed over.</param>
    /// <exception cref="ChannelClosedException">The conversation has ended.</exception>
    public async ValueTask AppendAsync(AudioFrame sound, CancellationToken cancel = default)
    {
        ReadOnlyMemory<float> rest = sound.Samples;
        int portion = Math.Max(1, (int)(sound.SampleRate * Portion.TotalSeconds));
        while (!rest.IsEmpty)
        {
            int count = Math.Min(rest.Length, portion);
            float[] copy = ArrayPool<float>.Shared.Rent(count);
            rest.Span[..count].CopyTo(copy);
            await mailbox.Writer.WriteAsync(new Message(null, copy, count, sound.SampleRate), cancel);
            rest = rest[count..];
        }
    }

    /// <summary>Hands over a command; its effect comes as events.</summary>
    /// <exception cref="ChannelClosedException">The conversation has ended.</exception>
    public ValueTask SendAsync(ConversationCommand command, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(command);
        return mailbox.Writer.WriteAsync(new Message(command), cancel);
    }

    /// <summary>Waits until everything that was heard so far is answered.</summary>
    /// <returns>True if the user is in the middle of a turn.</returns>
    internal async Task<bool> WaitUntilQuietAsync(CancellationToken cancel)
    {
        WaitUntilQuiet wait = new(new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously));
        await mailbox.Writer.WriteAsync(new Message(wait), cancel);
        return await wait.Quiet.Task.WaitAsync(cancel);
    }

    /// <summary>What happens, in order, to the end of the conversation. For one reader, once. Sound that must not be heard any more is left out.</summary>
    public async IAsyncEnumerable<ConversationEvent> ReadEventsAsync([EnumeratorCancellation] CancellationToken cancel = default)
    {
        while (await events.Reader.WaitToReadAsync(cancel))
        {
            while (events.Reader.TryRead(out ConversationEvent? happened))
            {
                if (happened is OutputAudio { Source: { } source } audio)
                {
                    source.Credit.Give(audio.Sound.Duration);
                    if (source.IsCut)
                        continue;
                }
                yield return happened;
            }
        }
    }

    /// <summary>Hangs up, and waits until nothing is at work any more.</summary>
    public async ValueTask DisposeAsync()
    {
        loop.HangUp();
        await Completion;
    }

    private async Task RunAsync(ConversationContext context)
    {
        ConversationEnded end = await loop.RunAsync();
        mailbox.Writer.TryComplete();
        while (mailbox.Reader.TryRead(out Message message))
        {
            if (message.Samples is { } samples)
                ArrayPool<float>.Shared.Return(samples);
        }
        context.Emit(end);
        events.Writer.TryComplete();
        await Task.WhenAll(context.AtWork).WaitAsync(Patience, context.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }
}
