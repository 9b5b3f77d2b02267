using Parley.Audio.Loudness;
using Parley.Audio.Spectra;
using Parley.Graphs;

namespace Parley.Models.SmartTurn;

/// <summary>The buffers of one judgement at a time: not for two threads at once. A judgement allocates nothing managed and takes about 50 ms of one core.</summary>
public sealed class SmartTurnJudge : IDisposable
{
    public const int SampleRate = 16_000;

    /// <summary>8 s.</summary>
    public const int WindowSamples = 8 * SampleRate;

    internal const int Bands = 80, MelFrames = WindowSamples / 160; // a hop of 10 ms
    internal const string InputName = "input_features", OutputName = "logits";

    private readonly OnnxBinding binding;
    private readonly MelFrontEnd frontEnd = new(MelRecipes.SmartTurn);
    private readonly float[] window = new float[WindowSamples];
    private readonly float[] features; // [1, Bands, MelFrames]
    private readonly float[] output;   // [1, 1]

    internal SmartTurnJudge(OnnxBinding binding)
    {
        this.binding = binding;
        features = binding.Input<float>(InputName, 1, Bands, MelFrames);
        output = binding.Output<float>(OutputName, 1, 1);
    }

    /// <summary>Hears the end of a turn, with the short silence behind the last word that made somebody ask.</summary>
    /// <param name="sound">16 kHz; of more than 8 s the last 8 s count, of less the missing part is silence in front.</param>
    /// <returns>The probability that the speaker has finished, 0 to 1; 0.5 is the published threshold. For silence alone it is near 1: ask after speech.</returns>
    /// <exception cref="OnnxModelException">The runtime failed.</exception>
    public float Predict(ReadOnlySpan<float> sound)
    {
        ComputeFeatures(sound);
        binding.Run();
        return output[0]; // the graph ends with the sigmoid, whatever the output is called
    }

    /// <summary>The front end alone: 8 s at mean 0 and variance 1, then Whisper's log-mel.</summary>
    /// <returns>[Bands, MelFrames], valid until the next call.</returns>
    internal ReadOnlySpan<float> ComputeFeatures(ReadOnlySpan<float> sound)
    {
        ReadOnlySpan<float> last = sound[Math.Max(0, sound.Length - WindowSamples)..];
        window.AsSpan(0, WindowSamples - last.Length).Clear();
        last.CopyTo(window.AsSpan(WindowSamples - last.Length));
        Levels.Standardise(window); // the silence in front is scaled with the rest, as the original does it
        frontEnd.Compute(window, features);
        return features;
    }

    public void Dispose() => binding.Dispose();
}
