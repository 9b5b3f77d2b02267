using System.Globalization;
using System.Text.Json;
using Parley.Audio.Spectra;
using Parley.Graphs;
using Parley.Models.Whisper;

namespace Parley.Models.Parity;

/// <summary>One small checkpoint of Whisper in all forms that its case holds, beside the original, in f32.</summary>
internal static class WhisperModelParity
{
    private const double Tolerance = 1e-4; // absolute; the golden's README
    private const double FigureTolerance = 1e-3;

    public static IEnumerable<ParityRow> Compare(string folder, CancellationToken cancel)
    {
        using Golden golden = new(folder);
        foreach (ParityRow row in FrontEnd(golden))
            yield return row;

        (string Weights, string Path)[] forms =
        [
            ("exact", folder), ("exact", Path.Combine(folder, "model.pt")), ("exact", Path.Combine(folder, "ggml-f16.bin")),
            ("q5_1", Path.Combine(folder, "ggml-q5_1.bin")), ("q8_0", Path.Combine(folder, "ggml-q8_0.bin")),
        ];
        foreach ((string weights, string path) in forms.Where(form => Path.Exists(form.Path)))
        {
            using WhisperCheckpoint checkpoint = WhisperCheckpoint.Open(path);
            string form = path == folder ? "safetensors" : Path.GetFileName(path);
            foreach (ParityRow row in Network(golden, checkpoint, weights, cancel).Concat(Decoding(golden, checkpoint, weights, path, cancel)))
                yield return row with { Stage = $"{form}: {row.Stage}" };
        }
    }

    private static IEnumerable<ParityRow> FrontEnd(Golden golden)
    {
        int bands = golden.Size("log_mel_content", 0), content = golden.Size("log_mel_content", 1), after = golden.Size("log_mel_after", 1);
        // The original appends 30 s of silence to a recording before it takes the spectrum.
        float[] mel = new MelFrontEnd(MelRecipes.Whisper(bands)).Compute([.. golden.Samples16("audio_int16"), .. new float[480_000]]);
        yield return ParityRow.Within("log_mel_content", golden.F32("log_mel_content"), Golden.Columns(mel, bands, first: 0, every: 1, content), Tolerance);
        yield return ParityRow.Within("log_mel_after", golden.F32("log_mel_after"), Golden.Columns(mel, bands, first: content, every: 1, after), Tolerance);

        WhisperFeatures features = WhisperFeatures.Of(golden.Samples16("audio_int16"), WhisperFeatures.CreateFrontEnd(bands));
        float[] own = new float[bands * content];
        features.CopyTo(0, content, own);
        yield return ParityRow.Within("log_mel_content, as the model takes it", golden.F32("log_mel_content"), own, Tolerance);
    }

    private static float[] Mel(Golden golden, WhisperConfig c)
    {
        float[] mel = new float[c.Mels * c.MelFrames];
        WhisperFeatures features = WhisperFeatures.Of(golden.Samples16("audio_int16"), WhisperFeatures.CreateFrontEnd(c.Mels));
        features.CopyTo(0, features.Frames, mel);
        return mel;
    }

    private static IEnumerable<ParityRow> Network(Golden golden, WhisperCheckpoint checkpoint, string weights, CancellationToken cancel)
    {
        WhisperConfig c = checkpoint.Config;
        int[] rows = Ints(golden.Case, "rows"), crossRows = Ints(golden.Case, "cross_rows");
        using GraphSession encoder = WhisperEncoderGraph.Build(c, checkpoint.Bind(), WhisperPrecision.F32, withStages: true).Open(cancel);
        IReadOnlyDictionary<string, float[]> stages = encoder.Run(("mel", Mel(golden, c), [1, c.Mels, c.MelFrames]));
        foreach ((string stage, string output) in new[] { ("conv_plus_positions_rows", "entry"), ("block0_rows", "layer.0"), ("encoder_rows", "encoded") })
        {
            if (golden.Has($"{weights}.{stage}"))
                yield return ParityRow.Within(stage, golden.F32($"{weights}.{stage}"), Pick(stages[output], rows, c.Width), Tolerance);
        }
        for (int layer = 0; layer < c.TextLayers && golden.Has($"{weights}.cross_k.{layer}"); layer++)
        {
            float[] keys = stages[WhisperEncoderGraph.Keys(layer)], values = stages[WhisperEncoderGraph.Values(layer)];
            int d = c.TextHeadDim, length = c.AudioPositions;
            yield return ParityRow.Within($"cross_k.{layer}", golden.F32($"{weights}.cross_k.{layer}"),
                [.. from row in crossRows from i in Enumerable.Range(0, c.Width) select keys[i * length + row]], Tolerance);
            yield return ParityRow.Within($"cross_v.{layer}", golden.F32($"{weights}.cross_v.{layer}"),
                [.. from row in crossRows from i in Enumerable.Range(0, c.Width) select values[(i / d * length + row) * d + i % d]], Tolerance);
        }
    }

