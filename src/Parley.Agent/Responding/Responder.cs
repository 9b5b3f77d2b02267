using System.Threading.Channels;
using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Engines;

namespace Parley.Agent;

/// <summary>What the assistant does at the moment.</summary>
internal enum AgentPhase
{
    Idle,

    /// <summary>A response is on its way and cannot be heard yet.</summary>
    Thinking,
    Speaking,

    /// <summary>Its sound was stopped and may go on.</summary>
    Paused,
}

/// <summary>
/// What the assistant says: begins responses, hands out what they give in the order a caller expects, and cuts them off so that
/// the history keeps what was heard.
/// </summary>
internal sealed class Responder(ConversationContext context)
{
    // Clauses that wait to be spoken: a long answer is not written to its end while its beginning is spoken.
    private const int MaxWaitingClauses = 8;

    private static readonly TimeSpan TruncationTolerance = TimeSpan.FromMilliseconds(50);

    private readonly ResponseWork work = new(context.Engines, context.ReportAsync);
    private readonly List<Response> beside = []; // out of band
    private Response? current;   // of the conversation: thinking or speaking
    private Response? earlier;   // has said everything and is still being played
    private SaidTurn? waiting;   // answered when the present response is over
    private bool isWaiting;
    private int responses, turns;
    private TimeSpan? firstSpokeAt;

    /// <summary>True once a response has ended.</summary>
    public bool HasAnswered { get; private set; }

    public AgentPhase Phase =>
        Speaker is { } speaker ? speaker.Playout.IsPaused ? AgentPhase.Paused : AgentPhase.Speaking
        : Visible is not null || isWaiting ? AgentPhase.Thinking
        : AgentPhase.Idle;

    public bool CanPause => Speaker is { Playout.CanPause: true };

    /// <summary>The first answer has begun so lately that the caller's echo canceller may not know it yet.</summary>
    public bool IsWarmingUp => firstSpokeAt is { } began && context.Now - began < context.Options.InterruptionWarmUp;

    private Response? Speaker => earlier ?? (current is { Playout.HasStarted: true } ? current : null);

    private Response? Visible => current is { SpeculatedOn: null } ? current : null;

    public void Greet()
    {
        if (context.Options.Greeting.Length > 0 && context.Settings.Answers)
            Say(context.Options.Greeting);
    }

    /// <summary>Speaks a text, if the assistant is not at something else.</summary>
    public void Say(string text) => Create(new ResponseOptions(), text, null);

    /// <summary>Answers a turn of the user, at once or when the present response is over.</summary>
    /// <param name="turn">Its words; <see langword="null"/> if there are none.</param>
    public void Answer(SaidTurn? turn)
    {
        if (!context.Settings.Answers)
        {
            DropSpeculation();
            return;
        }
        if (current is { SpeculatedOn: { } words } begun)
        {
            if (words == turn?.Text)
            {
                Promote(begun, turn);
                return;
            }
            DropSpeculation();
        }
        if (current is not null || earlier is not null)
        {
            (waiting, isWaiting) = (turn, true); // one answer to all that was said meanwhile
            return;
        }
        Create(new ResponseOptions(), null, turn);
    }

    /// <summary>A caller's side wants a response.</summary>
    /// <returns>False if one is active already.</returns>
    public bool TryCreate(ResponseOptions options, string? script)
    {
        if (options.IsInConversation)
        {
            DropSpeculation();
            if (current is { IsDone: false })
                return false;
        }
        Create(options, script, null);
        return true;
    }

    /// <summary>Begins an answer that nobody may know of before the turn is over.</summary>
    /// <returns>False if there is one already, or another response.</returns>
    public bool TrySpeculate(string words, TurnClock clock)
    {
        if (!context.Settings.Answers || current is not null || earlier is not null || isWaiting || context.History.IsTranscribing)
            return false;
        Response response = NewResponse(new ResponseOptions());
        response.SpeculatedOn = words;
        response.Clock = clock;
        current = response;
        Begin(response, null, words);
        return true;
    }

    public void DropSpeculation()
    {
        if (current is not { SpeculatedOn: not null } response)
            return;
        current = null;
        response.Stop();
    }

