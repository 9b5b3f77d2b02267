using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Parley.Audio;

namespace Parley.Agent;

/// <summary>
/// One caller: frames in, events out, sound among them. Listening goes on while an answer is made. The stages are joined by
/// bounded channels, so a caller who does not take the answer stops the work behind it.
/// </summary>
public sealed class Conversation(ConversationEngines engines, ConversationOptions options, TimeProvider? time = null)
{
    // Turns that may wait while one is answered, and events that may wait for the caller (sound comes in pieces of about 0.1 s).
    private const int MaxWaitingTurns = 4, MaxWaitingEvents = 32;

    private readonly TimeProvider time = time ?? TimeProvider.System;
    private readonly ConversationMemory memory = new(options);

    /// <summary>Listens until there is nothing more to hear and everything is answered.</summary>
    /// <param name="heard">What the caller's side sends, at one rate. A frame's samples need to be valid only until the next one is asked for. It must end when its token is cancelled.</param>
    /// <param name="cancel">Hangs up.</param>
    /// <returns>What happens, in order.</returns>
    public async IAsyncEnumerable<ConversationEvent> RunAsync(IAsyncEnumerable<AudioFrame> heard, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        using CancellationTokenSource hangUp = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Channel<Utterance> utterances = Channel.CreateBounded<Utterance>(new BoundedChannelOptions(MaxWaitingTurns) { SingleReader = true, SingleWriter = true });
        Channel<ConversationEvent> events = Channel.CreateBounded<ConversationEvent>(new BoundedChannelOptions(MaxWaitingEvents) { SingleReader = true });
        Task listening = utterances.Writer.CompleteAfterAsync(ListenAsync(heard, utterances.Writer, hangUp.Token));
        Task answering = events.Writer.CompleteAfterAsync(AnswerAsync(utterances.Reader, events.Writer, hangUp.Token));
        try
        {
            TurnClock? clock = null;
            TimeSpan? played = null;
            await foreach (ConversationEvent happened in events.Reader.ReadAllAsync(cancel))
            {
                if (happened is TurnTaken taken)
                    (clock, played) = (taken.Clock, null);
                else if (happened is AnswerSpoken)
                    played ??= clock?.Now;
                yield return happened is TurnEnded ended ? ended with { Waterfall = ended.Waterfall with { FirstPlayed = played } } : happened;
            }
        }
        finally
        {
            await hangUp.CancelAsync();
            await Task.WhenAll(listening, answering).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ListenAsync(IAsyncEnumerable<AudioFrame> heard, ChannelWriter<Utterance> utterances, CancellationToken cancel)
    {
        UtteranceListener listener = new(engines.Detector, options);
        await foreach (AudioFrame frame in heard.WithCancellation(cancel))
        {
            foreach (Utterance utterance in listener.Push(frame))
                await utterances.WriteAsync(utterance, cancel);
        }
        foreach (Utterance utterance in listener.Finish())
            await utterances.WriteAsync(utterance, cancel);
    }

    private async Task AnswerAsync(ChannelReader<Utterance> utterances, ChannelWriter<ConversationEvent> events, CancellationToken cancel)
    {
        int number = 0;
        await foreach (Utterance utterance in utterances.ReadAllAsync(cancel))
            await new Turn(++number, utterance, engines, memory, events, time).RunAsync(cancel);
    }
}