    private static IEnumerable<ParityRow> Decoding(Golden golden, WhisperCheckpoint checkpoint, string weights, string path, CancellationToken cancel)
    {
        JsonElement expected = golden.Case.GetProperty("weights").GetProperty(weights);
        using WhisperModel model = WhisperModel.Open(WhisperCheckpoint.Open(path), WhisperPrecision.F32, cancel: cancel);
        using WhisperBatch batch = model.CreateBatch(slots: 2);
        WhisperConfig c = model.Config;
        using WhisperSound sound = batch.Encode(Mel(golden, c), cancel);
        yield return ParityRow.Identical("suppress_tokens", Ints(golden.Case, "suppress_tokens"), [.. model.Vocabulary.Suppressed]);

        int[] tokens = Ints(expected, "tokens");
        foreach ((string how, int[] pieces) in new[] { ("at once", new[] { 12 }), ("token by token", [3, .. Enumerable.Repeat(1, 9)]) })
        {
            float[] logits = Logits(model, sound, tokens, pieces, cancel);
            int[] columns = Columns(golden.Case.GetProperty("logit_columns").GetString()!, c.VocabularySize);
            int[] shown = weights == "exact" ? [.. Enumerable.Range(0, 12)] : [2, 5, 11];
            yield return ParityRow.Within($"logits, {how}", golden.F32($"{weights}.logits"),
                [.. from row in shown from column in columns select logits[row * c.VocabularySize + column]], Tolerance);
        }
        if (golden.Has($"{weights}.alignment_qk_rows"))
        {
            yield return ParityRow.Within("alignment_qk_rows", golden.F32($"{weights}.alignment_qk_rows"),
                Scores(model, sound, tokens[..8], Ints(golden.Case, "cross_rows"), cancel), Tolerance);
        }

        foreach (JsonProperty task in expected.GetProperty("decode").EnumerateObject())
        {
            WhisperDecodingResult result = batch.Decode(sound, Options(task.Name, model.Vocabulary), cancel);
            yield return ParityRow.Identical($"decode.{task.Name}", Ints(task.Value, "tokens"), [.. result.Tokens]);
            yield return ParityRow.Within($"decode.{task.Name}, figures", [task.Value.GetProperty("avg_logprob").GetSingle(), task.Value.GetProperty("no_speech_prob").GetSingle()],
                [(float)result.AverageLogProbability, (float)result.NoSpeechProbability], FigureTolerance);
        }

        float[] languages = batch.DetectLanguage(batch.Encode(Mel(golden, c), cancel), cancel);
        JsonElement[] best = [.. expected.GetProperty("language_top5").EnumerateArray()];
        int[] order = [.. Enumerable.Range(0, languages.Length).OrderByDescending(i => languages[i]).Take(best.Length)];
        yield return ParityRow.Identical("language_top5", [.. best.Select(entry => entry[0].GetString()!)], [.. order.Select(i => WhisperLanguages.All[i])]);
        yield return ParityRow.Within("language_top5, probabilities", [.. best.Select(entry => entry[1].GetSingle())], [.. order.Select(i => languages[i])], FigureTolerance);
    }

    private static WhisperDecodingOptions Options(string task, WhisperVocabulary vocabulary)
    {
        WhisperDecodingOptions options = new() { Language = "de", SampleLength = 16 };
        return task switch
        {
            "greedy" => options,
            "beam5" => options with { BeamSize = 5 },
            "no_timestamps" => options with { WithoutTimestamps = true },
            "prompt_translate" => options with { Translate = true, Prompt = vocabulary.Encode(" the in re") },
            _ => throw new ArgumentOutOfRangeException(nameof(task), task, "Not a task of the golden."),
        };
    }

    private static float[] Logits(WhisperModel model, WhisperSound sound, int[] tokens, int[] pieces, CancellationToken cancel)
    {
        using WhisperReader reader = new(model);
        using KeyValueBuffers cache = new(model.Decoder.Graph.Cache!, 1, model.Config.TextPositions);
        List<float> logits = [];
        int at = 0;
        foreach (int count in pieces)
        {
            logits.AddRange(reader.Logits(reader.Read(sound, tokens.AsSpan(at, count), at, cache, 0, cancel), cancel));
            at += count;
        }
        return [.. logits];
    }

    private static float[] Scores(WhisperModel model, WhisperSound sound, int[] tokens, int[] rows, CancellationToken cancel)
    {
        using WhisperReader reader = new(model);
        using KeyValueBuffers cache = new(model.Decoder.Graph.Cache!, 1, model.Config.TextPositions);
        reader.Read(sound, tokens, 0, cache, 0, cancel);
        float[] scores = new float[model.AlignmentHeads.Count * tokens.Length * model.Config.AudioPositions];
        reader.CopyScores(scores, tokens.Length, model.Config.AudioPositions, 0, tokens.Length);
        return [.. from row in Enumerable.Range(0, model.AlignmentHeads.Count * tokens.Length) from position in rows select scores[row * model.Config.AudioPositions + position]];
    }

    /// <summary>As the case writes it: <c>0..427, then every 10th up to 1908</c>.</summary>
    private static int[] Columns(string text, int size)
    {
        int last = int.Parse(text[3..text.IndexOf(',', StringComparison.Ordinal)], CultureInfo.InvariantCulture);
        return [.. Enumerable.Range(0, size).Where(i => i <= last || (i - last - 1) % 10 == 0)];
    }

    private static float[] Pick(float[] matrix, int[] rows, int width) => [.. rows.SelectMany(row => matrix.AsSpan(row * width, width).ToArray())];

    internal static int[] Ints(JsonElement element, string name) => [.. element.GetProperty(name).EnumerateArray().Select(value => value.GetInt32())];
}
