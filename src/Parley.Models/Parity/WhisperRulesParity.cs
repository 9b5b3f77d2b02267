using System.Globalization;
using System.Text.Json;
using Parley.Models.Whisper;

namespace Parley.Models.Parity;

/// <summary>Filters, searches, prompts and the loop over a recording, without a network.</summary>
internal static class WhisperRulesParity
{
    private const double SumTolerance = 2e-5; // five decimals are stored

    public static IEnumerable<ParityRow> Compare(string folder, CancellationToken cancel)
    {
        Dictionary<string, WhisperVocabulary> vocabularies = [];
        foreach (string name in (string[])["en", "multilingual", "v3"])
        {
            if (WhisperPlaces.Vocabulary(folder, name) is { } vocabulary) // the English table comes with a model that is not everywhere
                vocabularies.Add(name, vocabulary);
        }
        return [.. Filters(Read(folder, "filters.json"), vocabularies), .. Search(Read(folder, "search.json")),
            .. Prompts(Read(folder, "prompts.json"), vocabularies), .. Compression(Read(folder, "compression.json")), .. LongForm(Read(folder, "longform.json"), vocabularies, cancel)];
    }

    private static JsonElement Read(string folder, string name) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, name))).RootElement;

    private static IEnumerable<ParityRow> Filters(JsonElement golden, Dictionary<string, WhisperVocabulary> vocabularies)
    {
        foreach (JsonProperty entry in golden.GetProperty("vocabularies").EnumerateObject().Where(entry => vocabularies.ContainsKey(entry.Name)))
        {
            WhisperVocabulary v = vocabularies[entry.Name];
            int[] own = [v.Size, v.EndOfText, v.StartOfTranscript, v.Translate, v.Transcribe, v.StartOfLm, v.StartOfPrevious, v.NoSpeech, v.NoTimestamps, v.FirstTimestamp];
            string[] names = ["n_vocab", "eot", "sot", "translate", "transcribe", "sot_lm", "sot_prev", "no_speech", "no_timestamps", "timestamp_begin"];
            yield return ParityRow.Identical($"filters, {entry.Name}: special tokens", [.. names.Select(name => entry.Value.GetProperty(name).GetInt32())], own);
            yield return ParityRow.Identical($"filters, {entry.Name}: suppress_tokens", WhisperModelParity.Ints(entry.Value, "suppress_tokens"), [.. v.Suppressed]);
        }
        foreach (JsonElement row in golden.GetProperty("cases").EnumerateArray())
        {
            string vocabulary = row.GetProperty("vocabulary").GetString()!;
            if (vocabularies.TryGetValue(vocabulary, out WhisperVocabulary? v))
                yield return Filter(row, $"filters, {vocabulary}: {row.GetProperty("name").GetString()}", v);
        }
    }

    private static ParityRow Filter(JsonElement row, string stage, WhisperVocabulary v)
    {
        float[] logits = Logits(row, v.Size);
        int[] history = WhisperModelParity.Ints(row, "history");
        double? limit = row.GetProperty("max_initial_timestamp") is { ValueKind: JsonValueKind.Number } seconds ? seconds.GetDouble() : null;
        WhisperLogitFilters filters = new(v, audioPositions: 1500, new() { MaxInitialTimestamp = limit });
        List<string> expected = [], actual = [];
        foreach (JsonElement step in row.GetProperty("after").EnumerateArray())
        {
            string filter = step.GetProperty("filter").GetString()!;
            switch (filter)
            {
                case "blank":
                    filters.SuppressBlank(logits, history);
                    break;
                case "tokens":
                    filters.SuppressTokens(logits);
                    break;
                default:
                    filters.ApplyTimestampRules(logits, history);
                    break;
            }
            bool[] masked = new bool[v.Size];
            foreach (JsonElement range in step.GetProperty("ranges").EnumerateArray())
                masked.AsSpan(range[0].GetInt32()..(range[1].GetInt32() + 1)).Fill(true);
            foreach (int token in filter == "blank" ? [] : v.Suppressed)
                masked[token] = true;
            expected.Add($"{filter}: {step.GetProperty("masked").GetInt32()} masked, best {step.GetProperty("argmax").GetInt32()}, {masked.Count(value => value)} named");
            int wrong = Enumerable.Range(0, v.Size).FirstOrDefault(i => float.IsNegativeInfinity(logits[i]) != masked[i], -1);
            actual.Add(wrong >= 0 ? $"{filter}: token {wrong} is masked: {!masked[wrong]}"
                : $"{filter}: {logits.Count(float.IsNegativeInfinity)} masked, best {WhisperLogits.ArgMax(logits)}, {masked.Count(value => value)} named");
        }
        double chosen = logits[WhisperLogits.ArgMax(logits)] - WhisperLogits.LogSumExp(logits);
        expected.Add("log probability");
        actual.Add(Math.Abs(chosen - row.GetProperty("argmax_logprob").GetDouble()) < SumTolerance ? "log probability" : $"log probability {chosen}");
        return ParityRow.Identical(stage, expected, actual);
    }

    /// <summary>The stated formula: a linear congruential generator and boosts of ranges.</summary>
    private static float[] Logits(JsonElement row, int size)
    {
        float[] logits = new float[size];
        uint state = row.GetProperty("seed").GetUInt32();
        (int From, int To, double Boost)[] boosts = [.. row.GetProperty("boosts").EnumerateArray().Select(boost => (boost[0].GetInt32(), boost[1].GetInt32(), boost[2].GetDouble()))];
        for (int i = 0; i < size; i++)
        {
            state = unchecked(1664525 * state + 1013904223);
            logits[i] = (float)(10 * (state / 4294967296.0 - 0.5) + boosts.Where(boost => i >= boost.From && i <= boost.To).Sum(boost => boost.Boost));
        }
        return logits;
    }

    private static IEnumerable<ParityRow> Search(JsonElement golden)
    {
        foreach (JsonElement row in golden.GetProperty("cases").EnumerateArray())
        {
            string table = row.GetProperty("table").GetString()!;
            int? beams = row.GetProperty("beam_size") is { ValueKind: JsonValueKind.Number } size ? size.GetInt32() : null;
            float patience = row.GetProperty("patience") is { ValueKind: JsonValueKind.Number } given ? given.GetSingle() : 1;
            string stage = string.Create(CultureInfo.InvariantCulture, $"search, table {table}, beams {beams}, patience {patience}, {row.GetProperty("sample_len").GetInt32()} steps");
            foreach (ParityRow compared in SearchOne(row, golden.GetProperty("tables").GetProperty(table), beams, patience, stage))
                yield return compared;
        }
    }

    private static IEnumerable<ParityRow> SearchOne(JsonElement row, JsonElement table, int? beams, float patience, string stage)
    {
        int length = row.GetProperty("sample_len").GetInt32(), size = table[0].GetArrayLength(), rows = beams ?? 1, end = size - 1;
        WhisperSearch search = WhisperSearch.Create(new() { BeamSize = beams, Patience = patience }, length, size, end);
        List<string> live = [], sources = [];
        List<float> sums = [];
        for (bool isDone = false; search.Count < length && !isDone;)
        {
            JsonElement step = table[Math.Min(search.Count, table.GetArrayLength() - 1)];
            float[] logits = [.. from i in Enumerable.Range(0, rows)
                                 from value in step[search.Count == 0 ? 0 : search.Last(i)].EnumerateArray()
                                 select value.GetSingle()];
            isDone = search.Update(logits);
            live.AddRange(Enumerable.Range(0, rows).Select(i => string.Join(' ', search.Tokens(i).ToArray())));
            sums.AddRange(search.Sums);
            sources.Add(string.Join(' ', search.Sources));
        }
        if (row.TryGetProperty("steps", out JsonElement steps))
        {
            JsonElement[] all = [.. steps.EnumerateArray()];
            yield return ParityRow.Identical($"{stage}: live", [.. all.SelectMany(step => step.GetProperty("live").EnumerateArray()).Select(Line)], live);
            yield return ParityRow.Within($"{stage}: sums", [.. all.SelectMany(step => step.GetProperty("sums").EnumerateArray()).Select(sum => sum.GetSingle())], [.. sums], SumTolerance);
        }
        if (row.TryGetProperty("cache_sources", out JsonElement wanted))
            yield return ParityRow.Identical($"{stage}: cache sources", [.. wanted.EnumerateArray().Select(Line)], sources);

        IReadOnlyList<WhisperHypothesis> found = search.Finish();
        JsonElement[] hypotheses = [.. row.GetProperty("hypotheses").EnumerateArray()];
        yield return ParityRow.Identical($"{stage}: hypotheses", [.. hypotheses.Select(one => Line(one.GetProperty("tokens")))], [.. found.Select(one => string.Join(' ', one.Tokens))]);
        yield return ParityRow.Within($"{stage}: sums of the hypotheses", [.. hypotheses.Select(one => one.GetProperty("sum_logprob").GetSingle())], [.. found.Select(one => one.Sum)], SumTolerance);
        foreach (JsonProperty penalty in row.GetProperty("selected").EnumerateObject())
        {
            float? alpha = penalty.Name == "null" ? null : float.Parse(penalty.Name, CultureInfo.InvariantCulture);
            int best = WhisperSearch.Rank(found, alpha);
            yield return ParityRow.Identical($"{stage}: selected, length penalty {penalty.Name}", [penalty.Value.GetProperty("index").GetInt32()], [best]);
            yield return ParityRow.Within($"{stage}: scores, length penalty {penalty.Name}", [.. penalty.Value.GetProperty("scores").EnumerateArray().Select(score => score.GetSingle())],
                [.. found.Select(one => (float)WhisperSearch.Score(one, alpha))], SumTolerance);
        }
    }

    private static string Line(JsonElement numbers) => string.Join(' ', numbers.EnumerateArray().Select(number => number.GetInt32()));

    private static IEnumerable<ParityRow> Prompts(JsonElement golden, Dictionary<string, WhisperVocabulary> vocabularies)
    {
        foreach ((int i, JsonElement row) in golden.EnumerateArray().Index())
        {
            string vocabulary = row.GetProperty("vocabulary").GetString()!;
            if (!vocabularies.TryGetValue(vocabulary, out WhisperVocabulary? v))
                continue;
            JsonElement options = row.GetProperty("options");
            WhisperDecodingOptions decoding = new()
            {
                Language = Text(options, "language") ?? "en",
                Translate = Text(options, "task") == "translate",
                WithoutTimestamps = options.TryGetProperty("without_timestamps", out JsonElement without) && without.GetBoolean(),
                Prompt = Tokens(options, "prompt", v),
                Prefix = Tokens(options, "prefix", v),
                SampleLength = options.TryGetProperty("sample_len", out JsonElement length) ? length.GetInt32() : null,
            };
            WhisperPrompt prompt = WhisperPrompt.Build(v, WhisperConfig.Published("base")!, decoding);
            JsonElement tokens = row.GetProperty("tokens");
            int[] expected = tokens.ValueKind == JsonValueKind.Array ? [.. tokens.EnumerateArray().Select(token => token.GetInt32())]
                : [tokens.GetProperty("first").GetInt32(), .. Enumerable.Range(tokens.GetProperty("run")[0].GetInt32(), tokens.GetProperty("run")[1].GetInt32() - tokens.GetProperty("run")[0].GetInt32() + 1),
                    .. WhisperModelParity.Ints(tokens, "rest")];
            yield return ParityRow.Identical($"prompts[{i}], {vocabulary}", [.. expected, row.GetProperty("sample_begin").GetInt32(), row.GetProperty("sot_index").GetInt32()],
                [.. prompt.Tokens, prompt.Tokens.Length, prompt.StartIndex]);
        }
    }

    private static List<int> Tokens(JsonElement options, string name, WhisperVocabulary v)
    {
        if (!options.TryGetProperty(name, out JsonElement value))
            return [];
        return value.ValueKind switch
        {
            JsonValueKind.String => v.Encode(" " + value.GetString()!.Trim()),
            JsonValueKind.Object => [.. Enumerable.Range(value.GetProperty("ids_from").GetInt32(), value.GetProperty("count").GetInt32())],
            _ => [],
        };
    }

    private static string? Text(JsonElement options, string name) => options.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private static IEnumerable<ParityRow> Compression(JsonElement golden)
    {
        const double tolerance = 0.03; // .NET's zlib packs some texts a byte or two worse
        JsonElement[] rows = [.. golden.GetProperty("cases").EnumerateArray()];
        double worst = rows.Max(row => Math.Abs(WhisperWindowStatistics.CompressionRatio(row.GetProperty("text").GetString()!) / Math.Max(1e-9, row.GetProperty("ratio").GetDouble()) - 1) is var share
            && row.GetProperty("ratio").GetDouble() > 0 && !string.IsNullOrWhiteSpace(row.GetProperty("text").GetString()) ? share : 0);
        yield return new("compression", worst, tolerance);
    }

    private static IEnumerable<ParityRow> LongForm(JsonElement golden, Dictionary<string, WhisperVocabulary> vocabularies, CancellationToken cancel)
    {
        foreach (JsonElement row in golden.GetProperty("cases").EnumerateArray())
        {
            if (vocabularies.TryGetValue(row.GetProperty("vocabulary").GetString()!, out WhisperVocabulary? v))
            {
                foreach (ParityRow compared in new WhisperScript(row, v).Compare(cancel))
                    yield return compared;
            }
        }
        WhisperTranscription loop = new(new WhisperScript(golden.GetProperty("cases")[0], vocabularies.Values.First()), vocabularies.Values.First(), WhisperConfig.Published("base")!, new());
        JsonElement[] decisions = [.. golden.GetProperty("decisions").EnumerateArray()];
        yield return ParityRow.Identical("longform: decisions",
            [.. decisions.Select(row => $"{row.GetProperty("tries_next_temperature").GetBoolean()} {row.GetProperty("window_skipped").GetBoolean()}")],
            [.. decisions.Select(row =>
            {
                double ratio = row.GetProperty("compression_ratio").GetDouble(), average = row.GetProperty("avg_logprob").GetDouble(), silence = row.GetProperty("no_speech_prob").GetDouble();
                bool isDoubtful = loop.IsDoubtful(ratio, average, silence);
                return $"{isDoubtful} {!isDoubtful && loop.IsSkipped(average, silence)}"; // a doubtful window is judged by its next result
            })]);
    }
}

