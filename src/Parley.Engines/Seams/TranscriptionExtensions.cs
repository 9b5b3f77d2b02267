using Microsoft.Extensions.AI;

namespace Parley.Engines;

/// <summary>What transcription needs and the shared abstraction lacks, as typed members. The language to translate into is <c>TextLanguage</c>.</summary>
public static class TranscriptionExtensions
{
    extension(SpeechToTextOptions options)
    {
        /// <summary>True for speech that goes on and will be recognised again: it may wait for everybody else. Default false.</summary>
        public bool IsPartial
        {
            get => options.AdditionalProperties?.GetValueOrDefault("is_partial") as bool? ?? false;
            set => (options.AdditionalProperties ??= [])["is_partial"] = value;
        }

        /// <summary>True to hear the first words of a long recording early, at the price of one more window: its first chunk ends at a pause after a few seconds. Default false.</summary>
        public bool FirstWordsEarly
        {
            get => options.AdditionalProperties?.GetValueOrDefault("first_words_early") as bool? ?? false;
            set => (options.AdditionalProperties ??= [])["first_words_early"] = value;
        }

        /// <summary>Words that set style and spelling, as if said before.</summary>
        public string? Prompt
        {
            get => options.AdditionalProperties?.GetValueOrDefault("prompt") as string;
            set => (options.AdditionalProperties ??= [])["prompt"] = value;
        }

        /// <summary>Names and terms that are likely to be said, shown to the model before every window.</summary>
        public string? Hotwords
        {
            get => options.AdditionalProperties?.GetValueOrDefault("hotwords") as string;
            set => (options.AdditionalProperties ??= [])["hotwords"] = value;
        }

        /// <summary>True if what was said in one window is shown to the next: steadier names and spelling, at the price of mistakes that spread. Default false.</summary>
        public bool ContinuesText
        {
            get => options.AdditionalProperties?.GetValueOrDefault("continues_text") as bool? ?? false;
            set => (options.AdditionalProperties ??= [])["continues_text"] = value;
        }

        /// <summary>The languages among which the one spoken is looked for, if it is not given; empty for all.</summary>
        public IReadOnlyList<string> CandidateLanguages
        {
            get => options.AdditionalProperties?.GetValueOrDefault("candidate_languages") as IReadOnlyList<string> ?? [];
            set => (options.AdditionalProperties ??= [])["candidate_languages"] = value;
        }

        /// <summary>0 to 1; <see langword="null"/> means 0 with fallback to higher ones.</summary>
        public float? Temperature
        {
            get => options.AdditionalProperties?.GetValueOrDefault("temperature") as float?;
            set => (options.AdditionalProperties ??= [])["temperature"] = value;
        }

        /// <summary>Beams of the search; <see langword="null"/> for the engine's default, 1 for greedy.</summary>
        public int? BeamSize
        {
            get => options.AdditionalProperties?.GetValueOrDefault("beam_size") as int?;
            set => (options.AdditionalProperties ??= [])["beam_size"] = value;
        }

        /// <summary>True if words are wanted with their times.</summary>
        public bool WithWords
        {
            get => options.AdditionalProperties?.GetValueOrDefault("words") as bool? ?? false;
            set => (options.AdditionalProperties ??= [])["words"] = value;
        }

        /// <summary>False to hand the engine the silence too; default true: it is cut away first.</summary>
        public bool CutSilence
        {
            get => options.AdditionalProperties?.GetValueOrDefault("cut_silence") as bool? ?? true;
            set => (options.AdditionalProperties ??= [])["cut_silence"] = value;
        }

        /// <summary>Length of the recording where it is known beforehand; the progress goes by it. A stream that can seek needs none.</summary>
        public TimeSpan? RecordingLength
        {
            get => options.AdditionalProperties?.GetValueOrDefault("recording_length") as TimeSpan?;
            set => (options.AdditionalProperties ??= [])["recording_length"] = value;
        }

        /// <summary>Told the share of the recording that is done, 0 to 1.</summary>
        public IProgress<double>? Progress
        {
            get => options.AdditionalProperties?.GetValueOrDefault("progress") as IProgress<double>;
            set => (options.AdditionalProperties ??= [])["progress"] = value;
        }
    }

    extension(SpeechToTextResponse response)
    {
        /// <summary>The whole result with segments and times.</summary>
        public Transcript? Transcript
        {
            get => response.AdditionalProperties?.GetValueOrDefault("transcript") as Transcript;
            set => (response.AdditionalProperties ??= [])["transcript"] = value;
        }
    }

    extension(SpeechToTextResponseUpdate update)
    {
        /// <summary>The segment that this update brings.</summary>
        public TranscriptSegment? Segment
        {
            get => update.AdditionalProperties?.GetValueOrDefault("segment") as TranscriptSegment;
            set => (update.AdditionalProperties ??= [])["segment"] = value;
        }

        /// <summary>The whole result; only the last update of a stream has it.</summary>
        public Transcript? Transcript
        {
            get => update.AdditionalProperties?.GetValueOrDefault("transcript") as Transcript;
            set => (update.AdditionalProperties ??= [])["transcript"] = value;
        }
    }
}
