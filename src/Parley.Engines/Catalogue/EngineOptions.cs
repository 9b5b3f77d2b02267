using System.ComponentModel.DataAnnotations;

namespace Parley.Engines;

/// <summary>Which engines there are, by name; the first of each list is what a request gets that names none.</summary>
public sealed class EngineOptions
{
    /// <summary>Voices: <c>hibari</c>, <c>piper:NAME</c>, <c>kokoro</c>, <c>voxtral-4b-tts</c>, <c>espeak</c>, <c>openai:REMOTE</c>.</summary>
    public IReadOnlyList<string> Speech { get; set; } = ["hibari", "espeak"];

    /// <summary>Ears: <c>whisper:NAME</c> (<c>whisper:base</c> comes with Parley), <c>openai:REMOTE</c>.</summary>
    public IReadOnlyList<string> Transcription { get; set; } = ["whisper:base"];

    /// <summary>Brains: <c>gguf:FILE</c>, <c>openai:REMOTE</c>, <c>echo</c>.</summary>
    public IReadOnlyList<string> Chat { get; set; } = ["echo"];

    /// <summary>Guards: <c>llama-guard:FILE</c>, <c>deny-list</c>. The first one watches over the brains as <c>guard.policy</c> says, and answers <c>/v1/moderations</c>.</summary>
    public IReadOnlyList<string> Guard { get; set; } = [DenyListGuard.Name];

    /// <summary>Judges of whether a speaker has finished: <c>smart-turn</c>, which comes with Parley, <c>livekit-turn</c>, or <c>gguf-turn:FILE</c>. Empty for silence alone.</summary>
    public IReadOnlyList<string> TurnDetection { get; set; } = [SmartTurnDetector.Name];

    /// <summary>From which probability on a turn detector's judgement counts as "finished", 0 to 1: lower answers sooner, higher interrupts less. Default: the detector's own, by language; <c>gguf-turn:FILE</c> has none.</summary>
    [Range(0.0, 1.0)]
    public float? TurnThreshold { get; set; }

    /// <summary>
    /// Folder of the models that were brought here: <c>piper/NAME.onnx</c> with its <c>.onnx.json</c>,
    /// <c>whisper/ggml-NAME.bin</c>, <c>kokoro/kokoro*.onnx</c> with <c>voices-v1.0.bin</c> or <c>voices</c>, further voices of Hibari in <c>hibari</c>, Voxtral's published folder as <c>voxtral-4b-tts</c>, language models as <c>gguf/FILE.gguf</c>, LiveKit's turn detector as <c>livekit-turn</c>. Default: <c>models</c> in the data folder.
    /// </summary>
    public string? ModelFolder { get; set; }

    /// <summary>
    /// How models that are compiled here keep their large weights: <c>f32</c>, <c>q8</c>, <c>q4</c>, <c>q4-fast</c>, or <c>auto</c>, the
    /// finest that fits the memory and keeps up. Default auto.
    /// </summary>
    public string Precision { get; set; } = "auto";
}
