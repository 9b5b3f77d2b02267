using System.Globalization;
using System.Text.Json;
using Parley.Graphs;
using Parley.Models.Voxtral;
using Parley.Text.Tokenizers;

namespace Parley.Models.Parity;

/// <summary>
/// Voxtral TTS on small random checkpoints beside vllm-omni's results: <c>tiny</c> and <c>small-b</c> stage by stage, voice files,
/// prompts, folders that hold something else, and the full-size inventory.
/// </summary>
public sealed class VoxtralParity : IParityFamily
{
    public string Name => "voxtral";

    public bool Recognises(string folder) => KindOf(folder) is not null;

    public IEnumerable<ParityRow> Compare(string folder, CancellationToken cancel) => KindOf(folder)!(folder, cancel);

    private static Func<string, CancellationToken, IEnumerable<ParityRow>>? KindOf(string folder)
    {
        bool Has(string name) => Path.Exists(Path.Combine(folder, name));
        return !Has("case.json") ? null
            : Has("consolidated.safetensors") && Has("expected.safetensors") ? VoxtralModelParity.Compare
            : Has("expected.safetensors") && Directory.EnumerateFiles(folder, "*.pt").Any() ? CompareVoices
            : Has("cases.jsonl") && Has("tekken.json") ? CompareTokens
            : Has("full-size-inventory.json") ? CompareInventory
            : Has("tts-params-only") ? CompareForeignFolders
            : null;
    }

    /// <summary>Voice files as torch writes them, odd and broken ones: loaded with the stored values, or refused.</summary>
    private static IEnumerable<ParityRow> CompareVoices(string folder, CancellationToken cancel)
    {
        using JsonDocument description = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "case.json")));
        int width = description.RootElement.GetProperty("width").GetInt32();
        using Checkpoint expected = Checkpoint.Open(Path.Combine(folder, "expected.safetensors"));
        foreach (JsonProperty file in description.RootElement.GetProperty("files").EnumerateObject())
        {
            string path = Path.Combine(folder, file.Name + ".pt"), wish = file.Value.GetProperty("expect").GetString()!;
            string? refusal = null;
            VoxtralVoice? voice = null;
            try
            {
                voice = VoxtralVoice.Read(path, width);
            }
            catch (CheckpointException e)
            {
                refusal = e.Problem;
            }
            bool mayRefuse = wish.Contains("refuse", StringComparison.Ordinal), mustRefuse = wish == "refuse";
            if (voice is null || mustRefuse)
                yield return new($"{file.Name}.pt is refused", (voice is null) == mustRefuse || mayRefuse ? 0 : 1, 0, refusal ?? "it was loaded");
            else
                yield return ParityRow.Within($"{file.Name}.pt", expected.Tensor(file.Name).ReadF32(), voice.Rows, 0);
        }
    }

    /// <summary>Texts, edge cases and whole prompts, encoded by mistral-common.</summary>
    private static IEnumerable<ParityRow> CompareTokens(string folder, CancellationToken cancel)
    {
        TekkenTokenizer tokenizer = TekkenTokenizer.Open(Path.Combine(folder, "tekken.json"));
        foreach (string line in File.ReadLines(Path.Combine(folder, "cases.jsonl")))
        {
            using JsonDocument json = JsonDocument.Parse(line);
            JsonElement root = json.RootElement;
            string text = root.GetProperty("text").GetString()!;
            int[] expected = [.. root.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            IReadOnlyList<int> ids = tokenizer.Encode(text);
            if (root.TryGetProperty("voice", out JsonElement voice))
                ids = [.. new VoxtralPrompt(new(voice.GetString()!, "", [], tokenizer.VoiceAudioTokens[voice.GetString()!]), ids).Ids];
            yield return ParityRow.Identical($"{root.GetProperty("kind").GetString()} '{text}'", expected, ids);
        }
    }

    /// <summary>Folders of other models and broken downloads: each is refused, with the words that tell what it is.</summary>
    private static IEnumerable<ParityRow> CompareForeignFolders(string folder, CancellationToken cancel)
    {
        Dictionary<string, string[]> words = new()
        {
            ["voxtral-mini-3b-2507-native"] = ["2507", "cannot speak"],
            ["voxtral-mini-3b-2507-transformers"] = ["2507", "Transformers", "params.json"],
            ["voxtral-realtime-2602"] = ["Voxtral Realtime", "recognises speech"],
            ["ministral-3-3b-2512"] = ["text model", "acoustic transformer", "codec"],
            ["tts-mlx-repack"] = ["MLX", "as published"],
            ["tts-truncated"] = ["ends before", "should have"],
            ["tts-truncated-header"] = ["header is incomplete"],
            ["tts-lfs-pointer"] = ["Git LFS pointer", "git lfs pull"],
            ["tts-params-only"] = ["consolidated.safetensors", "tekken.json", "voice_embedding"],
        };
        foreach (string inner in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(inner), refusal = "";
            try
            {
                new VoxtralFolder(inner).Open().Dispose();
            }
            catch (CheckpointException e)
            {
                refusal = e.Message;
            }
            string[] absent = [.. words[name].Where(word => !refusal.Contains(word, StringComparison.Ordinal))];
            yield return new($"{name} is named", refusal.Length == 0 ? 1 : absent.Length, 0, refusal);
        }
    }

    /// <summary>Every tensor of the published model is asked for, by its name and shape, and no other.</summary>
    private static IEnumerable<ParityRow> CompareInventory(string folder, CancellationToken cancel)
    {
        VoxtralConfig config = VoxtralConfig.Read(Path.Combine(folder, "params.json"));
        using JsonDocument inventory = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "case.json")));
        var tensors = inventory.RootElement.GetProperty("inventory").EnumerateObject()
            .Select(tensor => (tensor.Name, tensor.Value.GetString()!.Split('x').Select(size => long.Parse(size, CultureInfo.InvariantCulture)).ToArray()));
        using Checkpoint checkpoint = Checkpoint.Random("full-size", tensors.Select(tensor => (tensor.Name, System.Collections.Immutable.ImmutableArray.Create(tensor.Item2))), seed: 0);
        string problem = "";
        try
        {
            checkpoint.Bind(root => VoxtralWeights.Bind(root, config));
        }
        catch (CheckpointException e)
        {
            problem = e.Problem;
        }
        yield return new("weights of the published size", problem.Length > 0 ? 1 : 0, 0, problem);
        yield return ParityRow.Identical("parameters", [inventory.RootElement.GetProperty("parameters").GetInt64()], [checkpoint.Tensors.Sum(tensor => tensor.ElementCount)]);
    }
}
