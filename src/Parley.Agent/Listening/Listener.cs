using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Engines;

namespace Parley.Agent;

/// <summary>
/// What the user says: where a turn begins and pauses, when it is over, whether it interrupts, and what it was. Decides on the
/// input clock; only where no sound comes any more does it go by the wall.
/// </summary>
internal sealed class Listener : IDisposable
{
    private static readonly TimeSpan TailPadding = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan HoldAfter = TimeSpan.FromMilliseconds(200);            // of speech before an answer could be heard
    private static readonly TimeSpan MaxSpeculatedTurn = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MaxManualInput = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan EnoughForLanguage = TimeSpan.FromSeconds(2);           // of a shorter utterance ("Ja.") it is a guess
    private static readonly TimeSpan PauseWithoutSound = TimeSpan.FromSeconds(1);           // nothing is sent in a pause: it goes on
    private static readonly TimeSpan SpeechWithoutSound = TimeSpan.FromSeconds(3);          // nothing is sent in mid-speech: it is over
    private static readonly TimeSpan JudgementPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan JudgedSound = TimeSpan.FromSeconds(8);
    private const int MaxSpeculations = 3;
    private const int ContentWordsThatInterrupt = 2;

    private readonly ConversationContext context;
    private readonly Responder responder;
    private readonly InputTrack track;
    private readonly Backchannels backchannels;
    private CancellationTokenSource recognition = new();
    private readonly CancellationTokenSource whole = new();
    private int listening;              // tags what is recognised and judged of a turn
    private long inputStart;            // of sound that is not committed
    private TimeSpan lastSoundAt;
    private TimeSpan? resumeAt;         // the answer goes on then, if there were no words
    private TurnDetection? pending;     // how turns are found once the present one is over
    private bool hasRefused;
    private readonly HashSet<string> unjudged = []; // languages of which it was told that nobody judges them

    public Listener(ConversationContext context, Responder responder)
    {
        this.context = context;
        this.responder = responder;
        track = new(context.Engines.Detector, context.Options);
        backchannels = new(context.Options.Backchannels);
    }

    /// <summary>What the user is saying; <see langword="null"/> while there is nothing.</summary>
    public UserTurn? Turn { get; private set; }

    /// <summary>When <see cref="Advance"/> has something to do.</summary>
    public TimeSpan? Due
    {
        get
        {
            TimeSpan? due = resumeAt;
            if (Turn is not { } turn)
                return due;
            TimeSpan noSound = lastSoundAt + (turn.IsPaused ? PauseWithoutSound : SpeechWithoutSound);
            bool waitsForSound = !turn.IsPaused || (!turn.IsDecided && Interruptible);
            if (waitsForSound && (due is null || noSound < due))
                due = noSound;
            if (turn is { IsDecided: true, IsTranscribing: true } && turn.PartialText.Length > 0 && (due is null || turn.DecidedAt + context.Options.TranscriptPatience < due))
                due = turn.DecidedAt + context.Options.TranscriptPatience;
            return due;
        }
    }

    private TurnDetection? Detection => context.Settings.TurnDetection;

    private bool Interrupts => Detection is { InterruptResponse: true };

    public void Begin() => track.Detect(Detection);

    /// <summary>Gives up what is being recognised.</summary>
    public void Dispose()
    {
        recognition.Cancel();
        recognition.Dispose();
        whole.Cancel();
        whole.Dispose();
    }

    /// <summary>The settings have changed.</summary>
    public void Reconfigure(TurnDetection? before)
    {
        if (Detection is null || before is null)
        {
            Drop(DiscardReason.Cleared);
            inputStart = track.Heard;
            track.Detect(Detection);
        }
        else if (Detection != before)
        {
            pending = Detection;
            TakePending();
        }
    }

    public void Hear(ReadOnlySpan<float> samples, int rate)
    {
        lastSoundAt = context.Now;
        track.Push(samples, rate);
        while (track.Next(out VoiceWindow window))
            OnWindow(window);
    }

