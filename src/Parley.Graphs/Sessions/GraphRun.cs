using Microsoft.ML.OnnxRuntime;

namespace Parley.Graphs;

/// <summary>
/// One caller's bindings to a session: inputs that are overwritten in place, outputs that are read in place, and the part of a
/// key and value cache that the next step extends. As long as shapes stay, a step allocates nothing managed. Not thread-safe.
/// </summary>
public sealed class GraphRun : IDisposable
{
    private readonly GraphSession session;
    private readonly OrtIoBinding binding;
    private readonly RunOptions options = new();
    private readonly Dictionary<string, GraphPort> inputPorts;
    private readonly Dictionary<string, GraphPort> outputPorts;
    private readonly Dictionary<string, Bound> bound = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> sizes = new(StringComparer.Ordinal);
    private bool areOutputsBound;

    private KeyValueBuffers? cache;
    private int firstSlot;
    private int slotCount;
    private readonly List<SessionTensor> cacheViews = [];

    internal GraphRun(GraphSession session)
    {
        this.session = session;
        binding = session.Session.CreateIoBinding();
        inputPorts = session.Graph.Inputs.ToDictionary(port => port.Name, StringComparer.Ordinal);
        outputPorts = session.Graph.Outputs.ToDictionary(port => port.Name, StringComparer.Ordinal);
    }

    /// <summary>What is bound under a name: the view of the right shape, and the memory behind it if this run owns that.</summary>
    private sealed record Bound(SessionTensor View, SessionTensor? Memory);

    /// <summary>
    /// The input's memory in the given shape, to be filled before the next <see cref="Run"/>. The same shape gives the same memory,
    /// with what was last written there.
    /// </summary>
    /// <exception cref="ArgumentException">The graph has no such input, or its shape does not fit.</exception>
    public SessionTensor Input(string name, params ReadOnlySpan<long> shape)
    {
        if (bound.TryGetValue(name, out Bound? current) && current.View.Shape.AsSpan().SequenceEqual(shape))
            return current.View;
        GraphPort port = Port(inputPorts, name);
        CheckShape(port, shape);
        Bound next = Fit(current, port.ElementType, shape);
        binding.BindInput(name, next.View.Value);
        Replace(name, current, next);
        TakeSizes(port, next.View);
        return next.View;
    }

    /// <summary>Binds memory of the caller's, such as another run's output that stays the same for many steps.</summary>
    public void Bind(string input, SessionTensor tensor)
    {
        GraphPort port = Port(inputPorts, input);
        if (port.ElementType != tensor.ElementType)
            throw new ArgumentException($"Input '{input}' of '{session.Graph.Name}' is {port.ElementType}, the tensor is {tensor.ElementType}.", nameof(tensor));
        CheckShape(port, tensor.Shape.AsSpan());
        binding.BindInput(input, tensor.Value);
        Replace(input, bound.GetValueOrDefault(input), new(tensor, null));
        TakeSizes(port, tensor);
        string kept = CompactCross.Kept(input);
        if (outputPorts.ContainsKey(kept))
            BindOutput(kept, tensor);
    }

    /// <summary>Binds the caller's memory for a result, in the shape that the result will have.</summary>
    public void BindOutput(string output, SessionTensor tensor)
    {
        binding.BindOutput(Port(outputPorts, output).Name, tensor.Value);
        Replace(output, bound.GetValueOrDefault(output), new(tensor, null));
    }

    /// <summary>The result's memory: valid until the next <see cref="Run"/> or a change of shape.</summary>
    public SessionTensor Output(string name)
    {
        Port(outputPorts, name);
        return bound.TryGetValue(name, out Bound? result) ? result.View
            : throw new InvalidOperationException($"Output '{name}' of '{session.Graph.Name}' is there after the first run.");
    }

    /// <summary>Says which sequences the next steps extend: <paramref name="count"/> slots from <paramref name="first"/> on.</summary>
    public void UseCache(KeyValueBuffers buffers, int first, int count)
    {
        if (buffers == cache && first == firstSlot && count == slotCount)
            return;
        KeyValueLayout layout = session.Graph.Cache ?? throw new InvalidOperationException($"Graph '{session.Graph.Name}' has no cache.");
        if (buffers.Layout != layout)
            throw new ArgumentException($"The buffers are laid out as {buffers.Layout}, '{session.Graph.Name}' needs {layout}.", nameof(buffers));
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, buffers.Slots - first);
        List<SessionTensor> old = [.. cacheViews];
        cacheViews.Clear();
        for (int layer = 0; layer < layout.Layers; layer++)
        {
            BindPast(KeyValueLayout.PastKey(layer), KeyValueLayout.PresentKey(layer), buffers.Keys(layer).Rows(first, count));
            BindPast(KeyValueLayout.PastValue(layer), KeyValueLayout.PresentValue(layer), buffers.Values(layer).Rows(first, count));
        }
        old.ForEach(view => view.Dispose());
        (cache, firstSlot, slotCount) = (buffers, first, count);