    /// <summary>Somebody speaks before the answer can be heard: it waits.</summary>
    public void Hold()
    {
        if (Visible is { IsReleased: false } response)
            response.IsHeld = true;
    }

    /// <summary>It was nothing.</summary>
    public void Unhold()
    {
        if (current is not { IsHeld: true } response)
            return;
        response.IsHeld = false;
        Progress(response);
    }

    public void Pause()
    {
        Response speaker = Speaker!;
        speaker.Playout.Pause(context.Now);
        (OutputMessage? message, TimeSpan position) = Position(speaker);
        context.Emit(new PlaybackPaused(speaker.Id, message?.Id ?? "", position));
    }

    public void Resume(DiscardReason cause)
    {
        if (Speaker is not { Playout.IsPaused: true } speaker)
            return;
        speaker.Playout.Resume(context.Now);
        (OutputMessage? message, TimeSpan position) = Position(speaker);
        context.Emit(new PlaybackResumed(speaker.Id, message?.Id ?? "", position, cause));
        ConversationMetrics.FalseInterruptions.Add(1);
        Progress(speaker);
    }

    /// <summary>Stops what is being said and what would be, for good.</summary>
    public void Interrupt(ResponseEnd cause)
    {
        DropSpeculation();
        (waiting, isWaiting) = (null, false);
        if (earlier is { } before)
        {
            earlier = null;
            Cut(before, cause);
        }
        if (current is { } response)
        {
            current = null;
            Cut(response, cause);
        }
    }

    /// <summary>Cancels a response by its name.</summary>
    /// <returns>False if it is not active.</returns>
    public bool Cancel(string? id)
    {
        if (id is not null && beside.Find(other => other.Id == id) is { } aside)
        {
            beside.Remove(aside);
            Cut(aside, ResponseEnd.ClientCancelled);
            return true;
        }
        if (Visible is not { IsDone: false } response || (id is not null && response.Id != id))
            return false;
        current = null;
        Cut(response, ResponseEnd.ClientCancelled);
        AnswerWaiting();
        return true;
    }

    /// <summary>Stops what is being played.</summary>
    public void ClearOutput()
    {
        if (earlier is { } before)
        {
            earlier = null;
            Cut(before, ResponseEnd.ClientCancelled);
        }
        if (current is { Playout.HasStarted: true } response)
        {
            current = null;
            Cut(response, ResponseEnd.ClientCancelled);
        }
        AnswerWaiting();
    }

    /// <summary>The caller's side says how far it is.</summary>
    /// <returns>False if there is no such message being played.</returns>
    public bool Report(string itemId, TimeSpan position, PlaybackState state)
    {
        foreach (Response? response in (ReadOnlySpan<Response?>)[earlier, current])
        {
            if (response?.Output.Find(item => item.Id == itemId) is not OutputMessage { SoundStart: { } start } message)
                continue;
            TimeSpan own = position < message.Spoken.Length ? position : message.Spoken.Length;
            response.Playout.Report(start + own, state, context.Now);
            return true;
        }
        return false;
    }

    /// <summary>The user heard a message only so far.</summary>
    /// <returns>What is wrong with that; <see langword="null"/> if nothing is.</returns>
    public string? Truncate(HistoryEntry entry, SpokenMessage spoken, TimeSpan audioEnd)
    {
        if (audioEnd > spoken.Length + TruncationTolerance)
            return FormattableString.Invariant($"The item has {spoken.Length.TotalMilliseconds:0} ms of sound, less than {audioEnd.TotalMilliseconds:0}.");
        string id = entry.Item.Id;
        if (earlier is { } before && before.Output.Exists(item => item.Id == id))
        {
            earlier = null;
            Cut(before, ResponseEnd.ClientCancelled);
        }
        else if (Visible is { } response && response.Output.Exists(item => item.Id == id))
        {
            current = null;
            Cut(response, ResponseEnd.ClientCancelled);
        }
        Keep(entry, spoken, audioEnd, ItemStatus.Incomplete);
        context.Emit(new ItemTruncated(id, 0, audioEnd, ((MessageItem)entry.Item).Text));
        AnswerWaiting();
        return null;
    }

