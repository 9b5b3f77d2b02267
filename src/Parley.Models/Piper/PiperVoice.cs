using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Parley.Graphs;
using Parley.Models.Speech;

namespace Parley.Models.Piper;

/// <summary>
/// A Piper voice (VITS): phonemes of one sentence in, its sound out, all at once. Safe to use from several threads at once.
/// </summary>
public sealed class PiperVoice : IDisposable
{
    private const string Output = "output";

    private readonly OnnxModel model;
    private readonly string[] inputNames;

    private PiperVoice(OnnxModel model, PiperConfig config, string[] inputNames)
    {
        this.model = model;
        this.inputNames = inputNames;
        Config = config;
    }

    public PiperConfig Config { get; }

    /// <summary>Opens a pair of files: the network, and its configuration under the same name with <c>.json</c> behind it.</summary>
    /// <exception cref="ModelFileException">A file is missing, damaged or of another model.</exception>
    public static PiperVoice Open(string path)
    {
        PiperConfig config = PiperConfig.Read(path + ".json");
        OnnxModel? model = null;
        try
        {
            model = OnnxModel.Open(path, PiperGraph.WithNoiseFromOutside(path));
            model.Require(model.Inputs, "input", TensorElementType.Int64);
            model.Require(model.Inputs, "input_lengths", TensorElementType.Int64);
            model.Require(model.Inputs, "scales", TensorElementType.Float);
            model.Require(model.Outputs, Output, TensorElementType.Float);
            bool takesSpeaker = model.Inputs.ContainsKey("sid");
            if (!takesSpeaker && config.NumSpeakers > 1)
                throw new ModelFileException(path, $"takes no speaker, but its configuration has {config.NumSpeakers}. Are the two files of one voice?");
            string[] noise = [.. model.Inputs.Keys.Where(PiperGraph.IsNoise)];
            return new(model, config, ["input", "input_lengths", "scales", .. takesSpeaker ? ["sid"] : Array.Empty<string>(), .. noise]);
        }
        catch (OnnxModelException fault)
        {
            model?.Dispose();
            throw new ModelFileException(path, fault.Problem, fault);
        }
        catch (ModelFileException)
        {
            model?.Dispose();
            throw;
        }
    }

    /// <summary>Makes the sound of one sentence.</summary>
    /// <param name="ids">From <see cref="PiperIds.Encode"/>.</param>
    /// <param name="scales">Noise and length; <see cref="PiperConfig.Inference"/> is how the voice was published.</param>
    /// <param name="speaker">0 to <see cref="PiperConfig.NumSpeakers"/> - 1.</param>
    /// <param name="seed">Of the noise.</param>
    /// <param name="piece">Which sentence of the utterance, from 0: each has noise of its own.</param>
    /// <param name="cancel">The runtime looks at it between two nodes.</param>
    /// <returns>Samples at the voice's rate, about -1 to 1; a fresh array.</returns>
    /// <exception cref="OnnxModelException">The runtime failed; an id outside the voice's table, for instance.</exception>
    public float[] Speak(long[] ids, PiperInference scales, long speaker, long seed, int piece, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(speaker);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(speaker, Config.NumSpeakers);
        List<OrtValue> inputs = [];
        try
        {
            inputs.Add(OrtValue.CreateTensorValueFromMemory(ids, [1, ids.Length]));
            inputs.Add(OrtValue.CreateTensorValueFromMemory(new long[] { ids.Length }, [1]));
            inputs.Add(OrtValue.CreateTensorValueFromMemory([scales.NoiseScale, scales.LengthScale, scales.NoiseW], [3]));
            if (inputNames.Contains("sid"))
                inputs.Add(OrtValue.CreateTensorValueFromMemory(new long[] { speaker }, [1]));
            for (int source = 0; inputs.Count < inputNames.Length; source++)
            {
                float[] noise = new float[PiperGraph.NoiseLength];
                NormalNoise.Fill(NormalNoise.Key(seed, piece, source), noise.AsSpan(..(noise.Length / 2)), noise.AsSpan((noise.Length / 2)..));
                inputs.Add(OrtValue.CreateTensorValueFromMemory(noise, [noise.Length]));
            }
            using IDisposableReadOnlyCollection<OrtValue> outputs = model.Run(inputNames, inputs, [Output], cancel);
            return outputs[0].GetTensorDataAsSpan<float>().ToArray();
        }
        finally
        {
            inputs.ForEach(input => input.Dispose());
        }
    }

    public void Dispose() => model.Dispose();
}