        void BindPast(string past, string present, SessionTensor view)
        {
            binding.BindInput(past, view.Value);
            binding.BindOutput(present, view.Value); // the same memory: the graph writes new positions in place
            cacheViews.Add(view);
        }
    }

    /// <summary>Runs the graph on what the inputs hold. With a cache, its sequences grow by the tokens of this step.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; the runtime looks at it between two nodes.</exception>
    /// <exception cref="InvalidOperationException">A sequence would outgrow its slot, or an input is missing.</exception>
    /// <exception cref="OnnxModelException">The runtime failed.</exception>
    public void Run(CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        int tokens = cache is null ? 0 : PrepareCache();
        if (!areOutputsBound)
            BindOutputs();
        CancellationTokenRegistration registration = cancel.UnsafeRegister(static options => ((RunOptions)options!).Terminate = true, options);
        try
        {
            session.Session.RunWithBinding(options, binding);
        }
        catch (OnnxRuntimeException) when (cancel.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancel);
        }
        catch (OnnxRuntimeException fault)
        {
            throw new OnnxModelException(session.Graph.Name, $"could not be run: {fault.Message}", fault);
        }
        finally
        {
            registration.Dispose();
            if (cancel.IsCancellationRequested)
                options.Terminate = false;
        }
        for (int slot = 0; slot < slotCount; slot++)
            cache!.SetLength(firstSlot + slot, cache.Length(firstSlot + slot) + tokens);
    }

    public void Dispose()
    {
        binding.Dispose();
        options.Dispose();
        foreach (Bound entry in bound.Values)
            Release(entry);
        cacheViews.ForEach(view => view.Dispose());
    }

    /// <returns>The new tokens of this step.</returns>
    private int PrepareCache()
    {
        int tokens = (int)sizes.GetValueOrDefault(Axis.Tokens.Text, 1), longest = 0;
        Span<int> last = Input(KeyValueLayout.LastPositions, slotCount).Ints;
        for (int slot = 0; slot < slotCount; slot++)
        {
            int length = cache!.Length(firstSlot + slot), next = length + tokens;
            if (next > cache.Capacity)
                throw new InvalidOperationException($"A sequence of '{session.Graph.Name}' would reach {next} positions; its slot has room for {cache.Capacity}.");
            if (slotCount > 1 && tokens > 1 && length > 0)
                throw new InvalidOperationException($"'{session.Graph.Name}' continues prompts one sequence at a time, not {slotCount}.");
            last[slot] = next - 1;
            longest = Math.Max(longest, next);
        }
        Input(KeyValueLayout.TotalLength, 1).Ints[0] = longest;
        return tokens;
    }

    private void BindOutputs()
    {
        foreach (GraphPort port in session.Graph.Outputs)
        {
            if (cache is not null && port.Shape.Rank == 4 && port.Shape[2] == KeyValueLayout.Capacity)
                continue;
            Bound? current = bound.GetValueOrDefault(port.Name);
            long[] shape = new long[port.Shape.Rank];
            for (int axis = 0; axis < shape.Length; axis++)
            {
                string? unknown = port.Shape[axis].Names.FirstOrDefault(name => !sizes.ContainsKey(name));
                if (unknown is not null)
                    throw new InvalidOperationException($"'{session.Graph.Name}' needs an input that gives '{unknown}' its size.");
                shape[axis] = port.Shape[axis].Evaluate(sizes);
            }
            if (current is not null && current.View.Shape.AsSpan().SequenceEqual(shape))
                continue;
            Bound next = Fit(current, port.ElementType, shape);
            binding.BindOutput(port.Name, next.View.Value);
            Replace(port.Name, current, next);
        }
        areOutputsBound = true;
    }

    private GraphPort Port(Dictionary<string, GraphPort> ports, string name) => ports.TryGetValue(name, out GraphPort? port) ? port
        : throw new ArgumentException($"Graph '{session.Graph.Name}' has no '{name}' among {string.Join(", ", ports.Keys.Take(20))}.", nameof(name));

    private void CheckShape(GraphPort port, ReadOnlySpan<long> shape)
    {
        bool fits = shape.Length == port.Shape.Rank;
        for (int axis = 0; fits && axis < shape.Length; axis++)
            fits = !port.Shape[axis].IsFixed || port.Shape[axis].Size == shape[axis];
        if (!fits)
            throw new ArgumentException($"Input '{port.Name}' of '{session.Graph.Name}' is {port.Shape}, not [{string.Join(", ", shape.ToArray())}].", nameof(shape));
    }

    private void TakeSizes(GraphPort port, SessionTensor tensor)
    {
        areOutputsBound = false;
        for (int axis = 0; axis < port.Shape.Rank; axis++)
        {
            if (port.Shape[axis].Name is string name)
                sizes[name] = tensor.Shape[axis];
        }
    }

    /// <summary>Memory for a shape: what is there if it is large enough, else new.</summary>
    private static Bound Fit(Bound? current, ElementType type, ReadOnlySpan<long> shape)
    {
        long bytes = type.Bits() / 8;
        foreach (long size in shape)
            bytes *= size;
        SessionTensor memory = current?.Memory is { } old && old.ByteLength >= bytes ? old : new(type, shape);
        return new(memory.Reshaped(shape), memory);
    }

    private void Replace(string name, Bound? old, Bound next)
    {
        bound[name] = next;
        if (old?.Memory is null)
            return;
        old.View.Dispose();
        if (old.Memory != next.Memory)
            old.Memory.Dispose();
    }

    private static void Release(Bound entry)
    {
        if (entry.Memory is null)
            return; // the caller's
        entry.View.Dispose();
        entry.Memory.Dispose();
    }
}
