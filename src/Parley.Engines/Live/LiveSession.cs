using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.AI;
using Parley.Audio;

namespace Parley.Engines;

/// <summary>One stream of sound heard while it arrives: its utterances one after another, one recognition at a time.</summary>
internal sealed class LiveSession
{
    private readonly ISpeechToTextClient ear;
    private readonly SpeechToTextOptions options;
    private readonly LiveRecognitionOptions live;
    private readonly SpokenStretches stretches;
    private readonly string id = Guid.NewGuid().ToString("N");
    private readonly List<TranscriptSegment> segments = [];
    private readonly StringBuilder text = new();
    private LiveUtterance? utterance;
    private TimeSpan began;
    private string shown = "", said = ""; // the tentative text that was given last; the utterance so far

    /// <param name="ear">The recogniser.</param>
    /// <param name="options">For every call of it.</param>
    /// <param name="live">Pace and the silence that ends an utterance.</param>
    /// <param name="detector">Voice activity of this stream.</param>
    public LiveSession(ISpeechToTextClient ear, SpeechToTextOptions? options, LiveRecognitionOptions live, ISpeechDetector detector)
    {
        this.ear = ear;
        this.live = live;
        this.options = options?.Clone() ?? new();
        (this.options.Progress, this.options.RecordingLength) = (null, null); // of the whole, which nobody knows
        stretches = new(detector, live.EndOfSpeech);
    }

    /// <param name="sound">Pieces of 16 kHz.</param>
    /// <param name="cancel">Stops the recognition under way, too.</param>
    public async IAsyncEnumerable<SpeechToTextResponseUpdate> HearAsync(ChannelReader<float[]> sound, [EnumeratorCancellation] CancellationToken cancel)
    {
        yield return Update(SpeechToTextResponseUpdateKind.SessionOpen, "");
        Partial partial = new(cancel);
        try
        {
            while (true)
            {
                if (partial.IsIdle && utterance is { IsDue: true } due)
                    partial.Start(due);
                if (await partial.WaitAsync(sound) == Next.Recognised)
                {
                    foreach (SpeechToTextResponseUpdate update in Show(await partial.TakeAsync()))
                        yield return update;
                    continue;
                }
                if (!sound.TryRead(out float[]? piece))
                    break; // nothing more will come
                for (ReadOnlyMemory<float> rest = piece; stretches.Read(ref rest, out SpokenEdge edge);)
                {
                    if (edge == SpokenEdge.Start)
                        (utterance, began, said) = (new LiveUtterance(ear, options, live.Step), stretches.Time - stretches.Duration, "");
                    utterance?.Append(stretches.Samples);
                    if (edge == SpokenEdge.End)
                    {
                        foreach (SpeechToTextResponseUpdate update in await FinishAsync(partial, cancel))
                            yield return update;
                    }
                }
            }
            foreach (SpeechToTextResponseUpdate update in await FinishAsync(partial, cancel))
                yield return update;
        }
        finally
        {
            await partial.CancelAsync();
        }
        SpeechToTextResponseUpdate last = Update(SpeechToTextResponseUpdateKind.SessionClose, "");
        last.Transcript = new Transcript { Text = text.ToString(), Language = options.SpeechLanguage ?? "und", Duration = stretches.Time, Segments = segments };
        yield return last;
    }

    /// <summary>What a recognition has added and what it leaves open.</summary>
    private IEnumerable<SpeechToTextResponseUpdate> Show(string added)
    {
        if (added.Length > 0)
            yield return Committed(added);
        if (utterance!.Tentative == shown)
            yield break;
        shown = utterance.Tentative;
        yield return Timed(Update(SpeechToTextResponseUpdateKind.TextUpdating, shown));
    }

    private async Task<IReadOnlyList<SpeechToTextResponseUpdate>> FinishAsync(Partial partial, CancellationToken cancel)
    {
        if (utterance is null)
            return [];
        // A recognition under way lacks the end: the last one takes its place, unless it is done already.
        string added = await partial.CancelAsync();
        added += await utterance.FinishAsync(cancel);
        options.SpeechLanguage ??= utterance.Language;
        List<SpeechToTextResponseUpdate> updates = [];
        if (said.Length + added.Length > 0)
        {
            TranscriptSegment segment = new()
            {
                Id = segments.Count,
                Text = said + added,
                Start = stretches.Spoken.From,
                End = stretches.Spoken.Until,
                Words = [.. utterance.Words.Select(word => word with { Start = word.Start + began, End = word.End + began })],
            };
            segments.Add(segment);
            SpeechToTextResponseUpdate update = Committed(added);
            update.Segment = segment;
            updates.Add(update);
        }
        else if (shown.Length > 0)
        {
            updates.Add(Timed(Update(SpeechToTextResponseUpdateKind.TextUpdating, ""))); // there was nothing after all
        }
        (utterance, shown) = (null, "");
        return updates;
    }

    private SpeechToTextResponseUpdate Committed(string added)
    {
        if (text.Length == 0)
            added = added.TrimStart();
        text.Append(added);
        said += added;
        shown = "";
        return Timed(Update(SpeechToTextResponseUpdateKind.TextUpdated, added));
    }

    private SpeechToTextResponseUpdate Timed(SpeechToTextResponseUpdate update)
    {
        (update.StartTime, update.EndTime) = (began, stretches.Time);
        return update;
    }

    private SpeechToTextResponseUpdate Update(SpeechToTextResponseUpdateKind kind, string said) => new(said) { Kind = kind, ResponseId = id };

    private enum Next
    {
        Sound,
        Recognised,
    }

    /// <summary>The recognition under way, if there is one.</summary>
    private sealed class Partial(CancellationToken cancel)
    {
        private CancellationTokenSource? stop;
        private Task<string>? recognising;

        public bool IsIdle => recognising is null;

        public void Start(LiveUtterance utterance)
        {
            stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            recognising = utterance.UpdateAsync(stop.Token);
        }

        /// <summary>Waits for sound, for the end of sound, or for the result.</summary>
        public async Task<Next> WaitAsync(ChannelReader<float[]> sound)
        {
            if (recognising is { IsCompleted: true })
                return Next.Recognised;
            Task<bool> waiting = sound.WaitToReadAsync(cancel).AsTask();
            if (recognising is not null && await Task.WhenAny(waiting, recognising) == recognising)
                return Next.Recognised;
            await waiting;
            return Next.Sound;
        }

        public async Task<string> TakeAsync()
        {
            Task<string> taken = recognising!;
            recognising = null;
            stop!.Dispose();
            return await taken;
        }

        /// <returns>The result if it was there before it could be cancelled.</returns>
        public async Task<string> CancelAsync()
        {
            if (recognising is null)
                return "";
            await stop!.CancelAsync();
            await ((Task)recognising).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            bool isDone = recognising.IsCompletedSuccessfully;
            string added = isDone ? await recognising : "";
            recognising = null;
            stop.Dispose();
            return added;
        }
    }
}