    /// <summary>When <see cref="Advance"/> has something to do.</summary>
    public TimeSpan? Due(TimeSpan now)
    {
        TimeSpan? due = current?.FillerDue;
        foreach (Response? response in (ReadOnlySpan<Response?>)[earlier, current])
        {
            if (response is { IsReleased: true } && response.Playout.Due(now) is { } next && (due is null || next < due))
                due = next;
        }
        return due;
    }

    /// <summary>Does what is due: sound leaves, responses end, a slow tool is explained.</summary>
    public void Advance(TimeSpan now)
    {
        if (current is { FillerDue: { } filler } slow && filler <= now)
            Fill(slow);
        if (earlier is { } before && IsOver(before, now))
        {
            earlier = null;
            Finish(before);
            if (current is not null)
                Progress(current);
        }
        if (current is { } response && IsOver(response, now))
        {
            current = null;
            Finish(response);
        }
        AnswerWaiting();
    }

    private bool IsOver(Response response, TimeSpan now)
    {
        Progress(response);
        return response.IsDone && response.Playout.IsDrained(now);
    }

    /// <summary>The words of all turns are known now: what waited for them begins.</summary>
    public void BeginAwaiting()
    {
        if (context.History.IsTranscribing)
            return;
        foreach (Response? response in (Response?[])[current, .. beside])
        {
            if (response is { IsAwaitingWords: true })
                Begin(response, null, null);
        }
    }

    public void End()
    {
        foreach (Response? response in (Response?[])[earlier, current, .. beside])
            response?.Stop();
    }

    /// <summary>Work for a response has come to something.</summary>
    public void On(Report report)
    {
        int number = report switch
        {
            HistoryOutgrown outgrown => outgrown.Response,
            BrainWrote wrote => wrote.Response,
            BrainCalled called => called.Response,
            BrainJudged judged => judged.Response,
            BrainCut cut => cut.Response,
            BrainEnded ended => ended.Response,
            VoiceSpoke spoke => spoke.Response,
            ClauseSpoken spoken => spoken.Response,
            VoiceEnded ended => ended.Response,
            ToolEnded ended => ended.Response,
            _ => throw new System.Diagnostics.UnreachableException(report.ToString()),
        };
        Response? response = current?.Number == number ? current : beside.Find(other => other.Number == number);
        if (response is null)
            return; // too late: nobody waits for it any more
        switch (report)
        {
            case HistoryOutgrown outgrown:
                response.Told = [.. response.Told.Except(outgrown.Items)];
                context.History.Forget(outgrown.Items);
                break;
            case BrainWrote wrote:
                OnText(response, wrote.Text);
                break;
            case BrainCalled called:
                response.Calls.Add(called.Call);
                break;
            case BrainJudged judged:
                Tell(response, new GuardJudged(response.Id, judged.Role, judged.Verdict));
                break;
            case BrainCut cut:
                response.Clock?.Cut(context.Now);
                response.Message(cut.Clause.Message).Unspoken++;
                break;
            case BrainEnded ended:
                OnThought(response, ended);
                break;
            case VoiceSpoke spoke:
                OnSound(response, spoke);
                break;
            case ClauseSpoken spoken:
                OutputMessage message = response.Message(spoken.Clause.Message);
                message.Unspoken--;
                message.Spoken.EndClause(spoken.Clause);
                break;
            case VoiceEnded ended:
                OnVoiced(response, ended.Fault);
                break;
            case ToolEnded ended:
                OnTool(response, ended);
                break;
        }
        Progress(response);
    }

    private Response NewResponse(ResponseOptions options)
    {
        bool speaks = (options.Output ?? context.Settings.Output) == OutputModality.Audio;
        return new Response(++responses, ConversationContext.NewId("resp_"), options, context.Settings)
        {
            Clauses = speaks ? Channel.CreateBounded<ClauseOrder>(new BoundedChannelOptions(MaxWaitingClauses) { SingleReader = true }) : null,
            IsVoiced = !speaks,
            After = context.History.LastId,
        };
    }

    private void Create(ResponseOptions options, string? script, SaidTurn? turn)
    {
        Response response = NewResponse(options);
        if (!options.IsInConversation)
        {
            beside.Add(response);
        }
        else
        {
            if (current is { } before)
                earlier = before; // has said everything, or nothing could be created
            current = response;
        }
        SetTurn(response, turn);
        Announce(response);
        if (script is null && options.Input is null && context.History.IsTranscribing)
            response.IsAwaitingWords = true;
        else
            Begin(response, script, null);
    }