    /// <summary>The caller's side ends the turn.</summary>
    /// <returns>False if there is nothing that could be one.</returns>
    public bool Commit()
    {
        if (Detection is not null)
        {
            if (Turn is not { } turn)
                return false;
            turn.End = turn.IsPaused ? turn.End : track.Heard;
            if (responder.Phase == AgentPhase.Paused)
                Interrupt(turn);
            CommitUnheard(turn, CommitCause.Caller);
            return true;
        }
        if (track.Heard <= inputStart)
            return false;
        UserTurn all = new(ConversationContext.NewId("item_"), inputStart) { End = track.Heard };
        CommitUnheard(all, CommitCause.Caller);
        return true;
    }

    /// <summary>What was heard since the last turn is forgotten.</summary>
    public void Clear()
    {
        Drop(DiscardReason.Cleared);
        inputStart = track.Heard;
        context.Emit(new InputCleared());
    }

    /// <summary>Nobody has spoken for long: that counts as an empty turn.</summary>
    public void TimeOut(TimeSpan silence)
    {
        string id = ConversationContext.NewId("item_");
        TimeSpan end = track.Time(track.Heard), start = end > silence ? end - silence : TimeSpan.Zero;
        context.Emit(new IdleTimedOut(id, start, end));
        context.Emit(new InputCommitted(id, context.History.LastId, start, end, CommitCause.IdleTimeout));
        AddItem(id, new AudioPart(""));
        responder.Answer(null);
    }

    /// <summary>Does what is due by the wall clock.</summary>
    public void Advance(TimeSpan now)
    {
        if (resumeAt <= now)
        {
            resumeAt = null;
            if (responder.Phase == AgentPhase.Paused && Turn is not { IsTranscribing: true }) // else its words decide
            {
                Drop(DiscardReason.NoWords);
                ResumeAnswer(DiscardReason.NoWords);
            }
        }
        if (Turn is not { } turn)
            return;
        if (!turn.IsPaused && now - lastSoundAt >= SpeechWithoutSound)
            Pause(turn, track.LastVoiced);
        else if (turn.IsPaused && !turn.IsDecided && now - lastSoundAt >= PauseWithoutSound)
            CheckEndOfTurn(turn, TimeSpan.MaxValue);
        else if (turn is { IsDecided: true, IsTranscribing: true, Transcript: null } && turn.PartialText.Length > 0 && now >= turn.DecidedAt + context.Options.TranscriptPatience)
            OnWords(turn, new Transcript { Text = turn.PartialText, Language = context.Language ?? "und", Duration = track.Time(turn.End - turn.Start) });
    }

    public void OnTranscribed(TurnTranscribed heard)
    {
        if (heard.Listening != listening || Turn is not { IsTranscribing: true } turn)
            return;
        turn.IsTranscribing = false;
        if (heard.Fault is { } fault)
        {
            ConversationFault told = new(ConversationStage.Ear, fault.Message, fault);
            context.Emit(new EngineFailed(told));
            if (turn.IsAnnounced)
            {
                Close(turn, CommitCause.EndOfTurn, null);
                context.Emit(new TranscriptFailed(turn.ItemId, told));
            }
            else
            {
                Drop(DiscardReason.NoWords);
            }
            ResumeAnswer(DiscardReason.NoWords);
            return;
        }
        OnWords(turn, heard.Transcript!);
    }

    public void OnUnderstood(TurnUnderstood understood)
    {
        UserTurn turn = understood.Turn;
        turn.IsUnderstanding = false;
        if (turn != Turn)
            return;
        if (understood.Fault is { } fault)
            context.Emit(new EngineFailed(new(ConversationStage.Ear, fault.Message, fault)));
        (turn.Committed, turn.Tentative) = (understood.Committed, understood.Tentative);
        if (!turn.IsPaused)
            CheckInterruption(turn);
        if (turn != Turn || !turn.IsAnnounced || understood.Fault is not null)
            return;
        context.Emit(new TranscriptPartial(turn.ItemId, turn.Committed[turn.Told..], turn.Committed, turn.Tentative));
        turn.Told = turn.Committed.Length;
    }

