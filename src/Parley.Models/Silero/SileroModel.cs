using Microsoft.ML.OnnxRuntime.Tensors;
using Parley.Graphs;

namespace Parley.Models.Silero;

/// <summary>
/// Silero VAD, versions 5 and 6: the probability of speech in windows of 32 ms at 16 or 8 kHz. Holds the weights, once for all
/// streams; dispose of it after the last stream. snakers4/silero-vad: src/silero_vad/data/silero_vad.onnx.
/// </summary>
public sealed class SileroModel : IDisposable
{
    private readonly OnnxModel model;

    private SileroModel(OnnxModel model) => this.model = model;

    /// <exception cref="OnnxModelException">The file is missing, damaged or another model.</exception>
    public static SileroModel Open(string path)
    {
        OnnxModel model = OnnxModel.Open(path);
        try
        {
            model.Require(model.Inputs, "input", TensorElementType.Float);
            model.Require(model.Inputs, "state", TensorElementType.Float);
            model.Require(model.Inputs, "sr", TensorElementType.Int64);
            model.Require(model.Outputs, "output", TensorElementType.Float);
            model.Require(model.Outputs, "stateN", TensorElementType.Float);
            return new SileroModel(model);
        }
        catch (OnnxModelException)
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>A stream of its own state. The caller disposes of it.</summary>
    /// <param name="sampleRate">16,000 or 8,000 Hz; sound of another rate must be resampled first.</param>
    /// <exception cref="ArgumentOutOfRangeException">Another rate.</exception>
    public SileroStream CreateStream(int sampleRate = 16_000) => new(model.Bind(), sampleRate);

    public void Dispose() => model.Dispose();
}
