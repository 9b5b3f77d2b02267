using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Parley.Graphs;

/// <summary>
/// A ready-made ONNX file, opened on the shared pool. Owns the native session; <see cref="Run"/> may be called from many
/// threads at once, <see cref="Dispose"/> only when no call is under way.
/// </summary>
public sealed class OnnxModel : IDisposable
{
    private readonly InferenceSession session;

    private OnnxModel(string path, InferenceSession session)
    {
        Path = path;
        this.session = session;
    }

    /// <summary>The file, for messages.</summary>
    public string Path { get; }

    /// <summary>Input names with element type and dimensions (-1 where free).</summary>
    public IReadOnlyDictionary<string, NodeMetadata> Inputs => session.InputMetadata;

    /// <summary>Output names with element type and dimensions (-1 where free).</summary>
    public IReadOnlyDictionary<string, NodeMetadata> Outputs => session.OutputMetadata;

    /// <exception cref="OnnxModelException">The file is missing, cut short, or no model that this runtime can run.</exception>
    public static OnnxModel Open(string path) => Open(path, options => new InferenceSession(path, options));

    /// <summary>Opens a model from its bytes; <paramref name="path"/> only names it in messages.</summary>
    /// <exception cref="OnnxModelException">The bytes are no model that this runtime can run.</exception>
    public static OnnxModel Open(string path, byte[] model) => Open(path, options => new InferenceSession(model, options));

    /// <summary>Checks that the model has an input or output as the code that calls it expects.</summary>
    /// <exception cref="OnnxModelException">It is absent or of another type.</exception>
    public void Require(IReadOnlyDictionary<string, NodeMetadata> values, string name, TensorElementType type)
    {
        if (!values.TryGetValue(name, out NodeMetadata? found))
            throw new OnnxModelException(Path, $"has no '{name}' among {string.Join(", ", values.Keys)}. Is this another model?");
        if (!found.IsTensor || found.ElementDataType != type)
            throw new OnnxModelException(Path, $"has '{name}' as {found.ElementDataType} instead of {type}. Is this another model?");
    }

    /// <summary>Runs the model once. The runtime looks at the cancellation between two nodes.</summary>
    /// <returns>The outputs asked for, in that order; the caller disposes of them.</returns>
    /// <exception cref="OnnxModelException">The runtime refused the inputs or failed.</exception>
    public IDisposableReadOnlyCollection<OrtValue> Run(
        IReadOnlyCollection<string> inputNames, IReadOnlyCollection<OrtValue> inputs, IReadOnlyCollection<string> outputNames,
        CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        using RunOptions options = new();
        using CancellationTokenRegistration registration = cancel.Register(() => options.Terminate = true);
        try
        {
            return session.Run(options, inputNames, inputs, outputNames);
        }
        catch (OnnxRuntimeException) when (cancel.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancel);
        }
        catch (OnnxRuntimeException fault)
        {
            throw new OnnxModelException(Path, $"could not be run: {fault.Message}", fault);
        }
    }

    /// <summary>Arrays for a caller who runs the model over and over on the same shapes. The caller disposes of them.</summary>
    public OnnxBinding Bind() => new(Path, session);

    public void Dispose() => session.Dispose();

    private static OnnxModel Open(string path, Func<SessionOptions, InferenceSession> open)
    {
        using SessionOptions options = OnnxEnvironment.CreateSessionOptions();
        try
        {
            return new OnnxModel(path, open(options));
        }
        catch (OnnxRuntimeException fault)
        {
            string problem = File.Exists(path)
                ? $"cannot be opened as an ONNX model ({fault.Message.Trim()}). Is it complete?"
                : "is missing.";
            throw new OnnxModelException(path, problem, fault);
        }
    }
}

/// <summary>An ONNX file is missing, damaged, another model than expected, or failed while it ran.</summary>
public sealed class OnnxModelException(string path, string problem, Exception? cause = null) : Exception($"{path} {problem}", cause)
{
    /// <summary>The file.</summary>
    public string Path { get; } = path;

    /// <summary>What is wrong with it, as the rest of a sentence that begins with the file.</summary>
    public string Problem { get; } = problem;
}