    private void SetTurn(Response response, SaidTurn? turn)
    {
        if (turn is null)
            return;
        response.Clock = turn.Clock;
        response.Turn = new AnsweredTurn(++turns, turn.Text, turn.Clock);
    }

    /// <summary>The answer that was begun early is the one that is wanted.</summary>
    private void Promote(Response response, SaidTurn turn)
    {
        response.SpeculatedOn = null;
        response.After = context.History.LastId;
        SetTurn(response, turn);
        Announce(response);
        if (response.HasToolsToStart)
            StartTools(response);
        Progress(response);
    }

    private void Announce(Response response)
    {
        response.IsAnnounced = true;
        context.Emit(new ResponseCreated(response.Snapshot()));
    }

    /// <summary>Sets brain and voice to work.</summary>
    private void Begin(Response response, string? script, string? turnText)
    {
        response.IsAwaitingWords = false;
        if (response.Options.Input is { } input)
        {
            response.Told = [.. input.Select(item => item is ItemReference ? context.History.Find(item.Id)!.Item : item)];
        }
        else
        {
            KeepWithin(response.Settings.Truncation, turnText);
            response.Told = [.. context.History.Told];
        }
        response.TurnText = turnText;
        if (response.Clauses is { } clauses)
        {
            TextToSpeechOptions options = VoiceOptions(response);
            context.Run(() => work.SpeakAsync(response, clauses.Reader, options));
        }
        Think(response, script);
    }

    /// <summary>Forgets what is above the caller's own limit, by an estimate: the brain has not counted yet.</summary>
    private void KeepWithin(HistoryTruncation truncation, string? turnText)
    {
        if (truncation is not { MaxTokens: { } most, Retention: { } share })
            return;
        IReadOnlyList<ConversationItem> told = [.. context.History.Told];
        double characters = told.Sum(Forgetting.Characters) + (turnText?.Length ?? 0), room = most * Forgetting.CharactersPerToken;
        if (characters > room)
            context.History.Forget(Forgetting.Oldest(told, characters - share * room, isAnswered: turnText is not null));
    }

    private void Think(Response response, string? script)
    {
        int message = response.NextMessage++;
        response.Round = message;
        response.Writing = null;
        if (script is not null)
        {
            context.Run(() => work.ThinkAsync(response, message, () => new[] { new ChatResponseUpdate(ChatRole.Assistant, script) { FinishReason = ChatFinishReason.Stop } }.ToAsyncEnumerable()));
            return;
        }
        // What a caller gave itself is for the caller to shorten.
        HistoryTruncation truncation = response.Options.Input is null ? response.Settings.Truncation : HistoryTruncation.Disabled;
        BrainQuestion question = new(response.Options.Instructions ?? response.Settings.Instructions, response.Told, response.TurnText, [.. response.Gathered], truncation);
        ChatOptions options = BrainOptions(response);
        context.Run(() => work.ThinkAsync(response, message, () => work.AskAsync(response, question, options)));
    }

    private ChatOptions BrainOptions(Response response)
    {
        ResponseOptions own = response.Options;
        ConversationSettings settings = response.Settings;
        IReadOnlyList<AITool> tools = own.Tools ?? settings.Tools;
        return new ChatOptions
        {
            Temperature = own.Temperature ?? settings.Temperature,
            MaxOutputTokens = own.MaxOutputTokens ?? settings.MaxOutputTokens,
            Reasoning = (own.Reasoning ?? settings.Reasoning) is { } effort ? new ReasoningOptions { Effort = effort } : null,
            Tools = tools.Count > 0 ? [.. tools] : null,
            ToolMode = tools.Count == 0 ? null : response.ToolRounds >= context.Options.MaxToolRounds ? ChatToolMode.None : response.ToolRounds > 0 ? ChatToolMode.Auto : own.ToolMode ?? settings.ToolMode,
            AllowMultipleToolCalls = tools.Count == 0 ? null : own.AllowParallelToolCalls ?? settings.AllowParallelToolCalls,
        };
    }

