using System.Text;
using Parley.Engines;

namespace Parley.Agent;

/// <summary>
/// A message that is spoken: its words, and when each of them is heard. Where the voice gives no times, a clause's sound is shared
/// among its words by their syllables and the pauses behind their marks.
/// </summary>
internal sealed class SpokenMessage
{
    // A word that ends so little behind the cut was heard.
    private static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(50);

    private readonly StringBuilder text = new();
    private readonly List<SpokenClause> clauses = [];

    /// <summary>All words so far, spoken or not.</summary>
    public string Text => text.ToString();

    /// <summary>Sound so far.</summary>
    public TimeSpan Length { get; private set; }

    public void Write(string more) => text.Append(more);

    /// <summary>Sound is added to a clause, behind all sound so far.</summary>
    /// <param name="clause">What is spoken.</param>
    /// <param name="sound">How long this piece is.</param>
    /// <param name="words">Words with times from the clause's start.</param>
    /// <returns>Where the clause begins in the message's sound.</returns>
    public TimeSpan Speak(ClauseOrder clause, TimeSpan sound, IReadOnlyList<WordTiming> words)
    {
        if (clauses.Count == 0 || clauses[^1].Order != clause)
            clauses.Add(new SpokenClause(clause, Length));
        SpokenClause spoken = clauses[^1];
        spoken.Length += sound;
        spoken.Words.AddRange(words);
        Length += sound;
        return spoken.Start;
    }

    /// <summary>All sound of a clause is here.</summary>
    public void EndClause(ClauseOrder clause)
    {
        if (clauses.Count > 0 && clauses[^1].Order == clause)
            clauses[^1].IsWhole = true;
    }

    /// <summary>How much of the text was heard once so much of the sound was played: to the end of a word, the marks behind it included.</summary>
    /// <param name="played">Of this message's sound.</param>
    /// <returns>UTF-16 units from the start of <see cref="Text"/>.</returns>
    public int HeardLength(TimeSpan played)
    {
        int heard = 0;
        foreach (SpokenClause clause in clauses)
        {
            if (played <= clause.Start)
                break;
            string words = clause.Order.Text;
            foreach ((int end, TimeSpan at) in clause.WordEnds())
            {
                if (clause.Start + at > played + Tolerance)
                    return heard;
                heard = clause.Order.Start + end;
            }
        }
        return heard;
    }

    private sealed class SpokenClause(ClauseOrder order, TimeSpan start)
    {
        public ClauseOrder Order { get; } = order;

        public TimeSpan Start { get; } = start;

        public TimeSpan Length { get; set; }

        public bool IsWhole { get; set; }

        public List<WordTiming> Words { get; } = [];

        /// <summary>Where each word ends in the clause's text, and when in its sound.</summary>
        public IEnumerable<(int End, TimeSpan At)> WordEnds() => SpokenWords.Ends(Order.Text, Words, IsWhole ? Length : null);
    }
}

/// <summary>A clause to be spoken.</summary>
/// <param name="Message">Which message of the response it belongs to.</param>
/// <param name="Start">Where it starts in the message's text, in UTF-16 units.</param>
/// <param name="Text">What is spoken, without surrounding space.</param>
internal sealed record ClauseOrder(int Message, int Start, string Text);
