namespace Parley.Engines;

/// <summary>What an engine does for its callers.</summary>
public enum EngineTask
{
    /// <summary>Text in, sound out.</summary>
    Speech,

    /// <summary>Sound in, text out.</summary>
    Transcription,

    /// <summary>Messages in, a message out.</summary>
    Chat,

    /// <summary>A turn so far in, the probability that it is over out.</summary>
    TurnDetection,

    /// <summary>Messages in, a verdict on the last one out.</summary>
    Guard,
}

/// <summary>The facts about one engine, as data: every client answers <c>GetService(typeof(EngineDescription))</c> with its own.</summary>
public sealed record EngineDescription
{
    /// <summary>The name users write: <c>hibari</c>, <c>piper:en_US-joe-medium</c>, <c>whisper:base</c>, <c>espeak</c>, <c>openai:NAME</c>, <c>echo</c>.</summary>
    public required string Name { get; init; }

    public required EngineTask Task { get; init; }

    /// <summary>One sentence for people: what it is and what it is not.</summary>
    public required string Description { get; init; }

    /// <summary>The model behind it, for instance <c>whisper base q5_1</c>; for a remote engine the name the server knows.</summary>
    public required string Model { get; init; }

    /// <summary>BCP 47 language tags; empty means that the engine does not say.</summary>
    public IReadOnlyList<string> Languages { get; init; } = [];

    /// <summary>True if results flow before the input is done with.</summary>
    public bool CanStream { get; init; }

    /// <summary>What a recording must be to give the voice; <see langword="null"/> if none can.</summary>
    public ReferenceNeed? Reference { get; init; }

    /// <summary>True if a reference recording can give the voice.</summary>
    public bool CanCloneVoices => Reference is not null;

    /// <summary>Why no recording can give the voice, where one might expect it; a phrase for messages, or empty.</summary>
    public string WhyNoCloning { get; init; } = "";

    /// <summary>True if words come with times.</summary>
    public bool HasWordTimes { get; init; }

    /// <summary>Rate of the sound made or wanted, in Hz; 0 where there is none.</summary>
    public int SampleRate { get; init; }

    /// <summary>True if one job keeps every core busy for long; only one such job runs at a time in the process.</summary>
    public bool IsHeavy { get; init; }

    /// <summary>Jobs that it can work on at once; 0 if the machine's cores decide.</summary>
    public int Slots { get; init; }

    /// <summary>True if the work is done by another server: trying it out costs somebody something.</summary>
    public bool IsRemote { get; init; }

    /// <summary>
    /// The options it honours beside voice, language and speed, by the names of the typed members: <c>Instructions</c>, <c>Seed</c>,
    /// <c>Temperature</c>, <c>Tools</c>, <c>ResponseFormat</c>. Callers leave the others out and say so.
    /// </summary>
    public IReadOnlyList<string> Honours { get; init; } = [];

    /// <summary>The voices of a speech engine, the default first.</summary>
    public IReadOnlyList<Voice> Voices { get; init; } = [];
}

/// <summary>One voice of a speech engine.</summary>
/// <param name="Id">What a request says in <c>voice</c>.</param>
/// <param name="Name">What people read.</param>
/// <param name="Language">BCP 47 tag.</param>
/// <param name="Description">Accent, sex, source; may be empty.</param>
public sealed record Voice(string Id, string Name, string Language, string Description = "");
