using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Onnx;

namespace Parley.Graphs;

/// <summary>
/// A compiled graph in ONNX Runtime, on the shared pool. Holds the only copy of its weights; every caller and every batch size uses
/// the same session through a <see cref="GraphRun"/> of its own. Thread-safe.
/// </summary>
public sealed class GraphSession : IDisposable
{
    private readonly WeightMemory? weights;

    private GraphSession(Graph graph, InferenceSession session, WeightMemory? weights)
    {
        Graph = graph;
        Session = session;
        this.weights = weights;
    }

    /// <summary>What was opened: names, axes and the layout of the cache.</summary>
    public Graph Graph { get; }

    internal InferenceSession Session { get; }

    /// <summary>Opens a model with everything inside, or with weights in files of <paramref name="folder"/>.</summary>
    /// <exception cref="OnnxModelException">The runtime refuses the graph.</exception>
    internal static GraphSession Open(
        Graph graph, ModelProto model, string? folder, GraphOptimizationLevel optimization = GraphOptimizationLevel.ORT_ENABLE_ALL)
    {
        using SessionOptions options = OnnxEnvironment.CreateSessionOptions();
        options.GraphOptimizationLevel = optimization;
        if (NativeOperators.AreSupported)
            NativeOperators.AddTo(options);
        if (folder is not null)
            options.AddSessionConfigEntry("session.model_external_initializers_file_folder_path", folder);
        WeightMemory? weights = folder is null ? null : WeightMemory.Load(model, folder, options);
        try
        {
            return new(graph, new InferenceSession(model.ToByteArray(), options), weights);
        }
        catch (OnnxRuntimeException fault)
        {
            weights?.Dispose();
            throw new OnnxModelException(graph.Name, $"cannot be opened: {fault.Message.Trim()}", fault);
        }
    }

    /// <summary>A caller's own inputs, outputs and bindings. Dispose it before the session.</summary>
    public GraphRun CreateRun() => new(this);

    /// <summary>Runs once with plain arrays: for tests and rare work. Loops use a <see cref="GraphRun"/>.</summary>
    /// <param name="inputs">Name, values (float, long or int) and shape of every input.</param>
    /// <returns>The f32 outputs by name.</returns>
    public IReadOnlyDictionary<string, float[]> Run(params ReadOnlySpan<(string Name, Array Values, long[] Shape)> inputs)
    {
        using GraphRun run = CreateRun();
        foreach ((string name, Array values, long[] shape) in inputs)
        {
            SessionTensor tensor = run.Input(name, shape);
            if (tensor.ElementCount != values.Length)
                throw new ArgumentException($"Input '{name}' has {values.Length} values, not those of [{string.Join(", ", shape)}].", nameof(inputs));
            switch (values)
            {
                case float[] floats:
                    floats.CopyTo(tensor.Floats);
                    break;
                case long[] longs:
                    longs.CopyTo(tensor.Longs);
                    break;
                case int[] ints:
                    ints.CopyTo(tensor.Ints);
                    break;
                default:
                    throw new ArgumentException($"Input '{name}' cannot be {values.GetType().Name}.", nameof(inputs));
            }
        }
        run.Run();
        return Graph.Outputs.Where(output => output.ElementType == ElementType.F32)
            .ToDictionary(output => output.Name, output => run.Output(output.Name).Floats.ToArray());
    }

    public void Dispose()
    {
        Session.Dispose();
        weights?.Dispose();
    }
}
