namespace Parley.Engines;

/// <summary>A conversation is longer than the model's context.</summary>
/// <param name="engine">The engine's name.</param>
/// <param name="tokens">Tokens of the conversation.</param>
/// <param name="context">Tokens that there is room for.</param>
public sealed class ContextOverflowException(string engine, int tokens, int context)
    : Exception(FormattableString.Invariant($"The conversation has {tokens} tokens, and '{engine}' has a context of {context}. Leave out its oldest turns, or shorten the question."))
{
    public int Tokens { get; } = tokens;

    public int Context { get; } = context;
}

/// <summary>The model's own chat template cannot put these messages into its form.</summary>
/// <param name="engine">The engine's name.</param>
/// <param name="problem">What it says.</param>
/// <param name="cause">The template's error.</param>
public sealed class ChatTemplateException(string engine, string problem, Exception? cause = null) : Exception($"The chat template of '{engine}' does not take this conversation: {problem}", cause);

/// <summary>An engine's native code failed; the next request starts afresh.</summary>
/// <param name="engine">The engine's name.</param>
/// <param name="problem">What happened, as sentences.</param>
public sealed class EngineFailedException(string engine, string problem) : Exception($"'{engine}' failed: {problem}");
