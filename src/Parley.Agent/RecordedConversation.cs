using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Parley.Audio;

namespace Parley.Agent;

/// <summary>A conversation with a recording: the same as with a caller, as fast as the engines are. The recording waits while it is answered.</summary>
public static class RecordedConversation
{
    /// <summary>Plays a recording to a conversation, turn by turn, until everything is answered.</summary>
    /// <param name="engines">Used as long as it lasts.</param>
    /// <param name="options">How it behaves. Nothing interrupts.</param>
    /// <param name="heard">What is said, at one rate. A frame's samples need to be valid only until the next one is asked for. It must end when its token is cancelled.</param>
    /// <param name="time">The clock on the wall.</param>
    /// <param name="cancel">Hangs up.</param>
    /// <returns>What happens, in order. An engine that fails ends it with the engine's exception, behind everything that was said before.</returns>
    public static IAsyncEnumerable<ConversationEvent> HoldAsync(
        ConversationEngines engines, ConversationOptions options, IAsyncEnumerable<AudioFrame> heard, TimeProvider? time = null, CancellationToken cancel = default)
    {
        ConversationSettings settings = ConversationSettings.From(options);
        settings = settings with { Playback = PlaybackKind.Instant, PartialTranscripts = false, TurnDetection = settings.TurnDetection! with { InterruptResponse = false } };
        return HoldAsync(Conversation.Start(engines, options, settings, time), heard, cancel);
    }

    internal static async IAsyncEnumerable<ConversationEvent> HoldAsync(
        Conversation conversation, IAsyncEnumerable<AudioFrame> heard, [EnumeratorCancellation] CancellationToken cancel)
    {
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task playing = PlayAsync(conversation, heard, over.Token);
        try
        {
            await foreach (ConversationEvent happened in conversation.ReadEventsAsync(cancel))
            {
                yield return happened;
                if (FaultOf(happened) is { } fault)
                    ExceptionDispatchInfo.Throw(fault);
            }
            await playing;
        }
        finally
        {
            await over.CancelAsync();
            await conversation.DisposeAsync();
            await playing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task PlayAsync(Conversation conversation, IAsyncEnumerable<AudioFrame> heard, CancellationToken cancel)
    {
        try
        {
            int rate = 16_000;
            bool isInTurn = false;
            await foreach (AudioFrame frame in heard.WithCancellation(cancel))
            {
                rate = frame.SampleRate;
                await conversation.AppendAsync(frame, cancel);
                isInTurn = await conversation.WaitUntilQuietAsync(cancel);
            }
            AudioFrame silence = new(new float[rate / 10], rate); // nobody says more: the turn in progress ends as it would live
            while (isInTurn)
            {
                await conversation.AppendAsync(silence, cancel);
                isInTurn = await conversation.WaitUntilQuietAsync(cancel);
            }
        }
        catch (ChannelClosedException)
        {
            // it has ended by itself: its last event says why
        }
        finally
        {
            await conversation.DisposeAsync();
        }
    }

    private static Exception? FaultOf(ConversationEvent happened) => happened switch
    {
        ResponseDone { Response.Fault.Exception: { } fault } => fault,
        EngineFailed { Fault: { Stage: not ConversationStage.Tool, Exception: { } fault } } => fault,
        ConversationEnded { Exception: { } fault } => fault,
        _ => null,
    };
}