    public void OnJudged(TurnJudged judged)
    {
        if (judged.Listening != listening || Turn is not { IsJudging: true } turn)
            return;
        turn.IsJudging = false;
        turn.Prediction = judged.Prediction;
        if (judged.Fault is { } fault)
            context.Emit(new EngineFailed(new(ConversationStage.TurnDetection, fault.Message, fault)));
        TrySpeculate(turn);
        CheckEndOfTurn(turn, Silence(turn));
    }

    public void OnItemTranscribed(ItemTranscribed heard)
    {
        if (context.History.Find(heard.ItemId) is not { IsTranscribing: true } entry)
            return;
        entry.IsTranscribing = false;
        if (heard.Fault is { } fault)
        {
            context.Emit(new TranscriptFailed(heard.ItemId, new(ConversationStage.Ear, fault.Message, fault)));
            return;
        }
        MessageItem message = (MessageItem)entry.Item;
        entry.Item = message with { Content = [.. message.Content.Select(part => part is AudioPart { Transcript: null } ? new AudioPart(heard.Transcript!.Text.Trim()) : part)] };
        context.Emit(new TranscriptCompleted(heard.ItemId, heard.Transcript!));
    }

    /// <summary>Lets the ear hear an item.</summary>
    public void TranscribeItem(HistoryEntry entry, AudioBuffer sound)
    {
        entry.IsTranscribing = true;
        string id = entry.Item.Id;
        CancellationToken cancel = whole.Token;
        SpeechToTextOptions options = EarOptions(sound.Duration);
        context.Run(() => RecogniseAsync(sound, options, (transcript, fault) => new ItemTranscribed(id, transcript, fault), Task.CompletedTask, cancel));
    }

    private void OnWindow(VoiceWindow window)
    {
        if (Detection is not { } detection)
        {
            KeepManualInput();
            return;
        }
        if (Turn is { } soFar)
            HearAlong(soFar);
        if (Turn is not { } turn)
        {
            if (window.Edge == SpeechEdge.Start)
                BeginTurn(window.EdgeSample);
        }
        else if (!turn.IsPaused)
        {
            if (window.Edge == SpeechEdge.End)
                Pause(turn, track.LastVoiced);
            else if (track.Time(window.End - turn.Start) >= context.Options.MaxUtterance)
                CutTurn(turn, window.End);
            else
                CheckInterruption(turn);
        }
        else if (window.Edge == SpeechEdge.Start)
        {
            GoOn(turn, window.EdgeSample);
        }
        else
        {
            CheckEndOfTurn(turn, Silence(turn));
        }
        track.NeededFrom = (Turn?.Start ?? track.Heard) - track.Samples(detection.PrefixPadding + context.Options.MinSpeech) - 2 * context.Engines.Detector.WindowSamples;
    }

    private TimeSpan Silence(UserTurn turn) => track.Time(track.Heard - turn.End);

    private void BeginTurn(long start)
    {
        UserTurn turn = new(ConversationContext.NewId("item_"), start);
        Turn = turn;
        resumeAt = null;
        if (!Interrupts || responder.Phase == AgentPhase.Idle)
            Announce(turn);
        else if (responder.Phase == AgentPhase.Thinking)
            responder.Hold();
    }

    private void Announce(UserTurn turn)
    {
        if (turn.IsAnnounced)
            return;
        turn.IsAnnounced = true;
        context.Emit(new SpeechStarted(turn.ItemId, track.Time(PaddedStart(turn))));
    }

    private long PaddedStart(UserTurn turn) => Math.Max(0, turn.Start - track.Samples(Detection?.PrefixPadding ?? TimeSpan.Zero));

