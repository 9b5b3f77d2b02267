using Microsoft.Extensions.AI;

namespace Parley.Engines;

/// <summary>Turns the name of a library voice into its recording, for an engine that speaks with recorded voices.</summary>
internal sealed class LibraryVoiceClient(ITextToSpeechClient inner, EngineDescription engine, VoiceLibrary library) : DelegatingTextToSpeechClient(inner)
{
    public override async Task<TextToSpeechResponse> GetAudioAsync(string text, TextToSpeechOptions? options = null, CancellationToken cancellationToken = default) =>
        await base.GetAudioAsync(text, await ResolveAsync(options, cancellationToken), cancellationToken);

    public override async IAsyncEnumerable<TextToSpeechResponseUpdate> GetStreamingAudioAsync(
        string text, TextToSpeechOptions? options = null, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        TextToSpeechOptions? resolved = await ResolveAsync(options, cancellationToken);
        await foreach (TextToSpeechResponseUpdate update in base.GetStreamingAudioAsync(text, resolved, cancellationToken))
            yield return update;
    }

    private async Task<TextToSpeechOptions?> ResolveAsync(TextToSpeechOptions? options, CancellationToken cancel)
    {
        if (options?.VoiceId is not { Length: > 0 } name || options.ReferenceAudio is not null
            || engine.Voices.Any(own => own.Id.Equals(name, StringComparison.OrdinalIgnoreCase)) || library.Find(name) is not { } voice)
        {
            return options;
        }
        VoiceReference reference = RecordedVoices.ReferenceFor(engine, voice)
            ?? throw new UnsupportedOptionException(engine.Name, "Voice", $"for '{voice.Name}' it {RecordedVoices.ObstacleFor(engine, voice)}.");
        TextToSpeechOptions resolved = options.Clone();
        resolved.VoiceId = null;
        resolved.Language ??= voice.Language;
        resolved.ReferenceAudio = new AudioContentReference(await File.ReadAllBytesAsync(library.PathOf(voice, reference), cancel), voice.Name);
        resolved.ReferenceText = reference.Transcript;
        return resolved;
    }
}
