using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime.Tensors;
using Parley.Audio;
using Parley.Audio.Loudness;
using Parley.Audio.Spectra;
using Parley.Graphs;

namespace Parley.Models.SpeakerEmbeddings;

/// <summary>
/// Who speaks, as a vector: GE2E (L. Wan et al., 2018) in Resemblyzer's form. A clip is cut into overlapping windows of 1.6 s; the mean of
/// their embeddings is the clip's. Cosines of these vectors compare with each other only, not with those of other networks. Safe for
/// concurrent calls; dispose of it after the last. resemble-ai/Resemblyzer: resemblyzer/voice_encoder.py.
/// </summary>
public sealed class SpeakerEncoder : IDisposable
{
    /// <summary>Length of an embedding.</summary>
    public const int Dimensions = 256;

    private const int SampleRate = 16_000, HopSamples = 160, Bands = 40;
    private const int WindowFrames = 160;       // 1.6 s
    private const int StepFrames = 77;          // round((16000 / 1.3) / 160): 1.3 windows a second
    private const double LeastCoverage = 0.75;  // of the last window, else it is left out
    private const double LevelDbfs = -30;       // softer clips are raised to it, louder ones stay

    private readonly OnnxModel model;

    private SpeakerEncoder(OnnxModel model) => this.model = model;

    /// <exception cref="OnnxModelException">The file is missing, damaged or another model.</exception>
    public static SpeakerEncoder Open(string path)
    {
        OnnxModel model = OnnxModel.Open(path);
        try
        {
            model.Require(model.Inputs, "mels", TensorElementType.Float);
            model.Require(model.Outputs, "embedding", TensorElementType.Float);
            return new SpeakerEncoder(model);
        }
        catch (OnnxModelException)
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>The embedding of a mono clip, of length 1 and without negative values. Silence in it counts; cut it off first.</summary>
    /// <param name="clip">Any rate; not empty.</param>
    /// <returns>[<see cref="Dimensions"/>].</returns>
    /// <exception cref="ArgumentException">The clip has no samples.</exception>
    public float[] Embed(AudioBuffer clip)
    {
        if (clip.Samples.Length == 0)
            throw new ArgumentException("A clip without samples has no speaker.", nameof(clip));
        float[] samples = [.. Resampler.Convert(clip, SampleRate).Samples];
        Levels.RaiseTo(LevelDbfs, samples);
        int[] starts = [.. WindowStarts(samples.Length)];
        int reach = (starts[^1] + WindowFrames) * HopSamples;
        if (samples.Length < reach)
            Array.Resize(ref samples, reach); // the last window reaches into silence
        MelFrontEnd front = new(MelRecipes.Resemblyzer);
        float[] mel = front.Compute(samples); // [Bands, melFrames]
        int melFrames = mel.Length / Bands;

        using OnnxBinding binding = model.Bind();
        float[] input = binding.Input<float>("mels", starts.Length, WindowFrames, Bands);
        float[] output = binding.Output<float>("embedding", starts.Length, Dimensions);
        for (int window = 0; window < starts.Length; window++)
        {
            for (int frame = 0; frame < WindowFrames; frame++)
            {
                for (int band = 0; band < Bands; band++)
                    input[(window * WindowFrames + frame) * Bands + band] = mel[band * melFrames + starts[window] + frame];
            }
        }
        binding.Run();

        float[] embedding = new float[Dimensions];
        for (int window = 0; window < starts.Length; window++)
            TensorPrimitives.Add(embedding, output.AsSpan(window * Dimensions, Dimensions), embedding);
        float norm = TensorPrimitives.Norm<float>(embedding);
        if (norm > 0)
            TensorPrimitives.Divide(embedding, norm, embedding);
        return embedding;
    }

    /// <summary>Cosine of two embeddings: with these weights around 0.85 for one speaker, below 0.7 for two.</summary>
    public static double Similarity(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => TensorPrimitives.Dot(a, b);

    public void Dispose() => model.Dispose();

    /// <summary>First mel frame of each window.</summary>
    internal static IEnumerable<int> WindowStarts(int samples)
    {
        int frames = (samples + HopSamples) / HopSamples; // ceil((samples + 1) / hop)
        int count = Math.Max(1, (frames - WindowFrames + StepFrames + StepFrames) / StepFrames);
        double coverage = (samples - (count - 1) * StepFrames * HopSamples) / (double)(WindowFrames * HopSamples);
        if (count > 1 && coverage < LeastCoverage)
            count--;
        return Enumerable.Range(0, count).Select(window => window * StepFrames);
    }
}
