using System.Numerics.Tensors;
using System.Text.Json;
using Parley.Audio;
using Parley.Graphs;
using Parley.Models.SmartTurn;

namespace Parley.Models.Parity;

/// <summary>Smart Turn beside pipecat's own feature code and model: the features of one clip whole, figures of the features and the probability of many.</summary>
public sealed class SmartTurnParity : IParityFamily
{
    private const double FeatureTolerance = 1e-4;

    // The network computes in 8 bits: noise of a millionth in the features moves a probability that is sure of itself by 0.03, and one
    // that is not (0.33 in the stored clips) to anywhere between 0.19 and 0.48.
    private const double SureTolerance = 0.03, UnsureTolerance = 0.25, Sure = 0.15;

    private const string Cases = "expected.json", Features = "jfk_10.9s_features.safetensors", Jfk = "jfk.wav";

    public string Name => "smart-turn";

    public bool Recognises(string folder) => File.Exists(Path.Combine(folder, Cases)) && File.Exists(Path.Combine(folder, Features));

    /// <summary>Compares the clips that are here: the clip of John F. Kennedy beside the family, and silence.</summary>
    public IEnumerable<ParityRow> Compare(string folder, CancellationToken cancel) =>
        Compare(folder, clip => clip == Jfk ? Golden.Jfk(folder).Samples : null, cancel);

    /// <param name="folder">The case.</param>
    /// <param name="clips">A clip's samples by its file name; <see langword="null"/> for one that is not here.</param>
    /// <param name="cancel">Stops between two clips.</param>
    internal static IEnumerable<ParityRow> Compare(string folder, Func<string, float[]?> clips, CancellationToken cancel)
    {
        using SmartTurnModel model = SmartTurnModel.Open(Path.Combine(StarterFolder.Find("smart-turn"), "smart-turn-v3.2-cpu.onnx"));
        using SmartTurnJudge judge = model.CreateJudge();
        if (clips(Jfk) is { } jfk)
        {
            using Checkpoint stored = Checkpoint.Open(Path.Combine(folder, Features));
            yield return ParityRow.Within("features", stored.Tensor("input_features").ReadF32(), judge.ComputeFeatures(Cut(jfk, 0, 10.9)), FeatureTolerance);
        }

        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, Cases)));
        foreach (JsonElement entry in document.RootElement.GetProperty("cases").EnumerateArray())
        {
            cancel.ThrowIfCancellationRequested();
            string clip = entry.GetProperty("clip").GetString()!;
            double start = entry.GetProperty("start").GetDouble(), end = entry.GetProperty("end").GetDouble();
            if (Sound(clip, start, end, clips) is not { } sound)
                continue;
            string stage = $"{clip} {start:0.##} to {end:0.##} s";
            float[] expected = [Figure("feature_mean"), Figure("feature_std"), Figure("feature_min"), Figure("feature_max")];
            yield return ParityRow.Within($"features of {stage}", expected, Figures(judge.ComputeFeatures(sound)), FeatureTolerance);
            float probability = Figure("probability");
            double tolerance = probability is < (float)Sure or > 1 - (float)Sure ? SureTolerance : UnsureTolerance;
            yield return ParityRow.Within($"probability of {stage}", [probability], [judge.Predict(sound)], tolerance);

            float Figure(string name) => entry.GetProperty(name).GetSingle();
        }
    }

    private static float[]? Sound(string clip, double start, double end, Func<string, float[]?> clips) => clip.Split(' ') switch
    {
        ["silence", string seconds, "s"] => new float[int.Parse(seconds, System.Globalization.CultureInfo.InvariantCulture) * SmartTurnJudge.SampleRate],
        [string file, ..] => clips(file) is { } samples ? Cut(samples, start, end) : null,
        _ => null,
    };

    private static float[] Cut(float[] samples, double start, double end) =>
        samples[(int)Math.Round(start * SmartTurnJudge.SampleRate)..(int)Math.Round(end * SmartTurnJudge.SampleRate)];

    private static float[] Figures(ReadOnlySpan<float> features)
    {
        double mean = 0, squares = 0;
        foreach (float value in features)
            mean += value;
        mean /= features.Length;
        foreach (float value in features)
            squares += (value - mean) * (value - mean);
        return [(float)mean, (float)Math.Sqrt(squares / features.Length), TensorPrimitives.Min(features), TensorPrimitives.Max(features)];
    }
}
