using Microsoft.Extensions.AI;
using Parley.Engines;

namespace Parley.Agent;

/// <summary>What a conversation keeps from one turn to the next: what was said, and in which language.</summary>
/// <param name="options">The instructions, and the language where it is given.</param>
internal sealed class ConversationMemory(ConversationOptions options)
{
    // Of a shorter utterance ("Ja.") the language is a guess.
    private static readonly TimeSpan EnoughSpeech = TimeSpan.FromSeconds(2);

    public List<ChatMessage> History { get; } = options.Instructions.Length > 0 ? [new ChatMessage(ChatRole.System, options.Instructions)] : [];

    /// <summary>What the caller speaks; <see langword="null"/> as long as the ear must find it out.</summary>
    public string? Language { get; private set; } = options.Language;

    /// <summary>Keeps the language that was heard, since to find it out takes an ear like Whisper as long as to hear.</summary>
    public void LearnLanguage(Transcript heard, TimeSpan speech)
    {
        if (heard.Language != "und" && heard.Text.Length > 0 && speech >= EnoughSpeech)
            Language ??= heard.Language;
    }
}