    private TextToSpeechOptions VoiceOptions(Response response)
    {
        TextToSpeechOptions options = context.Engines.VoiceOptions?.Clone() ?? new TextToSpeechOptions();
        string? ofLanguage = context.Language is { } language ? context.Options.Voices.GetValueOrDefault(language) ?? context.Options.Voices.GetValueOrDefault(language.Split('-')[0]) : null;
        options.VoiceId = response.Options.Voice ?? ofLanguage ?? response.Settings.Voice ?? options.VoiceId;
        options.Speed = response.Settings.Speed ?? options.Speed;
        return options;
    }

    private void OnText(Response response, string text)
    {
        response.Clock?.Think(context.Now);
        OutputMessage message = response.Writing ??= NewMessage(response, response.Round);
        message.Spoken.Write(text);
        Tell(response, new OutputTextDelta(response.Id, message.Id, message.Index, message.Modality, text));
    }

    private OutputMessage NewMessage(Response response, int number)
    {
        OutputMessage message = new(ConversationContext.NewId("item_"), response.Output.Count, number, response.Modality);
        response.Output.Add(message);
        Tell(response, new OutputItemAdded(response.Id, message.Index, message.Snapshot));
        return message;
    }

    private void OnSound(Response response, VoiceSpoke spoke)
    {
        response.Clock?.Sound(context.Now);
        OutputMessage message = response.Message(spoke.Clause.Message);
        message.SoundStart ??= response.Playout.Total;
        TimeSpan position = message.Spoken.Length;
        TimeSpan clauseStart = message.Spoken.Speak(spoke.Clause, spoke.Sound.Duration, spoke.Words);
        IReadOnlyList<WordTiming> words = [.. spoke.Words.Select(word => word with { Start = clauseStart + word.Start, End = clauseStart + word.End })];
        response.Playout.Add(new SoundPiece(message.Number, spoke.Sound, position, words, spoke.IsFirst ? spoke.Clause.Text : null));
    }

    /// <summary>The brain has ended a round: it has said everything, or wants tools used.</summary>
    private void OnThought(Response response, BrainEnded ended)
    {
        response.Usage += ended.Usage;
        response.IsRoundOver = true;
        if (response.Writing is { } message)
        {
            message.IsWritten = true;
            response.Gathered.Add(message.Snapshot);
        }
        if (ended.Fault is { } fault)
        {
            Fail(response, ConversationStage.Brain, fault);
            EndThinking(response);
            return;
        }
        if (ended.Reason == ChatFinishReason.Length)
            (response.Status, response.End) = (ResponseStatus.Incomplete, ResponseEnd.MaxOutputTokens);
        else if (ended.Reason == ChatFinishReason.ContentFilter)
            (response.Status, response.End) = (ResponseStatus.Incomplete, ResponseEnd.ContentFilter);
        if (response.Calls.Count == 0)
        {
            EndThinking(response);
            return;
        }
        foreach (FunctionCallContent call in response.Calls)
            AddCall(response, call);
        response.Calls.Clear();
        if (response.SpeculatedOn is null)
            StartTools(response);
        else
            response.HasToolsToStart = true; // what they do cannot be undone: not before the turn is over
    }

    private static void EndThinking(Response response)
    {
        response.IsThought = true;
        response.FillerDue = null;
        response.Clauses?.Writer.TryComplete();
    }

    private void AddCall(Response response, FunctionCallContent call)
    {
        OutputCall item = new(ConversationContext.NewId("item_"), response.Output.Count, call, ToolText.Arguments(call));
        response.Output.Add(item);
        Tell(response, new OutputItemAdded(response.Id, item.Index, item.Snapshot));
        Tell(response, new FunctionCallDelta(response.Id, item.Id, item.Index, call.CallId, item.Arguments));
        item.Status = ItemStatus.Completed;
        Tell(response, new OutputItemDone(response.Id, item.Index, item.Snapshot));
        response.Gathered.Add(item.Snapshot);
    }

