namespace Parley.Models.Speech;

/// <summary>Quiet before and after the sound of a piece. The pause that is heard at a joint is the sum of one after and one before.</summary>
public sealed record Pauses
{
    /// <summary>What suits the Hibari voices: 300 ms between sentences, 120 ms between clauses.</summary>
    public static Pauses Conversational { get; } = new();

    internal static readonly TimeSpan Fade = TimeSpan.FromMilliseconds(5);

    /// <summary>Before the utterance begins to sound.</summary>
    public TimeSpan BeforeFirst { get; init; } = TimeSpan.FromMilliseconds(40);

    public TimeSpan BeforeSentence { get; init; } = TimeSpan.FromMilliseconds(140);

    public TimeSpan BeforeClause { get; init; } = TimeSpan.FromMilliseconds(40);

    /// <summary>Also after the last sentence.</summary>
    public TimeSpan AfterSentence { get; init; } = TimeSpan.FromMilliseconds(160);

    public TimeSpan AfterClause { get; init; } = TimeSpan.FromMilliseconds(80);

    /// <summary>The pauses of somebody who speaks faster or slower; the quiet before the first sound stays.</summary>
    public Pauses AtSpeed(float speed) => this with
    {
        BeforeSentence = BeforeSentence / speed,
        BeforeClause = BeforeClause / speed,
        AfterSentence = AfterSentence / speed,
        AfterClause = AfterClause / speed,
    };
}
