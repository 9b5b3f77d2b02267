using System.Text.Json;
using Parley.Audio.Spectra;

namespace Parley.Models.Parity;

/// <summary>Canary: <c>mel-80</c> and <c>mel-128</c> (the front end alone), and the front end of the whole models.</summary>
public sealed class CanaryParity : IParityFamily
{
    private const double LevelTolerance = 2e-4;      // raw logarithms, and normalised in the whole models
    private const double NormalisedTolerance = 5e-4; // normalised in mel-80 and mel-128
    private const double FaintTolerance = 2e-3;      // both in nearly silent bands
    private const float NearlySilent = -11;          // ln; the guard alone gives -16.6

    public string Name => "canary";

    public bool Recognises(string folder) =>
        File.Exists(Path.Combine(folder, "case.json")) && File.Exists(Path.Combine(folder, "expected.safetensors"));

    public IEnumerable<ParityRow> Compare(string folder, CancellationToken cancel)
    {
        using Golden golden = new(folder);
        bool isFrontEnd = golden.Case.GetProperty("model").GetString() == "mel";
        if (isFrontEnd)
        {
            foreach (ParityRow row in CompareTables(golden))
                yield return row;
        }
        foreach (JsonElement clip in golden.Case.GetProperty("clips").EnumerateArray())
        {
            cancel.ThrowIfCancellationRequested();
            foreach (ParityRow row in isFrontEnd ? CompareFrontEnd(golden, clip) : CompareMel(golden, clip))
                yield return row;
        }
    }

    private static IEnumerable<ParityRow> CompareTables(Golden golden)
    {
        MelRecipe recipe = FrontEnd(golden);
        float[] weights = recipe.Filters.Weights(recipe.SampleRate, recipe.FftLength);
        int bins = recipe.FftLength / 2 + 1;
        int[] stored = [.. golden.Case.GetProperty("filterbank_rows_stored").EnumerateArray().Select(row => row.GetInt32())];
        yield return ParityRow.Within("window", golden.F32("window"), Window.Create(recipe.Window, recipe.WindowPeriod, recipe.Framing.WindowSamples), 1e-6);
        yield return ParityRow.Within("filterbank_rows", golden.F32("filterbank_rows"), [.. stored.SelectMany(row => weights[(row * bins)..((row + 1) * bins)])], 1e-8);
        yield return ParityRow.Within("filterbank_row_sums", golden.F32("filterbank_row_sums"),
            [.. Enumerable.Range(0, recipe.Filters.Count).Select(row => weights[(row * bins)..((row + 1) * bins)].Sum())], 1e-7);
    }

    private static IEnumerable<ParityRow> CompareFrontEnd(Golden golden, JsonElement clip)
    {
        string id = clip.GetProperty("id").GetString()!;
        Mel mel = Mel.Of(Clip(golden, clip), FrontEnd(golden));
        // Of exact silence the original's normalised values are rounding noise divided by 1e-5.
        bool isSilence = clip.GetProperty("source").GetString() == "zeros";
        return
        [
            .. Compare($"log.{id}", golden, mel, mel.Levels, Every(clip, "log_every"), LevelTolerance),
            .. isSilence ? [] : Compare($"norm.{id}", golden, mel, mel.Normalised, Every(clip, "every"), NormalisedTolerance),
        ];
    }

    private static IEnumerable<ParityRow> CompareMel(Golden golden, JsonElement clip)
    {
        string id = clip.GetProperty("id").GetString()!, name = $"mel.{id}", aligner = "aligner.mel_first_40_frames";
        if (golden.Has(name))
        {
            Mel mel = Mel.Of(Clip(golden, clip), MelRecipes.NeMo(golden.Size(name, 0)));
            foreach (ParityRow row in Compare(name, golden, mel, mel.Normalised, every: 1, LevelTolerance))
                yield return row;
        }
        if (id == "jfk-a" && golden.Has(aligner))
        {
            Mel mel = Mel.Of(Clip(golden, clip), MelRecipes.NeMo(golden.Size(aligner, 0)));
            float[] First(float[] values) => Golden.Columns(values, mel.Bands, first: 0, every: 1, count: 40);
            foreach (ParityRow row in MelRows.Compare(aligner, golden.F32(aligner), First(mel.Normalised), IsFaint(First(mel.Levels)), LevelTolerance, FaintTolerance))
                yield return row;
        }
    }

    // The original keeps the melFrame behind the last valid one (masked later); we do not compute it.
    private static IEnumerable<ParityRow> Compare(string stage, Golden golden, Mel mel, float[] values, int every, double tolerance)
    {
        int count = (values.Length / mel.Bands + every - 1) / every;
        float[] expected = Golden.Columns(golden.F32(stage), mel.Bands, first: 0, every: 1, count), found = Golden.Columns(values, mel.Bands, first: 0, every, count);
        return MelRows.Compare(stage, expected, found, IsFaint(Golden.Columns(mel.Levels, mel.Bands, first: 0, every, count)), tolerance, FaintTolerance);
    }

    private static bool[] IsFaint(float[] levels) => [.. levels.Select(level => level < NearlySilent)];

    /// <summary>A clip's mel before and after normalisation: [bands, melFrames].</summary>
    private sealed record Mel(int Bands, float[] Levels, float[] Normalised)
    {
        public static Mel Of(float[] signal, MelRecipe recipe)
        {
            MelFrontEnd frontEnd = new(recipe);
            float[] levels = new float[frontEnd.Bands * recipe.FrameCount(signal.Length)];
            frontEnd.ComputeLevels(signal, levels);
            return new(frontEnd.Bands, levels, frontEnd.Compute(signal));
        }
    }

    private static int Every(JsonElement clip, string field) => clip.TryGetProperty(field, out JsonElement every) ? every.GetInt32() : 1;

    private static MelRecipe FrontEnd(Golden golden) => MelRecipes.NeMo(golden.Case.GetProperty("config").GetProperty("features").GetInt32());

    internal static float[] Clip(Golden golden, JsonElement clip)
    {
        int start = clip.TryGetProperty("start", out JsonElement from) ? from.GetInt32() : 0, length = clip.GetProperty("length").GetInt32();
        string source = clip.GetProperty("source").GetString()!, id = clip.GetProperty("id").GetString()!;
        float[] Jfk() => golden.Jfk().Samples;
        return source switch
        {
            "jfk" => Jfk()[start..(start + length)],
            "jfk-repeated" => Repeated(Jfk(), start, length),
            "synthetic" => golden.Samples16($"audio.{id}"),
            "zeros" => new float[length],
            _ => throw new InvalidDataException($"{golden.Folder}: clip '{id}' has the source '{source}'; known are jfk, jfk-repeated, synthetic and zeros."),
        };
    }

    private static float[] Repeated(float[] samples, int start, int length) =>
        [.. Enumerable.Range(start, length).Select(n => samples[n % samples.Length])];
}