    /// <summary>Calls the tools that are ours. Those of the caller are the caller's: the response ends with the calls.</summary>
    private void StartTools(Response response)
    {
        response.HasToolsToStart = false;
        IReadOnlyList<AITool> tools = response.Options.Tools ?? response.Settings.Tools;
        foreach (OutputCall item in response.Output.OfType<OutputCall>().Where(item => !item.IsOurs))
        {
            if (tools.OfType<AIFunction>().FirstOrDefault(tool => tool.Name == item.Call.Name) is not { } tool)
                continue;
            item.IsOurs = true;
            response.ToolsRunning++;
            context.Run(() => work.CallAsync(response, tool, item.Call, context.Options.ToolTimeout, context.Time));
        }
        if (response.ToolsRunning == 0)
            EndThinking(response);
        else if (response.Clauses is not null && context.Options.ToolFiller.Length > 0 && !response.HasFilled)
            response.FillerDue = context.Now + context.Options.ToolPatience;
    }

    private void OnTool(Response response, ToolEnded ended)
    {
        if (response.Output.OfType<OutputCall>().FirstOrDefault(item => item.Call.CallId == ended.CallId && item is { IsOurs: true, HasOutput: false }) is not { } call)
            return;
        call.HasOutput = true;
        response.ToolsRunning--;
        if (ended.Fault is { } fault)
            context.Emit(new EngineFailed(new(ConversationStage.Tool, fault.Message, fault)));
        FunctionOutputItem output = new(ended.CallId, ended.Output) { Id = ConversationContext.NewId("item_") };
        response.Gathered.Add(output);
        Do(response, () => AddToHistory(response, new HistoryEntry(output), isDone: true));
        if (response.ToolsRunning > 0)
            return;
        response.FillerDue = null;
        if (response.Output.OfType<OutputCall>().Any(item => !item.IsOurs))
        {
            EndThinking(response);
            return;
        }
        response.ToolRounds++;
        response.IsRoundOver = false;
        Think(response, null);
    }

    /// <summary>A tool takes long: the caller is told so, once.</summary>
    private void Fill(Response response)
    {
        response.FillerDue = null;
        response.HasFilled = true;
        string filler = context.Options.ToolFiller;
        int number = response.NextMessage++;
        ClauseOrder clause = new(number, 0, filler);
        if (!response.Clauses!.Writer.TryWrite(clause))
            return; // there is enough to hear
        OutputMessage message = NewMessage(response, number);
        message.Spoken.Write(filler);
        message.IsWritten = true;
        message.Unspoken = 1;
        Tell(response, new OutputTextDelta(response.Id, message.Id, message.Index, message.Modality, filler));
    }

    private static void OnVoiced(Response response, Exception? fault)
    {
        response.IsVoiced = true;
        response.Playout.IsWhole = true;
        if (fault is null)
            return;
        Fail(response, ConversationStage.Voice, fault);
        response.Stop();
        response.IsThought = true;
        response.IsRoundOver = true;
        response.FillerDue = null;
        response.ToolsRunning = 0;
        foreach (OutputMessage message in response.Output.OfType<OutputMessage>())
        {
            message.IsWritten = true;
            message.Unspoken = 0;
        }
    }

    private static void Fail(Response response, ConversationStage stage, Exception fault)
    {
        response.Status = ResponseStatus.Failed;
        response.End = ResponseEnd.EngineFailed;
        response.Fault ??= new(stage, fault.Message, fault);
    }

    /// <summary>Hands out what can be handed out now.</summary>
    private void Progress(Response response)
    {
        if (!response.IsReleased && !MayRelease(response))
            return;
        if (!response.IsReleased)
        {
            response.IsReleased = true;
            foreach (Action told in response.TakeWithheld())
                told();
        }
        Play(response);
        CompleteItems(response);
        if (response.IsDone || !response.IsThought || !response.IsVoiced || response.ToolsRunning > 0 || response.Output.Exists(item => item.Status == ItemStatus.InProgress))
            return;
        response.Playout.IsWhole = true;
        response.IsDone = true;
        if (response.Status == ResponseStatus.InProgress)
            response.Status = ResponseStatus.Completed;
        context.Emit(new ResponseDone(response.Snapshot()));
        if (beside.Remove(response) && response.Playout.HasStarted)
            context.Emit(new PlaybackStopped(response.Id));
    }

