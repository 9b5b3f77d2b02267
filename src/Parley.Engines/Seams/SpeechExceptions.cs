namespace Parley.Engines;

/// <summary>A speech engine has no voice of the name that was asked for.</summary>
/// <param name="engine">The engine's name.</param>
/// <param name="voice">What was asked for.</param>
/// <param name="known">The names it has.</param>
public sealed class UnknownVoiceException(string engine, string voice, IReadOnlyList<string> known)
    : Exception(Describe(engine, voice, known))
{
    private const int Listed = 20;

    public string Voice { get; } = voice;

    /// <summary>Every name the engine has.</summary>
    public IReadOnlyList<string> Known { get; } = known;

    /// <summary>The known name that was probably meant, if one is near.</summary>
    public string? Nearest { get; } = Engines.Nearest.Of(voice, known);

    private static string Describe(string engine, string voice, IReadOnlyList<string> known)
    {
        string meant = Engines.Nearest.Of(voice, known) is { } nearest ? $" Did you mean '{nearest}'?" : "";
        string more = known.Count > Listed ? $" and {known.Count - Listed} more" : "";
        return $"Invalid speaker '{voice}' for {engine}.{meant} Supported: {string.Join(", ", known.Take(Listed))}{more}.";
    }
}

/// <summary>An engine, or the voice that was asked for, does not know the language that was asked for.</summary>
/// <param name="speaker">The engine or voice, for the message.</param>
/// <param name="language">What was asked for.</param>
/// <param name="supported">BCP 47 tags of what it speaks.</param>
public sealed class UnsupportedLanguageException(string speaker, string language, IReadOnlyList<string> supported)
    : Exception($"{speaker} does not know the language '{language}'. It knows: {string.Join(", ", supported.Take(Listed))}{(supported.Count > Listed ? $" and {supported.Count - Listed} more" : "")}.")
{
    private const int Listed = 20;

    public string Language { get; } = language;

    /// <summary>BCP 47 tags.</summary>
    public IReadOnlyList<string> Supported { get; } = supported;
}

/// <summary>An engine was given an option that it cannot honour. Nothing is ignored in silence: leave the option out or take another engine.</summary>
/// <param name="engine">The engine's name.</param>
/// <param name="option">The option's name as the typed member spells it: <c>Pitch</c>, <c>Instructions</c> ...</param>
/// <param name="problem">What is wrong and what to do, as a sentence.</param>
public sealed class UnsupportedOptionException(string engine, string option, string problem)
    : Exception($"{engine} cannot honour {option}: {problem}")
{
    public string Option { get; } = option;
}