    /// <summary>The user has fallen silent: what was said is recognised and judged while it is waited for more.</summary>
    private void Pause(UserTurn turn, long end)
    {
        turn.IsPaused = true;
        turn.End = end;
        turn.Clock = new TurnClock(context.Now - Silence(turn));
        if (responder.Phase == AgentPhase.Paused)
            resumeAt = context.Now + Detection!.FalseInterruptionTimeout - Silence(turn);
        Recognise(turn);
        if (Interruptible)
            Judge(turn, null);
    }

    // A sound while the assistant speaks must first prove that it is a turn.
    private bool Interruptible => !Interrupts || responder.Phase == AgentPhase.Idle;

    private void GoOn(UserTurn turn, long start)
    {
        listening++;
        recognition.Cancel();
        responder.DropSpeculation();
        turn.Resume(start);
        resumeAt = null;
        if (Interrupts && responder.Phase == AgentPhase.Thinking)
            responder.Hold();
    }

    private void Recognise(UserTurn turn)
    {
        recognition.Cancel();
        recognition.Dispose();
        recognition = new CancellationTokenSource();
        CancellationToken cancel = recognition.Token;
        int run = ++listening;
        turn.IsTranscribing = true;
        AudioBuffer sound = new(track.Copy(PaddedStart(turn), turn.End + track.Samples(TailPadding)), track.SampleRate);
        SpeechToTextOptions options = EarOptions(track.Time(turn.End - turn.Start));
        context.Run(() => RecogniseAsync(sound, options, (transcript, fault) => new TurnTranscribed(run, transcript, fault), turn.Understanding, cancel));
    }

    /// <summary>Recognises a turn while it goes on: one recognition at a time, and none beside the one that ends it.</summary>
    private void HearAlong(UserTurn turn)
    {
        if (!context.Settings.PartialTranscripts)
            return;
        if (turn.Live is null)
        {
            turn.Live = new LiveUtterance(context.Engines.Ear, EarOptions(TimeSpan.Zero));
            turn.Live.Append(track.Copy(PaddedStart(turn), track.Heard));
        }
        else
        {
            turn.Live.Append(track.Window);
        }
        if (turn.IsPaused || turn.IsUnderstanding || !turn.Live.IsDue)
            return;
        turn.IsUnderstanding = true;
        if (recognition.IsCancellationRequested)
            recognition = new CancellationTokenSource();
        CancellationToken cancel = recognition.Token, over = whole.Token;
        turn.Understanding = context.Run(() => UnderstandAsync(turn, cancel, over));
    }