    /// <summary>A response comes into the open when it can be heard, so that one that is interrupted before leaves no trace.</summary>
    private bool MayRelease(Response response)
    {
        if (response.SpeculatedOn is not null || response.IsHeld)
            return false;
        if (response.Modality == OutputModality.Text)
            return response.Output.Count > 0 || response.IsThought;
        if (response.Playout.Total > TimeSpan.Zero)
            return earlier is null || response != current;
        return response.IsRoundOver && response.Output.OfType<OutputMessage>().All(message => message.Unspoken == 0);
    }

    private void Play(Response response)
    {
        TimeSpan now = context.Now;
        while (true)
        {
            bool isFirst = !response.Playout.HasStarted;
            if (!response.Playout.TryTake(now, out SoundPiece piece))
                return;
            if (isFirst)
            {
                response.Clock?.Play(now);
                firstSpokeAt ??= now;
                context.Emit(new PlaybackStarted(response.Id));
            }
            OutputMessage message = response.Message(piece.Message);
            context.Emit(new OutputAudio(response.Id, message.Id, message.Index, piece.Sound, piece.Position, piece.Words, piece.Clause) { Source = response.Playout });
        }
    }

    private void CompleteItems(Response response)
    {
        foreach (OutputMessage message in response.Output.OfType<OutputMessage>())
        {
            if (message.Status != ItemStatus.InProgress || !message.IsWritten || message.Unspoken > 0)
                continue;
            if (message.SoundStart is { } start && response.Playout.Sent < start + message.Spoken.Length)
                continue;
            message.Status = response.Status == ResponseStatus.InProgress ? ItemStatus.Completed : ItemStatus.Incomplete;
            CloseMessage(response, message);
        }
    }

    private void CloseMessage(Response response, OutputMessage message)
    {
        if (message.Modality == OutputModality.Audio)
            Tell(response, new OutputAudioDone(response.Id, message.Id, message.Index));
        Tell(response, new OutputItemDone(response.Id, message.Index, message.Snapshot));
    }

    /// <summary>Everything was said and played.</summary>
    private void Finish(Response response)
    {
        HasAnswered = true;
        if (response.Playout.HasStarted)
            context.Emit(new PlaybackStopped(response.Id));
        if (response.Status == ResponseStatus.Failed)
        {
            foreach (OutputMessage message in response.Output.OfType<OutputMessage>())
            {
                if (message.Modality == OutputModality.Audio && context.History.Find(message.Id) is { } entry)
                    Keep(entry, message.Spoken, message.Spoken.Length, ItemStatus.Incomplete);
            }
        }
        Measure(response);
    }

    /// <summary>Ends a response before its end: nothing more of it is made or heard, and the history keeps what was.</summary>
    private void Cut(Response response, ResponseEnd cause)
    {
        HasAnswered = true;
        response.Stop();
        TimeSpan played = response.Playout.Played(context.Now);
        bool hadStarted = response.Playout.HasStarted;
        response.Playout.Cut(context.Now);
        if (response.IsReleased)
            CutItems(response);
        if (!response.IsDone)
        {
            response.IsDone = true;
            (response.Status, response.End) = (ResponseStatus.Cancelled, cause);
            if (!response.IsReleased)
                response.Output.Clear();
            context.Emit(new ResponseDone(response.Snapshot()));
        }
        if (response.Options.IsInConversation && response.IsReleased)
            KeepHeard(response, played, cause);
        if (hadStarted)
            context.Emit(new PlaybackCleared(response.Id));
        Measure(response);
    }

    private void CutItems(Response response)
    {
        foreach (OutputItem item in response.Output)
        {
            if (item is OutputMessage { Status: ItemStatus.InProgress } message)
            {
                message.Status = ItemStatus.Incomplete;
                CloseMessage(response, message);
            }
            else if (item is OutputCall { IsOurs: true, HasOutput: false } call)
            {
                FunctionOutputItem output = new(call.Call.CallId, "Interrupted before there was a result.") { Id = ConversationContext.NewId("item_") };
                AddToHistory(response, new HistoryEntry(output), isDone: true);
            }
        }
    }

