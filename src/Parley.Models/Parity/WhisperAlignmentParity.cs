using System.Text.Json;
using Parley.Models.Whisper;

namespace Parley.Models.Parity;

/// <summary>From scores of the alignment heads to words and segments with their times, without a network.</summary>
internal static class WhisperAlignmentParity
{
    private const double MatrixTolerance = 1e-4;
    private const double TimeTolerance = 1e-9; // the same decimals
    private const double ProbabilityTolerance = 1e-4;

    public static IEnumerable<ParityRow> Compare(string folder)
    {
        using Golden golden = new(folder);
        foreach (JsonElement row in golden.Case.GetProperty("cases").EnumerateArray())
        {
            string name = row.GetProperty("name").GetString()!;
            WhisperVocabulary? vocabulary = WhisperPlaces.Vocabulary(folder, row.GetProperty("vocabulary").GetString()!);
            if (vocabulary is null)
                continue; // the English table comes with a model that is not everywhere
            foreach (ParityRow result in Case(golden, row, name, vocabulary))
                yield return result;
        }
        JsonElement functions = golden.Case.GetProperty("functions");
        foreach ((int i, JsonElement row) in functions.GetProperty("dtw").EnumerateArray().Index())
        {
            float[][] cost = [.. row.GetProperty("cost").EnumerateArray().Select(line => line.EnumerateArray().Select(value => value.GetSingle()).ToArray())];
            List<(int, int)> path = WhisperAlignment.Path([.. cost.SelectMany(line => line).Select(value => -value)], cost.Length, cost[0].Length);
            yield return ParityRow.Identical($"functions.dtw[{i}]", Pairs(row.GetProperty("path")), path);
        }
        foreach ((int i, JsonElement row) in functions.GetProperty("median").EnumerateArray().Index())
        {
            float[] x = Floats(row.GetProperty("x")), y = new float[x.Length];
            WhisperAlignment.Smooth(x, y, row.GetProperty("width").GetInt32());
            yield return ParityRow.Within($"functions.median[{i}]", Floats(row.GetProperty("y")), y, 0);
        }
    }

    private static IEnumerable<ParityRow> Case(Golden golden, JsonElement row, string name, WhisperVocabulary vocabulary)
    {
        float[] scores = [.. golden.F32($"{name}.qk_milli").Select(value => value / 1000)];
        int heads = golden.Size($"{name}.qk_milli", 0), tokens = golden.Size($"{name}.qk_milli", 1), all = golden.Size($"{name}.qk_milli", 2);
        int positions = row.GetProperty("num_frames").GetInt32() / 2;
        float[] cropped = [.. from line in Enumerable.Range(0, heads * tokens) from position in Enumerable.Range(0, positions) select scores[line * all + position]];
        int[][] segmentTokens = [.. row.GetProperty("segments_tokens").EnumerateArray().Select(segment => segment.EnumerateArray().Select(token => token.GetInt32()).ToArray())];
        int[] text = [.. segmentTokens.SelectMany(segment => segment)];
        int start = tokens - text.Length - 2, median = row.GetProperty("medfilt_width").GetInt32();

        float[] matrix = WhisperAlignment.Matrix([.. cropped], heads, tokens, positions, start, median);
        yield return ParityRow.Within($"{name}: matrix", golden.F32($"{name}.matrix"), matrix, MatrixTolerance);
        yield return ParityRow.Identical($"{name}: path", Pairs(row.GetProperty("path")), WhisperAlignment.Path(matrix, tokens - start - 1, positions));

        float[] probabilities = [.. golden.F32($"{name}.token_logits").Select(logit => (float)(Math.Exp(logit) / (Math.Exp(logit) + vocabulary.EndOfText - 1)))];
        WhisperAlignment alignment = WhisperAlignment.Compute(cropped, heads, tokens, positions, start, probabilities, median);
        string language = row.GetProperty("language").GetString() ?? "en";
        List<WhisperWord> words = alignment.Words(text, vocabulary, language);
        foreach (ParityRow compared in Words($"{name}: words", row.GetProperty("words"), words))
            yield return compared;

        WhisperTimedSegment[] segments =
        [
            .. row.GetProperty("segment_times_before").EnumerateArray().Zip(segmentTokens, (times, part) => new WhisperTimedSegment
            {
                Start = times[0].GetDouble(),
                End = times[1].GetDouble(),
                TextTokens = part.Length,
            }),
        ];
        WhisperWordTimes.Assign(words, segments, row.GetProperty("last_speech_timestamp").GetDouble(), row.GetProperty("seek").GetInt32() * 0.01);
        foreach ((JsonElement expected, WhisperTimedSegment segment) in row.GetProperty("segments").EnumerateArray().Zip(segments))
        {
            yield return ParityRow.Within($"{name}: segment", [expected.GetProperty("start").GetSingle(), expected.GetProperty("end").GetSingle()],
                [(float)segment.Start, (float)segment.End], 1e-6);
            foreach (ParityRow compared in Words($"{name}: words of the segment", expected.GetProperty("words"), segment.Words))
                yield return compared;
        }
    }

    private static IEnumerable<ParityRow> Words(string stage, JsonElement expected, List<WhisperWord> words)
    {
        JsonElement[] rows = [.. expected.EnumerateArray()];
        yield return ParityRow.Identical(stage, [.. rows.Select(row => row[0].GetString()!)], [.. words.Select(word => word.Text)]);
        double worst = rows.Zip(words, (row, word) => Math.Max(Math.Abs(row[1].GetDouble() - word.Start), Math.Abs(row[2].GetDouble() - word.End))).DefaultIfEmpty(0).Max();
        yield return new($"{stage}, times", worst, TimeTolerance);
        yield return ParityRow.Within($"{stage}, probabilities", [.. rows.Select(row => row[3].GetSingle())], [.. words.Select(word => word.Probability)], ProbabilityTolerance);
    }

    private static (int, int)[] Pairs(JsonElement path) => [.. path.EnumerateArray().Select(pair => (pair[0].GetInt32(), pair[1].GetInt32()))];

    private static float[] Floats(JsonElement values) => [.. values.EnumerateArray().Select(value => value.GetSingle())];
}
