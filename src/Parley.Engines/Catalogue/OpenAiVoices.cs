using System.Collections.Frozen;

namespace Parley.Engines;

/// <summary>The voice names of OpenAI. Clients send nothing else, so every engine answers to them with its default voice, and no other voice may be called so.</summary>
public static class OpenAiVoices
{
    public static readonly FrozenSet<string> Names = FrozenSet.Create(StringComparer.OrdinalIgnoreCase,
        "alloy", "ash", "ballad", "coral", "echo", "fable", "onyx", "nova", "sage", "shimmer", "verse", "marin", "cedar");
}
