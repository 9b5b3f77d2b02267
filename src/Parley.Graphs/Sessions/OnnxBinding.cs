using Microsoft.ML.OnnxRuntime;

namespace Parley.Graphs;

/// <summary>
/// One caller's arrays, bound to the inputs and outputs of a model: <see cref="Run"/> reads and writes them in place and
/// allocates nothing managed. One call at a time; several bindings of one model may run at once. Dispose of it before the model.
/// </summary>
public sealed class OnnxBinding : IDisposable
{
    private readonly string path;
    private readonly InferenceSession session;
    private readonly OrtIoBinding binding;
    private readonly RunOptions options = new();
    private readonly List<OrtValue> values = [];

    internal OnnxBinding(string path, InferenceSession session)
    {
        this.path = path;
        this.session = session;
        binding = session.CreateIoBinding();
    }

    /// <summary>Binds a new array of zeros to an input.</summary>
    /// <param name="name">Its name in the model.</param>
    /// <param name="shape">Its dimensions; none for a scalar.</param>
    /// <returns>The array, row-major: fill it before each run.</returns>
    /// <exception cref="OnnxModelException">The model has no such input.</exception>
    public T[] Input<T>(string name, params ReadOnlySpan<long> shape)
        where T : unmanaged
    {
        T[] array = Create<T>(shape, out OrtValue value);
        Checked(() => binding.BindInput(name, value));
        return array;
    }

    /// <summary>Binds a new array to an output.</summary>
    /// <param name="name">Its name in the model.</param>
    /// <param name="shape">The dimensions that every run will give; none for a scalar.</param>
    /// <returns>The array, row-major: each run overwrites it.</returns>
    /// <exception cref="OnnxModelException">The model has no such output.</exception>
    public T[] Output<T>(string name, params ReadOnlySpan<long> shape)
        where T : unmanaged
    {
        T[] array = Create<T>(shape, out OrtValue value);
        Checked(() => binding.BindOutput(name, value));
        return array;
    }

    /// <summary>Runs the model once on what the input arrays hold.</summary>
    /// <exception cref="OnnxModelException">The runtime refused the inputs or failed.</exception>
    public void Run()
    {
        try
        {
            session.RunWithBinding(options, binding);
        }
        catch (OnnxRuntimeException fault)
        {
            throw new OnnxModelException(path, $"could not be run: {fault.Message}", fault);
        }
    }

    public void Dispose()
    {
        binding.Dispose();
        options.Dispose();
        foreach (OrtValue value in values)
            value.Dispose();
    }

    private T[] Create<T>(ReadOnlySpan<long> shape, out OrtValue value)
        where T : unmanaged
    {
        long length = 1;
        foreach (long size in shape)
            length *= size;
        T[] array = new T[length];
        value = OrtValue.CreateTensorValueFromMemory(array, shape.ToArray()); // pins the array until it is disposed of
        values.Add(value);
        return array;
    }

    private void Checked(Action bind)
    {
        try
        {
            bind();
        }
        catch (OnnxRuntimeException fault)
        {
            throw new OnnxModelException(path, $"does not take what it is given: {fault.Message.Trim()}. Is this another model?", fault);
        }
    }
}