/// <summary>A case of <c>longform.json</c>: windows say what is written down for them.</summary>
internal sealed class WhisperScript(JsonElement row, WhisperVocabulary vocabulary) : IWhisperWindows
{
    private readonly List<string> calls = [];
    private readonly string name = row.GetProperty("name").GetString()!;
    private int window = -1;
    private int attempt;
    private int seekOfWindow = -1;

    public int Frames { get; } = (int)(row.GetProperty("seconds").GetDouble() * 16_000 + 0.5) / WhisperFeatures.HopSamples;

    public IEnumerable<ParityRow> Compare(CancellationToken cancel)
    {
        WhisperTranscription loop = new(this, vocabulary, WhisperConfig.Published("base")!, Options());
        List<WhisperSegment> segments = [.. loop.Run(cancel)];
        string stage = $"longform, {name}";
        yield return ParityRow.Identical($"{stage}: calls", [.. row.GetProperty("calls").EnumerateArray().Select(Call)], calls);
        yield return ParityRow.Identical($"{stage}: text", [row.GetProperty("text").GetString()!], [loop.Text]);
        JsonElement[] expected = [.. row.GetProperty("segments").EnumerateArray()];
        yield return ParityRow.Identical($"{stage}: segments", [.. expected.Select(Segment)], [.. segments.Select(Segment)]);
        yield return ParityRow.Within($"{stage}: times", [.. expected.SelectMany(one => new[] { one.GetProperty("start").GetSingle(), one.GetProperty("end").GetSingle() })],
            [.. segments.SelectMany(one => new[] { (float)one.Start, (float)one.End })], 1e-4);
    }

