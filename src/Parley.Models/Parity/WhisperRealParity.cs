using System.Globalization;
using System.Text.Json;
using Parley.Audio;
using Parley.Models.Whisper;

namespace Parley.Models.Parity;

/// <summary>The original's runs on the published weights as they lie in whisper.cpp's q5_1 files, in f32 arithmetic.</summary>
internal static class WhisperRealParity
{
    private const double FigureTolerance = 1e-3;
    private const double TimeTolerance = 0.0201; // one position of the encoder
    private const double ProbabilityTolerance = 5e-3;
    private const double EncoderTolerance = 1e-3;

    public static IEnumerable<ParityRow> Compare(string folder, CancellationToken cancel)
    {
        foreach (string path in Directory.EnumerateFiles(folder, "real-*-q5_1.json").Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(path)["real-".Length..^"-q5_1.json".Length];
            if (WhisperPlaces.Model(folder, name) is not { } model)
            {
                yield return new($"{name}: needs models/whisper/ggml-{name}-q5_1.bin in a folder above", double.PositiveInfinity, 0);
                continue;
            }
            using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(path));
            foreach (ParityRow row in Compare(folder, golden.RootElement, model, _ => true, cancel))
                yield return row with { Stage = $"{name}, {row.Stage}" };
        }
    }

    /// <param name="folder">Of the golden: recordings are looked for above it.</param>
    /// <param name="golden">A <c>real-*.json</c>.</param>
    /// <param name="path">The model.</param>
    /// <param name="isWanted">Which cases, by their names.</param>
    /// <param name="cancel">Ends it.</param>
    public static IEnumerable<ParityRow> Compare(string folder, JsonElement golden, string path, Func<string, bool> isWanted, CancellationToken cancel)
    {
        using WhisperModel model = WhisperModel.Open(WhisperCheckpoint.Open(path), WhisperPrecision.F32, cancel: cancel);
        using WhisperBatch batch = model.CreateBatch(slots: 1);
        foreach (ParityRow row in Anchor(folder, golden.GetProperty("anchor_jfk"), model, cancel))
            yield return row;
        foreach (JsonProperty one in golden.GetProperty("cases").EnumerateObject().Where(one => isWanted(one.Name)))
        {
            string clip = one.Name.Split('/')[0];
            using WhisperRecording recording = new(model, batch, Samples(folder, clip));
            bool hasLanguages = golden.TryGetProperty("language", out JsonElement languages) && languages.ValueKind == JsonValueKind.Object;
            foreach (ParityRow row in Case(one.Value, hasLanguages ? languages.GetProperty(clip is "speech_then_silence" ? "two_cities" : clip) : default, recording, model, clip, cancel))
                yield return row with { Stage = $"{one.Name}: {row.Stage}" };
        }
    }

    private static IEnumerable<ParityRow> Anchor(string folder, JsonElement anchor, WhisperModel model, CancellationToken cancel)
    {
        WhisperConfig c = model.Config;
        float[] mel = new float[c.Mels * c.MelFrames];
        WhisperFeatures features = WhisperFeatures.Of(Samples(folder, "jfk"), WhisperFeatures.CreateFrontEnd(c.Mels));
        features.CopyTo(0, features.Frames, mel);
        using WhisperBatch batch = model.CreateBatch(slots: 1);
        using WhisperSound sound = batch.Encode(mel, cancel);
        using WhisperReader reader = new(model);
        using Graphs.KeyValueBuffers cache = new(model.Decoder.Graph.Cache!, 1, c.TextPositions);
        float[] logits = [.. reader.Logits(reader.Read(sound, WhisperModelParity.Ints(anchor, "tokens"), 0, cache, 0, cancel)[^c.Width..], cancel)];
        JsonElement[] top = [.. anchor.GetProperty("top5").EnumerateArray()];
        int[] best = [.. Enumerable.Range(0, logits.Length).OrderByDescending(i => logits[i]).Take(top.Length)];
        yield return ParityRow.Identical("first logits", [.. top.Select(entry => entry[0].GetInt32())], best);
        yield return ParityRow.Within("first logits, values", [.. top.Select(entry => entry[1].GetSingle())], [.. best.Select(i => logits[i])], EncoderTolerance);
    }

    private static IEnumerable<ParityRow> Case(
        JsonElement golden, JsonElement languages, WhisperRecording recording, WhisperModel model, string clip, CancellationToken cancel)
    {
        JsonElement given = golden.GetProperty("options");
        string? language = Text(given, "language");
        if (language is null && model.Vocabulary.IsMultilingual)
        {
            float[] probabilities = recording.DetectLanguage(cancel);
            int best = Array.IndexOf(probabilities, probabilities.Max());
            language = WhisperLanguages.All[best];
            if (languages.ValueKind == JsonValueKind.Array && clip != "speech_then_silence")
            {
                JsonElement[] top = [.. languages.EnumerateArray()];
                yield return ParityRow.Within("language", [.. top.Select(entry => entry[1].GetSingle())],
                    [.. top.Select(entry => probabilities[WhisperLanguages.All.ToList().IndexOf(entry[0].GetString()!)])], FigureTolerance);
            }
        }
        recording.Language = language ?? "en";
        yield return ParityRow.Identical("language", [golden.GetProperty("language").GetString()!], [recording.Language]);
        recording.Translate = Text(given, "task") == "translate";
        WhisperTranscriptionOptions options = new()
        {
            Decoding = new()
            {
                Language = recording.Language,
                Translate = recording.Translate,
                BeamSize = given.TryGetProperty("beam_size", out JsonElement beams) ? beams.GetInt32() : null,
                WithoutTimestamps = given.TryGetProperty("without_timestamps", out JsonElement without) && without.GetBoolean(),
            },
            Temperatures = [0],
            ConditionOnPreviousText = !given.TryGetProperty("condition_on_previous_text", out JsonElement condition) || condition.GetBoolean(),
            InitialPrompt = Text(given, "initial_prompt") is { } prompt ? model.Vocabulary.Encode(" " + prompt.Trim()) : [],
            WithWords = given.TryGetProperty("word_timestamps", out JsonElement words) && words.GetBoolean(),
            Clips = given.TryGetProperty("clip_timestamps", out JsonElement clips)
                ? [.. clips.GetString()!.Split(',').Select(point => double.Parse(point, CultureInfo.InvariantCulture))] : [],
            HallucinationSilenceThreshold = given.TryGetProperty("hallucination_silence_threshold", out JsonElement silence) ? silence.GetDouble() : null,
        };
        Listener listener = new(recording);
        WhisperTranscription loop = new(listener, model.Vocabulary, model.Config, options);
        List<WhisperSegment> segments = [.. loop.Run(cancel).Where(segment => segment.Text.Length > 0)];

        JsonElement[] windows = [.. golden.GetProperty("windows").EnumerateArray()];
        yield return ParityRow.Identical("tokens", [.. windows.Select(window => string.Join(' ', WhisperModelParity.Ints(window, "tokens")))],
            [.. listener.Results.Select(result => string.Join(' ', result.Tokens))]);
        yield return ParityRow.Within("figures", [.. windows.SelectMany(window => new[] { window.GetProperty("avg_logprob").GetSingle(), window.GetProperty("no_speech_prob").GetSingle() })],
            [.. listener.Results.SelectMany(result => new[] { (float)result.AverageLogProbability, (float)result.NoSpeechProbability })], FigureTolerance);
        yield return ParityRow.Identical("text", [golden.GetProperty("text").GetString()!], [loop.Text]);

        JsonElement[] expected = [.. golden.GetProperty("segments").EnumerateArray()];
        yield return ParityRow.Identical("segments", [.. expected.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.GetProperty("seek").GetInt32()} {one.GetProperty("text").GetString()}"))],
            [.. segments.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Seek} {one.Text}"))]);
        yield return ParityRow.Within("segment times", [.. expected.SelectMany(one => new[] { one.GetProperty("start").GetSingle(), one.GetProperty("end").GetSingle() })],
            [.. segments.SelectMany(one => new[] { (float)one.Start, (float)one.End })], TimeTolerance);
        if (!options.WithWords)
            yield break;
        JsonElement[] rows = [.. expected.SelectMany(one => one.GetProperty("words").EnumerateArray())];
        WhisperWord[] own = [.. segments.SelectMany(one => one.Words)];
        yield return ParityRow.Identical("words", [.. rows.Select(row => row[0].GetString()!)], [.. own.Select(word => word.Text)]);
        yield return ParityRow.Within("word times", [.. rows.SelectMany(row => new[] { row[1].GetSingle(), row[2].GetSingle() })],
            [.. own.SelectMany(word => new[] { (float)word.Start, (float)word.End })], TimeTolerance);
        yield return ParityRow.Within("word probabilities", [.. rows.Select(row => row[3].GetSingle())], [.. own.Select(word => word.Probability)], ProbabilityTolerance);
    }

    private sealed class Listener(WhisperRecording recording) : IWhisperWindows
    {
        public List<WhisperDecodingResult> Results { get; } = [];

        public int Frames => recording.Frames;

        public WhisperDecodingResult Decode(int seek, int frames, WhisperDecodingOptions options, CancellationToken cancel)
        {
            Results.Add(recording.Decode(seek, frames, options, cancel));
            return Results[^1];
        }

        public void AddWords(IReadOnlyList<WhisperSegment> segments, int frames, double lastSpeech, CancellationToken cancel) =>
            recording.AddWords(segments, frames, lastSpeech, cancel);
    }

    private static float[] Samples(string folder, string clip) => clip switch
    {
        "jfk" => Wav(folder, "audio/third-party/jfk.wav", "golden/audio/third-party/jfk.wav"),
        "two_cities" => Wav(folder, "models/whisper/two_cities_16k.wav"),
        "ja16" => Wav(folder, "models/whisper/ja16.wav"),
        "silence" => new float[160_000],
        "noise" => Noise(160_000),
        "speech_then_silence" => [.. Wav(folder, "models/whisper/two_cities_16k.wav").AsSpan(0, 400_000), .. new float[320_000]],
        _ => throw new ArgumentOutOfRangeException(nameof(clip), clip, "Not a clip of the golden."),
    };

    private static float[] Wav(string folder, params ReadOnlySpan<string> candidates) =>
        WavReader.Read(WhisperPlaces.Find(folder, candidates) ?? throw new FileNotFoundException($"{folder} needs {candidates[0]} in a folder above.")).Samples;

    /// <summary>The stated generator.</summary>
    private static float[] Noise(int length)
    {
        float[] samples = new float[length];
        uint state = 20240607;
        for (int i = 0; i < length; i++)
        {
            state = unchecked(1664525 * state + 1013904223);
            samples[i] = (float)Math.Round(2 * (state / 4294967296.0 - 0.5) * 0.1 * 32767, MidpointRounding.ToEven) / 32768f;
        }
        return samples;
    }

    private static string? Text(JsonElement options, string name) => options.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
}
