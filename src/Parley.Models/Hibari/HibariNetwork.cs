using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Onnx;
using Parley.Graphs;

namespace Parley.Models.Hibari;

/// <summary>
/// The network of one Hibari voice (<c>hibari.onnx</c>): phoneme ids and a speed in, spectra, pitch and durations out.
/// A whole piece at a time; not causal. Safe to call from several threads at once.
/// </summary>
public sealed class HibariNetwork : IDisposable
{
    /// <summary>Inside the graph: how many units of 25 ms each id lasts. No output of the published file, so one is added when it is opened.</summary>
    private const string Durations = "/Cast_32_output_0";

    private static readonly string[] InputNames = ["ids", "speed"];
    private static readonly string[] OutputNames = ["lh", "theta", "ln", "lr", "phi", "f0", Durations];

    private readonly OnnxModel model;

    private HibariNetwork(OnnxModel model) => this.model = model;

    /// <exception cref="ModelFileException">The file is missing, damaged or of another model.</exception>
    public static HibariNetwork Open(string path)
    {
        OnnxModel? model = null;
        try
        {
            model = OnnxModel.Open(path, WithDurations(path));
            model.Require(model.Inputs, "ids", TensorElementType.Int64);
            model.Require(model.Inputs, "speed", TensorElementType.Float);
            foreach (string output in OutputNames.AsSpan(..^1))
                model.Require(model.Outputs, output, TensorElementType.Float);
            model.Require(model.Outputs, Durations, TensorElementType.Int64);
            return new(model);
        }
        catch (OnnxModelException fault)
        {
            model?.Dispose();
            throw new ModelFileException(path, fault.Problem);
        }
    }

    /// <summary>Runs the network over one piece.</summary>
    /// <param name="ids">0, the phonemes' ids, 0: at least 3.</param>
    /// <param name="speed">What durations are divided by; above 0.</param>
    /// <param name="cancel">The runtime looks at it between two nodes.</param>
    public HibariPiece Run(long[] ids, float speed, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ids.Length, 3);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(speed);
        using OrtValue idValue = OrtValue.CreateTensorValueFromMemory(ids, [1, ids.Length]);
        using OrtValue speedValue = OrtValue.CreateTensorValueFromMemory([speed], [1]);
        return new(model.Run(InputNames, [idValue, speedValue], OutputNames, cancel));
    }

    public void Dispose() => model.Dispose();

    private static byte[] WithDurations(string path)
    {
        try
        {
            ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
            if (!model.Graph.Node.Any(node => node.Output.Contains(Durations)))
                throw new ModelFileException(path, $"has no value '{Durations}'. Is this a Hibari voice?");
            model.Graph.Output.Add(new ValueInfoProto
            {
                Name = Durations,
                Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Int64 } },
            });
            return Google.Protobuf.MessageExtensions.ToByteArray(model);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or Google.Protobuf.InvalidProtocolBufferException)
        {
            throw new ModelFileException(path, $"cannot be read as a Hibari voice ({fault.Message}).");
        }
    }
}

/// <summary>The network's answer for one piece, in the runtime's memory until it is disposed of.</summary>
public sealed class HibariPiece : IDisposable
{
    private readonly IDisposableReadOnlyCollection<OrtValue> outputs;

    internal HibariPiece(IDisposableReadOnlyCollection<OrtValue> outputs) => this.outputs = outputs;

    /// <summary>Valid until <see cref="Dispose"/>.</summary>
    public HibariSpectra Spectra
    {
        get
        {
            ReadOnlySpan<float> f0 = outputs[5].GetTensorDataAsSpan<float>();
            return new(f0.Length, outputs[0].GetTensorDataAsSpan<float>(), outputs[1].GetTensorDataAsSpan<float>(),
                outputs[2].GetTensorDataAsSpan<float>(), outputs[3].GetTensorDataAsSpan<float>(), outputs[4].GetTensorDataAsSpan<float>(), f0);
        }
    }

    /// <summary>For each id, its length in units of <see cref="HibariVocoder.DurationUnit"/> samples; at least 1. Valid until <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<long> Durations => outputs[6].GetTensorDataAsSpan<long>();

    public void Dispose() => outputs.Dispose();
}