    private void KeepHeard(Response response, TimeSpan played, ResponseEnd cause)
    {
        bool isTold = false;
        foreach (OutputMessage message in response.Output.OfType<OutputMessage>())
        {
            if (message.Modality == OutputModality.Text || context.History.Find(message.Id) is not { } entry)
                continue;
            TimeSpan own = message.Played(played);
            if (message.Status == ItemStatus.Completed && own >= message.Spoken.Length)
                continue;
            string all = message.Spoken.Text;
            string heard = Keep(entry, message.Spoken, own, ItemStatus.Incomplete);
            if (!isTold)
            {
                context.Emit(new Interrupted(response.Id, message.Id, own, heard, all[heard.Length..].Trim(), cause));
                if (cause == ResponseEnd.TurnDetected)
                    ConversationMetrics.Interruptions.Add(1);
            }
            isTold = true;
        }
    }

    /// <summary>The history keeps what was heard of a message.</summary>
    /// <returns>That.</returns>
    private static string Keep(HistoryEntry entry, SpokenMessage spoken, TimeSpan played, ItemStatus status)
    {
        string all = spoken.Text, heard = all[..spoken.HeardLength(played)].TrimEnd();
        entry.HeardUntil = played;
        entry.Item = new MessageItem(MessageRole.Assistant, [new AudioPart(heard)]) { Id = entry.Item.Id, Status = heard == all.TrimEnd() ? ItemStatus.Completed : status };
        return heard;
    }

    private (OutputMessage? Message, TimeSpan Position) Position(Response response)
    {
        TimeSpan played = response.Playout.Played(context.Now);
        OutputMessage? message = response.Output.OfType<OutputMessage>().LastOrDefault(message => message.SoundStart <= played);
        return (message, message?.Played(played) ?? TimeSpan.Zero);
    }

    private void AnswerWaiting()
    {
        if (!isWaiting || current is not null || earlier is not null)
            return;
        SaidTurn? turn = waiting;
        (waiting, isWaiting) = (null, false);
        Create(new ResponseOptions(), null, turn);
    }

    private void Measure(Response response)
    {
        if (response.Turn is not { } turn)
            return;
        string answer = string.Join(' ', response.Output.OfType<OutputMessage>()
            .Select(message => context.History.Find(message.Id)?.Item is MessageItem kept ? kept.Text.Trim() : "").Where(text => text.Length > 0));
        TurnWaterfall waterfall = turn.Clock.Waterfall();
        ConversationMetrics.Record(waterfall, response.End);
        TurnTrace.Record(waterfall, turn.Clock.Since(context.Now), context.Time.GetUtcNow(), response.End);
        context.Emit(new TurnMeasured(turn.Number, turn.Heard, answer, waterfall));
    }

    /// <summary>An event of a response, now or when the response comes into the open.</summary>
    private void Tell(Response response, ConversationEvent happened) => Do(response, () => Deliver(response, happened));

    private static void Do(Response response, Action told)
    {
        if (response.IsReleased)
            told();
        else
            response.Withhold(told);
    }

    private void Deliver(Response response, ConversationEvent happened)
    {
        context.Emit(happened);
        if (!response.Options.IsInConversation)
            return;
        if (happened is OutputItemAdded added)
        {
            OutputItem item = response.Output[added.OutputIndex];
            AddToHistory(response, new HistoryEntry(added.Item) { Spoken = item is OutputMessage { Modality: OutputModality.Audio } message ? message.Spoken : null }, isDone: false);
        }
        else if (happened is OutputItemDone done && context.History.Find(done.Item.Id) is { } entry)
        {
            entry.Item = done.Item;
            context.Emit(new ItemDone(done.Item, context.History.Before(entry)));
        }
    }

    /// <summary>Behind what the response answers, whatever was said since.</summary>
    private void AddToHistory(Response response, HistoryEntry entry, bool isDone)
    {
        if (!response.Options.IsInConversation)
            return;
        int at = response.After is null ? 0 : context.History.Find(response.After) is { } after ? context.History.IndexOf(after) + 1 : context.History.Entries.Count;
        context.History.InsertAt(at, entry);
        response.After = entry.Item.Id;
        string? before = context.History.Before(entry);
        context.Emit(new ItemAdded(entry.Item, before));
        if (isDone)
            context.Emit(new ItemDone(entry.Item, before));
    }
}
