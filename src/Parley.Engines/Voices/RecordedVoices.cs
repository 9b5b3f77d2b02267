namespace Parley.Engines;

/// <summary>Which engines can speak with a recorded voice.</summary>
public static class RecordedVoices
{
    // The kinds of engines that clone; for those who have none of them yet.
    private const string Known = "openai:REMOTE with \"dialect\": \"vllm_omni\" (a server with a model that clones)";

    /// <summary>The first recording of a voice that does for an engine, or <see langword="null"/>.</summary>
    public static VoiceReference? ReferenceFor(EngineDescription engine, LibraryVoice voice) => ReferenceFor(engine, voice.References);

    /// <inheritdoc cref="ReferenceFor(EngineDescription, LibraryVoice)"/>
    public static VoiceReference? ReferenceFor(EngineDescription engine, IEnumerable<VoiceReference> references) =>
        engine.Reference is { } need ? references.FirstOrDefault(reference => need.Obstacle(reference.DurationS, reference.Transcript is not null) is null) : null;

    /// <returns>Why an engine cannot speak with a voice, as the end of a sentence that begins with the engine; <see langword="null"/> if it can.</returns>
    public static string? ObstacleFor(EngineDescription engine, LibraryVoice voice) => ObstacleFor(engine, voice.References);

    /// <summary>Why a voice is of no use to any of these engines, and which could use it.</summary>
    /// <param name="targets">The engines that it is meant for.</param>
    /// <param name="all">Every speech engine there is.</param>
    /// <param name="references">What is known of its recordings; empty before they have been read.</param>
    /// <returns><see langword="null"/> if at least one of the targets can use it.</returns>
    public static VoiceRefusal? Refuse(IReadOnlyList<EngineDescription> targets, IReadOnlyList<EngineDescription> all, IReadOnlyList<VoiceReference> references)
    {
        if (targets.Any(CanUse))
            return null;
        IEnumerable<string> obstacles = targets.Select(engine => $"'{engine.Name}' {ObstacleFor(engine, references) ?? "cannot use it"}");
        List<string> could = [.. all.Where(CanUse).Select(engine => engine.Name)];
        string hope = could.Count > 0 ? $"Engines here that could: {string.Join(", ", could)}."
            : all.Any(engine => engine.CanCloneVoices) ? $"Engines here that speak with other recordings: {string.Join(", ", all.Where(engine => engine.CanCloneVoices).Select(engine => engine.Name))}."
            : $"No engine here can. Engines that could: {Known}; describe one under \"remotes\" and name it in \"engines.speech\".";
        return new($"No engine that this voice is meant for can speak with it: {string.Join("; ", obstacles)}. {hope}", could, targets.Any(engine => engine.CanCloneVoices));

        bool CanUse(EngineDescription engine) => references.Count > 0 ? ReferenceFor(engine, references) is not null : engine.CanCloneVoices;
    }

    private static string? ObstacleFor(EngineDescription engine, IReadOnlyList<VoiceReference> references)
    {
        if (engine.Reference is not { } need)
            return $"cannot copy a voice from a recording{(engine.WhyNoCloning.Length > 0 ? $" ({engine.WhyNoCloning})" : "")}";
        return ReferenceFor(engine, references) is null && references.Count > 0 ? need.Obstacle(references[0].DurationS, references[0].Transcript is not null) : null;
    }
}

/// <summary>Why a voice is not taken.</summary>
/// <param name="Message">For the person who brought it.</param>
/// <param name="Engines">The engines of this process that could use it.</param>
/// <param name="IsAboutRecording">True if a better recording would do.</param>
public sealed record VoiceRefusal(string Message, IReadOnlyList<string> Engines, bool IsAboutRecording);
