using Microsoft.Extensions.AI;

namespace Parley.Engines;

/// <summary>What speech needs and the shared abstraction lacks, as typed members.</summary>
public static class SpeechExtensions
{
    extension(TextToSpeechOptions options)
    {
        /// <summary>Seed of whatever chance the engine uses; <see langword="null"/> for a fresh one.</summary>
        public long? Seed
        {
            get => options.AdditionalProperties?.GetValueOrDefault("seed") as long?;
            set => (options.AdditionalProperties ??= [])["seed"] = value;
        }

        /// <summary>A recording whose voice is to be copied; only engines that clone take it.</summary>
        public AudioContentReference? ReferenceAudio
        {
            get => options.AdditionalProperties?.GetValueOrDefault("reference_audio") as AudioContentReference;
            set => (options.AdditionalProperties ??= [])["reference_audio"] = value;
        }

        /// <summary>What the reference recording says, word for word; <see langword="null"/> if nobody wrote it down.</summary>
        public string? ReferenceText
        {
            get => options.AdditionalProperties?.GetValueOrDefault("reference_text") as string;
            set => (options.AdditionalProperties ??= [])["reference_text"] = value;
        }

        /// <summary>How to speak, in words; only engines that take instructions use it.</summary>
        public string? Instructions
        {
            get => options.AdditionalProperties?.GetValueOrDefault("instructions") as string;
            set => (options.AdditionalProperties ??= [])["instructions"] = value;
        }
    }

    extension(TextToSpeechResponseUpdate update)
    {
        /// <summary>The words that start in this update, with times from the start of the utterance; empty where the engine gives none.</summary>
        public IReadOnlyList<WordTiming> Words
        {
            get => update.AdditionalProperties?.GetValueOrDefault("words") as IReadOnlyList<WordTiming> ?? [];
            set => (update.AdditionalProperties ??= [])["words"] = value;
        }

        /// <summary>The seed that was used, in the first update of an engine that uses chance.</summary>
        public long? Seed
        {
            get => update.AdditionalProperties?.GetValueOrDefault("seed") as long?;
            set => (update.AdditionalProperties ??= [])["seed"] = value;
        }
    }

    extension(TextToSpeechResponse response)
    {
        /// <summary>All words with their times; empty where the engine gives none.</summary>
        public IReadOnlyList<WordTiming> Words
        {
            get => response.AdditionalProperties?.GetValueOrDefault("words") as IReadOnlyList<WordTiming> ?? [];
            set => (response.AdditionalProperties ??= [])["words"] = value;
        }
    }
}

/// <summary>A reference recording, still encoded.</summary>
/// <param name="Data">The file's bytes, in any format that can be decoded.</param>
/// <param name="Name">Name for messages.</param>
public sealed record AudioContentReference(ReadOnlyMemory<byte> Data, string Name);