    private async Task UnderstandAsync(UserTurn turn, CancellationToken cancel, CancellationToken over)
    {
        Exception? failure = null;
        try
        {
            await turn.Live!.UpdateAsync(cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // the turn pauses: another recognition takes its place
        }
        catch (Exception busy) when (busy is QueueFullException or QueueTimeoutException)
        {
            // the ear has more to do than it can: what is said is still heard when the turn is over
        }
        catch (Exception fault) // an engine may throw anything; the conversation outlives it and reports it
        {
            failure = fault;
        }
        await context.ReportAsync(new TurnUnderstood(turn, turn.Live!.Committed, turn.Live.Tentative, failure), over);
    }

    private async Task RecogniseAsync(AudioBuffer sound, SpeechToTextOptions options, Func<Transcript?, Exception?, Report> report, Task before, CancellationToken cancel)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext); // it was told to stop
        Report result;
        try
        {
            using MemoryStream wav = new(WavWriter.ToBytes(sound));
            SpeechToTextResponse response = await context.Engines.Ear.GetTextAsync(wav, options, cancel);
            result = report(response.Transcript ?? new() { Text = response.Text.Trim(), Language = "und", Duration = sound.Duration }, null);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return;
        }
        catch (Exception fault) // an engine may throw anything; the conversation outlives it and reports it
        {
            result = report(null, fault);
        }
        await context.ReportAsync(result, cancel);
    }

    private SpeechToTextOptions EarOptions(TimeSpan speech)
    {
        bool findsOut = context.Settings.Language is null && context.Options.SwitchLanguage && speech >= EnoughForLanguage;
        return new SpeechToTextOptions
        {
            SpeechLanguage = context.Settings.Language ?? (findsOut ? null : context.Language),
            Prompt = context.Settings.TranscriptionPrompt,
        };
    }

    /// <summary>Asks the turn detector, if there is one and it has what it judges by.</summary>
    /// <param name="turn">A turn that pauses.</param>
    /// <param name="words">What was said; <see langword="null"/> as long as it is not known.</param>
    private void Judge(UserTurn turn, string? words)
    {
        if (Detection!.Ending != TurnEnding.Detector || context.Engines.TurnDetector is not { } detector || turn.IsJudging || detector.Evidence.HasFlag(TurnEvidence.Words) != words is not null)
            return;
        if (!detector.Judges(context.Language))
        {
            if (unjudged.Add(context.Language ?? ""))
                context.Emit(new TurnDetectorLeftOut(context.Language, Detection.SilenceDelay));
            return;
        }
        int run = listening;
        CancellationToken cancel = recognition.Token;
        TurnSoFar soFar = new()
        {
            Sound = detector.Evidence.HasFlag(TurnEvidence.Sound) ? track.Copy(Math.Max(turn.Start, track.Heard - track.Samples(JudgedSound)), track.Heard) : default,
            Messages = words is null ? [] : ConversationHistory.Messages("", [.. context.History.Entries.Select(entry => entry.Item)], words, []),
            Language = context.Language,
        };
        turn.IsJudging = true;
        context.Run(() => JudgeAsync(detector, soFar, run, cancel));
    }

    private async Task JudgeAsync(ITurnDetector detector, TurnSoFar turn, int run, CancellationToken cancel)
    {
        TurnJudged result;
        try
        {
            result = new TurnJudged(run, await detector.PredictAsync(turn, cancel), null);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return;
        }
        catch (Exception fault) // an engine may throw anything; the conversation outlives it and reports it
        {
            result = new TurnJudged(run, null, fault);
        }
        await context.ReportAsync(result, cancel);
    }

    /// <summary>The words up to a pause are known.</summary>
    private void OnWords(UserTurn turn, Transcript transcript)
    {
        turn.IsTranscribing = false;
        turn.Transcript = transcript;
        turn.Clock?.Understand(context.Now);
        LearnLanguage(transcript, track.Time(turn.End - turn.Start));
        if (!Interruptible && Reject(turn, transcript.Text) is { } reason)
        {
            bool isOver = reason != DiscardReason.NoWords || resumeAt is null;
            Drop(reason);
            if (isOver)
                ResumeAnswer(reason);
            return;
        }
        if (!Interruptible)
        {
            Interrupt(turn);
            Judge(turn, null);
        }
        Judge(turn, transcript.Text.Trim());
        TrySpeculate(turn);
        CheckEndOfTurn(turn, Silence(turn));
    }

    /// <summary>Why what was said while the assistant thought or spoke is no turn; <see langword="null"/> if it is one.</summary>
    private DiscardReason? Reject(UserTurn turn, string text)
    {
        string? language = context.Language;
        if (Backchannels.CountWords(text) == 0)
            return DiscardReason.NoWords;
        if (backchannels.Is(text, language))
            return DiscardReason.Backchannel;
        if (responder.Phase == AgentPhase.Thinking)
            return null;
        bool isLong = responder.Phase == AgentPhase.Paused || track.Time(turn.End - turn.BurstStart) >= Detection!.MinInterruption;
        int needed = Detection!.MinInterruptionWords > 0 ? Detection.MinInterruptionWords : isLong ? 1 : ContentWordsThatInterrupt;
        int said = Detection.MinInterruptionWords > 0 ? Backchannels.CountWords(text) : backchannels.ContentWords(text, language);
        return said >= needed ? null : DiscardReason.TooShort;
    }

    /// <summary>Stops the assistant as soon as speech is long enough, or says enough.</summary>
    private void CheckInterruption(UserTurn turn)
    {
        if (!Interrupts)
            return;
        TimeSpan speech = track.Time(track.LastVoiced - turn.BurstStart);
        TurnDetection detection = Detection!;
        switch (responder.Phase)
        {
            case AgentPhase.Idle:
                Announce(turn);
                break;
            case AgentPhase.Thinking:
                if (speech >= HoldAfter)
                    Announce(turn);
                if (speech >= detection.MinInterruption)
                    responder.Interrupt(ResponseEnd.TurnDetected);
                break;
            case AgentPhase.Speaking:
                bool isLong = speech >= detection.MinInterruption && Backchannels.CountWords(turn.PartialText) >= detection.MinInterruptionWords;
                if (responder.IsWarmingUp || !(isLong || SaysEnough(turn, ContentWordsThatInterrupt)))
                    break;
                if (responder.CanPause)
                    responder.Pause();
                else
                    Interrupt(turn);
                break;
            case AgentPhase.Paused:
                if (SaysEnough(turn, 1))
                    Interrupt(turn);
                break;
        }
    }

    private bool SaysEnough(UserTurn turn, int words) =>
        turn.PartialText.Length > 0 && backchannels.ContentWords(turn.PartialText, context.Language) >= Math.Max(words, Detection!.MinInterruptionWords);

    private void Interrupt(UserTurn turn)
    {
        responder.Interrupt(ResponseEnd.TurnDetected);
        resumeAt = null;
        Announce(turn);
    }

    private void ResumeAnswer(DiscardReason cause)
    {
        resumeAt = null;
        responder.Resume(cause);
    }

    /// <summary>Begins the answer on what is probably all that will be said.</summary>
    private void TrySpeculate(UserTurn turn)
    {
        if (!context.Options.PreemptiveAnswer || Detection is not { CreateResponse: true } || turn is not { IsPaused: true, IsJudging: false, IsDecided: false, Transcript.Text: string text }
            || turn.Prediction is { IsOver: false } || turn.Speculations >= MaxSpeculations || track.Time(turn.End - turn.Start) > MaxSpeculatedTurn || Backchannels.CountWords(text) == 0)
        {
            return;
        }
        if (responder.TrySpeculate(text.Trim(), turn.Clock!))
            turn.Speculations++;
    }

    /// <summary>Ends the turn if the silence is long enough and the words are known.</summary>
    private void CheckEndOfTurn(UserTurn turn, TimeSpan silence)
    {
        if (Turn != turn || !turn.IsPaused || !Interruptible)
            return;
        if (!turn.IsDecided)
        {
            if (silence < Delay(turn, silence))
                return;
            turn.IsDecided = true;
            turn.DecidedAt = context.Now;
            turn.Clock!.Decide(context.Now, Silence(turn));
        }
        if (turn.Transcript is { } transcript)
            Close(turn, CommitCause.EndOfTurn, transcript);
    }

    private TimeSpan Delay(UserTurn turn, TimeSpan silence)
    {
        TurnDetection detection = Detection!;
        if (detection.Ending == TurnEnding.Silence)
            return detection.SilenceDelay;
        if (turn.IsJudging)
            return silence < JudgementPatience ? TimeSpan.MaxValue : detection.SilenceDelay;
        return turn.Prediction is not { } prediction ? detection.SilenceDelay : prediction.IsOver ? detection.MinDelay : detection.MaxDelay;
    }

    /// <summary>The turn is over and its words are known, or will not be.</summary>
    private void Close(UserTurn turn, CommitCause cause, Transcript? transcript)
    {
        string? text = transcript?.Text.Trim();
        if (text is not null && Backchannels.CountWords(text) == 0)
        {
            responder.DropSpeculation();
            Drop(DiscardReason.NoWords);
            return;
        }
        TurnClock clock = turn.Clock!;
        AddTurn(turn, cause, text);
        if (transcript is null)
            return;
        context.Emit(new TranscriptCompleted(turn.ItemId, transcript));
        if (Detection!.CreateResponse)
            responder.Answer(new SaidTurn(text!, clock));
    }

    /// <summary>The turn ends before its words are known: they follow.</summary>
    private void CommitUnheard(UserTurn turn, CommitCause cause)
    {
        responder.DropSpeculation();
        HistoryEntry entry = AddTurn(turn, cause, null);
        if (entry.Sound is { } sound)
            TranscribeItem(entry, sound);
    }

    private void CutTurn(UserTurn turn, long end)
    {
        turn.End = end;
        CommitUnheard(turn, CommitCause.MaxUtterance);
        Turn = new UserTurn(ConversationContext.NewId("item_"), end);
        Announce(Turn);
    }

    private HistoryEntry AddTurn(UserTurn turn, CommitCause cause, string? text)
    {
        if (Detection is not null)
        {
            Announce(turn);
            context.Emit(new SpeechStopped(turn.ItemId, track.Time(turn.End), turn.Prediction?.Probability));
        }
        long start = PaddedStart(turn);
        context.Emit(new InputCommitted(turn.ItemId, context.History.LastId, track.Time(start), track.Time(turn.End), cause));
        AudioBuffer sound = new(track.Copy(start, turn.End + track.Samples(TailPadding)), track.SampleRate);
        HistoryEntry entry = AddItem(turn.ItemId, new AudioPart(text), sound);
        inputStart = turn.End;
        Forget();
        return entry;
    }

    private HistoryEntry AddItem(string id, AudioPart part, AudioBuffer? sound = null)
    {
        string? before = context.History.LastId;
        HistoryEntry entry = new(new MessageItem(MessageRole.User, [part]) { Id = id }) { Sound = sound };
        context.History.Add(entry);
        context.History.TrimSound();
        context.Emit(new ItemAdded(entry.Item, before));
        context.Emit(new ItemDone(entry.Item, before));
        return entry;
    }

    /// <summary>What was taken for a turn is none.</summary>
    private void Drop(DiscardReason reason)
    {
        if (Turn is not { } turn)
            return;
        if (reason == DiscardReason.Cleared)
            responder.DropSpeculation();
        if (turn.IsAnnounced)
            context.Emit(new SpeechStopped(turn.ItemId, track.Time(turn.IsPaused ? turn.End : track.Heard), turn.Prediction?.Probability));
        context.Emit(new InputDiscarded(turn.ItemId, reason, turn.Transcript?.Text.Trim() ?? turn.PartialText, turn.IsAnnounced));
        Forget();
        if (reason == DiscardReason.Cleared)
            ResumeAnswer(reason);
    }

    private void Forget()
    {
        Turn = null;
        listening++;
        recognition.Cancel();
        responder.Unhold();
        TakePending();
    }

    private void TakePending()
    {
        if (pending is null || Turn is not null)
            return;
        track.Detect(pending);
        pending = null;
    }

    private void KeepManualInput()
    {
        long most = track.Samples(MaxManualInput);
        if (track.Heard - inputStart > most)
        {
            inputStart = track.Heard - most;
            if (!hasRefused)
                context.Emit(new CommandRefused(RefusalCodes.InvalidValue, $"More than {MaxManualInput.TotalMinutes} minutes of sound wait to be committed; the oldest is forgotten. Commit or clear the input.", "audio", null));
            hasRefused = true;
        }
        track.NeededFrom = inputStart;
    }

    private void LearnLanguage(Transcript heard, TimeSpan speech)
    {
        if (context.Settings.Language is not null || heard.Language == "und" || heard.Text.Length == 0 || speech < EnoughForLanguage || heard.Language == context.Language)
            return;
        if (context.Language is not null && !context.Options.SwitchLanguage)
            return;
        context.Language = heard.Language;
        context.Emit(new LanguageChanged(heard.Language));
    }
}

/// <summary>A turn of the user that is to be answered.</summary>
/// <param name="Text">Its words.</param>
/// <param name="Clock">Counts from its last voiced sample.</param>
internal sealed record SaidTurn(string Text, TurnClock Clock);