    public WhisperDecodingResult Decode(int seek, int frames, WhisperDecodingOptions options, CancellationToken cancel)
    {
        (window, attempt) = seek == seekOfWindow ? (window, attempt + 1) : (window + 1, 0);
        seekOfWindow = seek;
        string search = options.Temperature > 0 ? (options.BestOf > 1 ? $" best_of {options.BestOf}" : "")
            : options.BeamSize is int beams ? string.Create(CultureInfo.InvariantCulture, $" beam_size {beams} patience {options.Patience}") : "";
        calls.Add(string.Create(CultureInfo.InvariantCulture, $"window {window} at {options.Temperature:0.0}, {frames} frames, prompt {string.Join(' ', options.Prompt)}{search}"));

        JsonElement script = row.GetProperty("script"), results = script[Math.Min(window, script.GetArrayLength() - 1)];
        JsonElement result = results.ValueKind == JsonValueKind.Array ? results[Math.Min(attempt, results.GetArrayLength() - 1)] : results;
        int[] tokens = WhisperModelParity.Ints(result, "t");
        return new(tokens, [], true, Number(result, "lp", -0.3), Number(result, "ns", 0.1), options.Temperature, vocabulary.Decode(tokens).Trim(), Number(result, "cr", 1.2));
    }

    public void AddWords(IReadOnlyList<WhisperSegment> segments, int frames, double lastSpeech, CancellationToken cancel)
    {
        JsonElement scripted = row.GetProperty("scripted_words"), words = scripted[Math.Min(window, scripted.GetArrayLength() - 1)];
        foreach ((JsonElement given, WhisperSegment segment) in words.EnumerateArray().Zip(segments))
        {
            segment.Words =
            [
                .. given.EnumerateArray().Select(word => new WhisperWord
                {
                    Text = word[0].GetString()!,
                    Tokens = 1,
                    Start = word[1].GetDouble(),
                    End = word[2].GetDouble(),
                    Probability = word[3].GetSingle(),
                }),
            ];
            if (segment.Words.Count > 0)
                (segment.Start, segment.End) = (segment.Words[0].Start, segment.Words[^1].End);
        }
    }

