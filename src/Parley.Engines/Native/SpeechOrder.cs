using System.Security.Cryptography;
using Microsoft.Extensions.AI;

namespace Parley.Engines;

/// <summary>One request to a speech engine, checked at the door: everything in it can be honoured.</summary>
/// <param name="Text">Not blank.</param>
/// <param name="Voice">One of the engine's voices.</param>
/// <param name="Speed">0.25 to 4; 1 is the voice's own pace.</param>
/// <param name="Seed">Seed of the engine's noise: the caller's, or a fresh one.</param>
internal sealed record SpeechOrder(string Text, Voice Voice, float Speed, long Seed)
{
    public const float SlowestSpeed = 0.25f, FastestSpeed = 4;

    /// <summary>
    /// Checks what every native engine can check alike. Options that no native engine has (pitch, volume, cloning,
    /// instructions, another audio format) are refused; a seed is taken by all: an engine without chance repeats itself anyway.
    /// </summary>
    /// <exception cref="ArgumentException">The text is blank, or the speed is out of range.</exception>
    /// <exception cref="UnknownVoiceException">The engine has no such voice.</exception>
    /// <exception cref="UnsupportedLanguageException">The voice does not speak the language asked for.</exception>
    /// <exception cref="UnsupportedOptionException">An option that this engine cannot honour.</exception>
    public static SpeechOrder Read(string text, TextToSpeechOptions? options, EngineDescription engine)
    {
        if (string.IsNullOrWhiteSpace(text))
            throw new ArgumentException("Input text cannot be empty.", nameof(text));
        options ??= new();
        float speed = options.Speed ?? 1;
        if (!(speed >= SlowestSpeed && speed <= FastestSpeed))
            throw new ArgumentOutOfRangeException(nameof(options), speed, $"Speed must be from {SlowestSpeed} to {FastestSpeed}.");
        RefuseForeignOptions(options, engine);
        long seed = options.Seed ?? BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long))) & long.MaxValue; // a seed is never negative on the wire
        return new(text, FindVoice(options, engine), speed, seed);
    }

    private static void RefuseForeignOptions(TextToSpeechOptions options, EngineDescription engine)
    {
        if (options.Pitch is not (null or 1))
            throw new UnsupportedOptionException(engine.Name, "Pitch", "its voices have the pitch they have.");
        if (options.Volume is not (null or 1))
            throw new UnsupportedOptionException(engine.Name, "Volume", "scale the samples afterwards.");
        if (options.AudioFormat is not (null or "pcm" or "audio/pcm"))
            throw new UnsupportedOptionException(engine.Name, "AudioFormat", $"it gives PCM; encode that as '{options.AudioFormat}' afterwards.");
        if (options.ReferenceAudio is not null || options.ReferenceText is not null)
            throw new UnsupportedOptionException(engine.Name, "ReferenceAudio", "it does not clone voices.");
        if (!string.IsNullOrEmpty(options.Instructions))
            throw new UnsupportedOptionException(engine.Name, "Instructions", "it has one manner of speaking.");
    }

    private static Voice FindVoice(TextToSpeechOptions options, EngineDescription engine)
    {
        if (string.IsNullOrEmpty(options.VoiceId))
        {
            return options.Language is not { Length: > 0 } wanted ? engine.Voices[0]
                : LanguageTag.Best(wanted, engine.Voices, voice => voice.Language)
                    ?? throw new UnsupportedLanguageException(engine.Name, wanted, engine.Languages);
        }
        Voice named = engine.Voices.FirstOrDefault(voice => voice.Id.Equals(options.VoiceId, StringComparison.OrdinalIgnoreCase))
            ?? throw new UnknownVoiceException(engine.Name, options.VoiceId, [.. engine.Voices.Select(voice => voice.Id)]);
        if (options.Language is { Length: > 0 } language && !LanguageTag.SameLanguage(language, named.Language))
            throw new UnsupportedLanguageException($"{engine.Name}'s voice '{named.Id}'", language, [named.Language]);
        return named;
    }
}
