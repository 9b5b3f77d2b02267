using System.Threading.Channels;
using Microsoft.Extensions.AI;

namespace Parley.Agent;

/// <summary>
/// One response: what it was asked with, what it has given, and the work behind it. Its number tags everything that its brain and
/// voice report; what comes under the number of a response that is over is dropped.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "A source without a timer holds nothing, and work may still ask for its token when the response is over.")]
internal sealed class Response(int number, string id, ResponseOptions options, ConversationSettings settings)
{
    private readonly CancellationTokenSource stop = new();
    private readonly List<Action> withheld = [];

    public int Number { get; } = number;

    public string Id { get; } = id;

    public ResponseOptions Options { get; } = options;

    /// <summary>The settings when it was begun.</summary>
    public ConversationSettings Settings { get; } = settings;

    public OutputModality Modality => Options.Output ?? Settings.Output;

    public CancellationToken Stopped => stop.Token;

    /// <summary>Clauses on their way to the voice; <see langword="null"/> for a text.</summary>
    public Channel<ClauseOrder>? Clauses { get; init; }

    public Playout Playout { get; } = new(options.IsInConversation ? settings.Playback : PlaybackKind.Instant);

    /// <summary>What it gives, in order.</summary>
    public List<OutputItem> Output { get; } = [];

    /// <summary>The words that it was begun on before the turn was over; <see langword="null"/> once it is wanted.</summary>
    public string? SpeculatedOn { get; set; }

    /// <summary>The caller's side knows of it.</summary>
    public bool IsAnnounced { get; set; }

    /// <summary>What it gives is handed out: there is sound, or it has none, and nothing holds it back.</summary>
    public bool IsReleased { get; set; }

    /// <summary>Somebody began to speak before it could be heard.</summary>
    public bool IsHeld { get; set; }

    /// <summary>The brain has nothing to add.</summary>
    public bool IsThought { get; set; }

    /// <summary>The voice has nothing to add, or there is none.</summary>
    public bool IsVoiced { get; set; }

    /// <summary>Everything of it was handed out, or it was stopped.</summary>
    public bool IsDone { get; set; }

    public ResponseStatus Status { get; set; }

    public ResponseEnd End { get; set; }

    public ConversationFault? Fault { get; set; }

    public ResponseUsage Usage { get; set; } = new(0, 0);

    /// <summary>Rounds of tools that were used.</summary>
    public int ToolRounds { get; set; }

    /// <summary>Tools at work.</summary>
    public int ToolsRunning { get; set; }

    /// <summary>When the caller is told that a tool takes long.</summary>
    public TimeSpan? FillerDue { get; set; }

    public bool HasFilled { get; set; }

    /// <summary>It begins when the words of all turns are known.</summary>
    public bool IsAwaitingWords { get; set; }

    /// <summary>The item behind which its next one belongs.</summary>
    public string? After { get; set; }

    /// <summary>The history when it was begun.</summary>
    public IReadOnlyList<ConversationItem> Told { get; set; } = [];

    /// <summary>Words of the turn that was not an item yet.</summary>
    public string? TurnText { get; set; }

    /// <summary>What it has said, called and been given, for the next round.</summary>
    public List<ConversationItem> Gathered { get; } = [];

    /// <summary>Calls of this round, until it is over.</summary>
    public List<FunctionCallContent> Calls { get; } = [];

    public bool HasToolsToStart { get; set; }

    /// <summary>Which message the brain writes in this round.</summary>
    public int Round { get; set; }

    public int NextMessage { get; set; }

    /// <summary>The brain has ended this round.</summary>
    public bool IsRoundOver { get; set; }

    /// <summary>The turn that it answers.</summary>
    public AnsweredTurn? Turn { get; set; }

    /// <summary>Counts from that turn's last voiced sample.</summary>
    public TurnClock? Clock { get; set; }

    /// <summary>The message that the brain writes, or wrote last in this round.</summary>
    public OutputMessage? Writing { get; set; }

    /// <summary>The message of that number.</summary>
    public OutputMessage Message(int number) => Output.OfType<OutputMessage>().First(message => message.Number == number);

    /// <summary>Keeps back what is told until the response is released.</summary>
    public void Withhold(Action told) => withheld.Add(told);

    /// <summary>What was kept back, once.</summary>
    public IReadOnlyList<Action> TakeWithheld()
    {
        Action[] told = [.. withheld];
        withheld.Clear();
        return told;
    }

    /// <summary>Ends the work behind it.</summary>
    public void Stop()
    {
        stop.Cancel();
        Clauses?.Writer.TryComplete();
    }

    public ResponseSnapshot Snapshot() => new()
    {
        Id = Id,
        Status = Status,
        End = End,
        Fault = Fault,
        Output = [.. Output.Select(item => item.Snapshot)],
        Usage = IsDone ? Usage : null,
        IsInConversation = Options.IsInConversation,
        Modality = Modality,
        Voice = Options.Voice ?? Settings.Voice,
        MaxOutputTokens = Options.MaxOutputTokens ?? Settings.MaxOutputTokens,
        Metadata = Options.Metadata,
    };
}

/// <summary>The turn of the user that a response answers.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Heard">The user's words.</param>
/// <param name="Clock">Counts from the last voiced sample.</param>
internal sealed record AnsweredTurn(int Number, string Heard, TurnClock Clock);

/// <summary>An item of a response in the making.</summary>
internal abstract class OutputItem(string id, int index)
{
    public string Id { get; } = id;

    /// <summary>Which item of the response.</summary>
    public int Index { get; } = index;

    public ItemStatus Status { get; set; } = ItemStatus.InProgress;

    /// <summary>As it is now.</summary>
    public abstract ConversationItem Snapshot { get; }
}

/// <summary>A message of the assistant.</summary>
internal sealed class OutputMessage(string id, int index, int number, OutputModality modality) : OutputItem(id, index)
{
    /// <summary>Which message of the response.</summary>
    public int Number { get; } = number;

    public OutputModality Modality { get; } = modality;

    public SpokenMessage Spoken { get; } = new();

    /// <summary>Where its sound begins in that of the response.</summary>
    public TimeSpan? SoundStart { get; set; }

    /// <summary>The brain will not add to it.</summary>
    public bool IsWritten { get; set; }

    /// <summary>Clauses that the voice still has to speak.</summary>
    public int Unspoken { get; set; }

    public bool IsAudioDone { get; set; }

    public override ConversationItem Snapshot
    {
        get
        {
            string words = Spoken.Text;
            MessagePart part = Modality == OutputModality.Audio ? new AudioPart(words) : new TextPart(words);
            return new MessageItem(MessageRole.Assistant, Status == ItemStatus.InProgress && words.Length == 0 ? [] : [part]) { Id = Id, Status = Status };
        }
    }

    /// <summary>How much of its own sound was played when the response's loudspeaker was there.</summary>
    public TimeSpan Played(TimeSpan position)
    {
        TimeSpan own = position - (SoundStart ?? position);
        return own < TimeSpan.Zero ? TimeSpan.Zero : own < Spoken.Length ? own : Spoken.Length;
    }
}

/// <summary>A call of a tool.</summary>
internal sealed class OutputCall(string id, int index, FunctionCallContent call, string arguments) : OutputItem(id, index)
{
    public FunctionCallContent Call { get; } = call;

    public string Arguments { get; } = arguments;

    /// <summary>The tool was given to us, and runs or has run.</summary>
    public bool IsOurs { get; set; }

    public bool HasOutput { get; set; }

    public override ConversationItem Snapshot => new FunctionCallItem(Call.CallId, Call.Name, Arguments) { Id = Id, Status = Status };
}
