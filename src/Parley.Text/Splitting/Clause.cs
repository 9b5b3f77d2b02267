namespace Parley.Text;

/// <summary>What a clause's last mark ends.</summary>
public enum ClauseEnd
{
    /// <summary>Only the clause: the sentence goes on.</summary>
    Clause,

    /// <summary>The sentence too.</summary>
    Sentence,
}

/// <summary>A run of text between two pauses: from its first letter to its last mark, closing quotes and brackets included.</summary>
/// <param name="Start">Where it starts in the text, in UTF-16 units.</param>
/// <param name="Length">In UTF-16 units.</param>
/// <param name="Mark">The mark that ends it; NUL where a line or the text ends without one.</param>
/// <param name="End">What that mark ends.</param>
public readonly record struct Clause(int Start, int Length, char Mark, ClauseEnd End)
{
    public ReadOnlySpan<char> In(string text) => text.AsSpan(Start, Length);
}
