using Parley.Graphs;

namespace Parley.Models;

/// <summary>Says which published model a weight file is, by the tensors that only it has.</summary>
public static class KnownModels
{
    private sealed record Mark(string Tensor, string Model);

    /// <summary>Beginnings of tensor names, the more telling before the more common.</summary>
    private static readonly Mark[] Marks =
    [
        new("mm_streams_embeddings.", "Voxtral Realtime (speech recognition)"),
        new("acoustic_transformer.semantic_codebook_output.weight", "Voxtral TTS (speech)"),
        new("language_model.model.model.", "Voxtral TTS, repacked for MLX"),
        new("mm_whisper_embeddings.", "Voxtral Mini or Small 2507 (audio understanding)"),
        new("audio_tower.", "Voxtral Mini or Small 2507 (audio understanding), in the layout of Transformers"),
        new("vision_encoder.", "a Mistral text model with a vision encoder"),
        new("model.encoder.conv1.", "Whisper (speech recognition), in the layout of Transformers"),
        new("model_state_dict.encoder.conv1.", "Whisper (speech recognition), in OpenAI's layout"),
        new("model.gpt.gpt.h.0.", "XTTS (speech, cloning)"),
        new("tfmr.layers.0.", "Chatterbox T3 (speech tokens)"),
        new("flow.decoder.estimator.", "Chatterbox S3Gen (speech tokens to sound)"),
        new("lstm.weight_ih_l0", "an LSTM encoder, as Chatterbox's voice encoder"),
        new("encoder.pre_encode.", "NVIDIA Canary or another FastConformer (speech recognition)"),
        new("layers.0.attention.wq.weight", "a Mistral text model"),
        new("model.layers.0.self_attn.q_proj.weight", "a text model in the layout of Transformers"),
    ];

    /// <returns>A name for people, or <see langword="null"/> if no tensor tells.</returns>
    public static string? Identify(Checkpoint checkpoint) => Identify(checkpoint.Names);

    public static string? Identify(IEnumerable<string> names)
    {
        string[] known = [.. names];
        return Marks.FirstOrDefault(mark => known.Any(name => name.StartsWith(mark.Tensor, StringComparison.Ordinal)))?.Model;
    }
}
