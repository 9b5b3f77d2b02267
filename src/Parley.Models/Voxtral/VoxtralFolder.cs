using System.Text.Json;
using Parley.Graphs;

namespace Parley.Models.Voxtral;

/// <summary>The published folder: which files it needs, and what a folder is that is not one.</summary>
/// <param name="Path">The folder.</param>
public sealed record VoxtralFolder(string Path)
{
    private const string Wanted = "Expected is the folder of Voxtral-4B-TTS-2603 as published: params.json, consolidated.safetensors, tekken.json and voice_embedding/.";

    public string Params => System.IO.Path.Combine(Path, "params.json");

    public string Weights => System.IO.Path.Combine(Path, "consolidated.safetensors");

    public string Tokenizer => System.IO.Path.Combine(Path, "tekken.json");

    public string Voices => System.IO.Path.Combine(Path, "voice_embedding");

    /// <summary>Checks that the folder holds this model, by content, and opens its weights.</summary>
    /// <exception cref="CheckpointException">It holds another model, or files are missing or cut off. The message says what it is.</exception>
    public Checkpoint Open()
    {
        if (!Directory.Exists(Path))
            throw new CheckpointException(Path, "there is no such folder.");
        if (!File.Exists(Params))
            throw new CheckpointException(Path, $"params.json is missing. {DescribeForeignFolder()}{Wanted}");
        CheckParams();
        string[] missing = [.. Missing()];
        if (!File.Exists(Weights))
            throw new CheckpointException(Path, $"{string.Join(", ", missing)} {(missing.Length == 1 ? "is" : "are")} missing. {Wanted}");
        Checkpoint checkpoint = Checkpoint.Open(Weights);
        try
        {
            CheckTensors(checkpoint);
            if (missing.Length > 0)
                throw new CheckpointException(Path, $"{string.Join(", ", missing)} {(missing.Length == 1 ? "is" : "are")} missing. {Wanted}");
            return checkpoint;
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    private IEnumerable<string> Missing()
    {
        if (!File.Exists(Weights))
            yield return "consolidated.safetensors";
        if (!File.Exists(Tokenizer))
            yield return "tekken.json";
        if (!Directory.Exists(Voices) || !Directory.EnumerateFiles(Voices, "*.pt").Any())
            yield return "voice_embedding/*.pt";
    }

    /// <summary>The decoder's sizes do not tell: Realtime and Ministral have the same. The kind of its parts does.</summary>
    private void CheckParams()
    {
        using JsonDocument json = ParseJson(Params);
        JsonElement root = json.RootElement;
        string? type = Text(root, "model_type");
        root.TryGetProperty("multimodal", out JsonElement multimodal);
        if (type == "voxtral_tts" || Has(multimodal, "audio_tokenizer_args"))
            return;
        bool hasWhisper = Has(multimodal, "whisper_model_args");
        string found = root.TryGetProperty("ada_rms_norm_t_cond", out _) ? "this is Voxtral Realtime, which recognises speech and cannot speak"
            : hasWhisper ? "this is Voxtral Mini or Small 2507, which understands sound and cannot speak"
            : root.TryGetProperty("vision_encoder", out _) ? "this is a text model (Ministral) without an acoustic transformer and a codec: it cannot speak"
            : type is not null ? $"this is a model of type '{type}'"
            : "this is a text model without an acoustic transformer and a codec: it cannot speak";
        throw new CheckpointException(Path, $"{found}. {Wanted}");
    }

    private void CheckTensors(Checkpoint checkpoint)
    {
        if (checkpoint.Contains("acoustic_transformer.semantic_codebook_output.weight"))
            return;
        string found = KnownModels.Identify(checkpoint) is string known ? $"its weights are those of {known}" : "its weights are those of another model";
        throw new CheckpointException(Path, $"params.json describes Voxtral TTS, but {found}. {Wanted}");
    }

    private string DescribeForeignFolder()
    {
        string config = System.IO.Path.Combine(Path, "config.json");
        if (!File.Exists(config))
            return "";
        using JsonDocument json = ParseJson(config);
        return Text(json.RootElement, "model_type") switch
        {
            "voxtral_tts" when json.RootElement.TryGetProperty("quantization", out _) =>
                "This is a repack of Voxtral TTS for MLX with quantised weights, which cannot be read. ",
            "voxtral" => "This is Voxtral 2507 (audio understanding) in the layout of Transformers. ",
            string other => $"This is a folder in the layout of Transformers, of a model of type '{other}'. ",
            null => "This is a folder in the layout of Transformers. ",
        };
    }

    private static JsonDocument ParseJson(string path)
    {
        try
        {
            JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path));
            return json.RootElement.ValueKind == JsonValueKind.Object ? json : throw new CheckpointException(path, "the file holds no JSON object.");
        }
        catch (JsonException e)
        {
            throw new CheckpointException(path, $"the file is no JSON: {e.Message} Fetch it again.", e);
        }
    }

    private static bool Has(JsonElement element, string name) => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out _);

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
