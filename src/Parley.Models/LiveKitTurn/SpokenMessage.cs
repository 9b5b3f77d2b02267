namespace Parley.Models.LiveKitTurn;

/// <summary>What one side of a conversation said.</summary>
/// <param name="Speaker">Who.</param>
/// <param name="Text">The words, as they were written down.</param>
public readonly record struct SpokenMessage(Speaker Speaker, string Text);

/// <summary>The sides of a conversation.</summary>
public enum Speaker
{
    User,
    Assistant,
}