    private WhisperTranscriptionOptions Options()
    {
        WhisperTranscriptionOptions options = new() { WithWords = row.TryGetProperty("scripted_words", out _) };
        foreach (JsonProperty option in row.GetProperty("options").EnumerateObject())
        {
            JsonElement value = option.Value;
            double? number = value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
            options = option.Name switch
            {
                "beam_size" => options with { Decoding = options.Decoding with { BeamSize = value.GetInt32() } },
                "patience" => options with { Decoding = options.Decoding with { Patience = value.GetSingle() } },
                "best_of" => options with { Decoding = options.Decoding with { BestOf = value.GetInt32() } },
                "compression_ratio_threshold" => options with { CompressionRatioThreshold = number },
                "logprob_threshold" => options with { LogProbabilityThreshold = number },
                "no_speech_threshold" => options with { NoSpeechThreshold = number },
                "condition_on_previous_text" => options with { ConditionOnPreviousText = value.GetBoolean() },
                "initial_prompt" => options with { InitialPrompt = vocabulary.Encode(" " + value.GetString()!.Trim()) },
                "carry_initial_prompt" => options with { CarryInitialPrompt = value.GetBoolean() },
                "hallucination_silence_threshold" => options with { HallucinationSilenceThreshold = number },
                "temperature" => options with { Temperatures = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(one => one.GetSingle())] : [value.GetSingle()] },
                "clip_timestamps" => options with
                {
                    Clips = value.ValueKind == JsonValueKind.String
                        ? [.. value.GetString()!.Split(',').Select(one => double.Parse(one, CultureInfo.InvariantCulture))]
                        : [.. value.EnumerateArray().Select(one => one.GetDouble())],
                },
                _ => throw new NotSupportedException($"The golden sets '{option.Name}'."),
            };
        }
        return options;
    }

    private static string Call(JsonElement call)
    {
        string search = call.TryGetProperty("best_of", out JsonElement best) ? $" best_of {best.GetInt32()}"
            : call.TryGetProperty("beam_size", out JsonElement beams) ? string.Create(CultureInfo.InvariantCulture, $" beam_size {beams.GetInt32()} patience {(call.TryGetProperty("patience", out JsonElement patience) ? patience.GetSingle() : 1)}") : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"window {call.GetProperty("window").GetInt32()} at {call.GetProperty("temperature").GetSingle():0.0}, {call.GetProperty("frames").GetInt32()} frames, prompt {string.Join(' ', WhisperModelParity.Ints(call, "prompt"))}{search}");
    }

    private static string Segment(JsonElement one) => string.Create(CultureInfo.InvariantCulture,
        $"{one.GetProperty("seek").GetInt32()} '{one.GetProperty("text").GetString()}' {string.Join(' ', WhisperModelParity.Ints(one, "tokens"))} at {one.GetProperty("temperature").GetSingle():0.0}");

    private static string Segment(WhisperSegment one) => string.Create(CultureInfo.InvariantCulture,
        $"{one.Seek} '{one.Text}' {string.Join(' ', one.Tokens)} at {one.Window.Temperature:0.0}");

    private static double Number(JsonElement result, string name, double otherwise) => result.TryGetProperty(name, out JsonElement value) ? value.GetDouble() : otherwise;
}
