using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Parley.Graphs;

/// <summary>
/// The operator parley.GatedSilu: silu(gate) · up of a feed-forward layer whose gate and up came from one product, in one pass instead of four
/// nodes, one of which copies them apart.
/// </summary>
/// <remarks>
/// Input: [..., 2 · width] f32, the gate first. Output: [..., width]. Runs on the session's threads and allocates nothing managed.
/// </remarks>
internal static unsafe class GatedSilu
{
    public const string Name = "GatedSilu";

    private const int ParallelRows = 8; // a few rows are done before a second thread is there

    public static NativeOperator* Define() => NativeOperator.Create("GatedSilu"u8, [NativeOperator.F32], requiredInputs: 1, outputs: 1, create: null, &Run);

    /// <summary>Puts this operator in the place of Split, Sigmoid, Mul and Mul, where nothing else reads what lies between them.</summary>
    public static List<GraphNode> StandIn(IReadOnlyList<GraphNode> nodes)
    {
        Dictionary<string, GraphNode> makers = nodes.SelectMany(node => node.Outputs.Select(output => (output, node))).ToDictionary(pair => pair.output, pair => pair.node);
        Dictionary<string, int> uses = nodes.SelectMany(node => node.Inputs).CountBy(input => input).ToDictionary();
        HashSet<GraphNode> gone = new(ReferenceEqualityComparer.Instance);
        Dictionary<GraphNode, GraphNode> written = new(ReferenceEqualityComparer.Instance);
        foreach (GraphNode product in nodes.Where(node => node.Operation == "Mul"))
        {
            if (Maker(product.Inputs[0]) is { Operation: "Mul" } silu && Maker(silu.Inputs[1]) is { Operation: "Sigmoid" } sigmoid
                && Maker(silu.Inputs[0]) is { Operation: "Split", Outputs.Length: 2 } split && silu.Inputs[0] == sigmoid.Inputs[0]
                && split.Outputs[0] == silu.Inputs[0] && split.Outputs[1] == product.Inputs[1]
                && uses[split.Outputs[0]] == 2 && uses[split.Outputs[1]] == 1 && uses[sigmoid.Outputs[0]] == 1 && uses[silu.Outputs[0]] == 1)
            {
                gone.UnionWith([split, sigmoid, silu]);
                written[product] = new(Name, GraphNode.Parley, [split.Inputs[0]], product.Outputs, []);
            }
        }
        return [.. nodes.Where(node => !gone.Contains(node)).Select(node => written.GetValueOrDefault(node, node))];

        GraphNode? Maker(string value) => makers.GetValueOrDefault(value);
    }

    /// <summary>One call of a node, shared by the threads that work on it.</summary>
    private struct Call
    {
        public float* Input;
        public float* Output;
        public int Width;
        public int Rows;
        public int NextRow;
    }

    private static void Run(void* state, nint context)
    {
        Span<long> sizes = stackalloc long[8];
        nint input = OrtApi.Input(context, 0);
        int rank = OrtApi.Sizes(input, sizes);
        if (rank == 0 || sizes[rank - 1] % 2 != 0)
            throw new InvalidOperationException($"x ends with an axis of {(rank == 0 ? 0 : sizes[rank - 1])}, not with two halves.");
        long rows = OrtApi.Count(sizes[..(rank - 1)]);
        sizes[rank - 1] /= 2;
        Call call = new()
        {
            Input = (float*)OrtApi.Data(input), Output = (float*)OrtApi.Data(OrtApi.Output(context, 0, sizes[..rank])),
            Width = checked((int)sizes[rank - 1]), Rows = checked((int)rows),
        };
        if (rows >= ParallelRows)
            OrtApi.ParallelFor(context, &MultiplyRows, OnnxEnvironment.Threads, &call);
        else
            Multiply(&call);
    }

    [UnmanagedCallersOnly]
    private static void MultiplyRows(void* call, nuint thread) => Multiply((Call*)call);

    /// <summary>Takes rows until none is left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(Call* call)
    {
        int width = call->Width;
        for (int row; (row = Interlocked.Increment(ref call->NextRow) - 1) < call->Rows;)
        {
            float* gate = call->Input + 2L * row * width, up = gate + width, output = call->Output + (long)row * width;
            int i = 0;
            for (; i <= width - Vector256<float>.Count; i += Vector256<float>.Count)
            {
                Vector256<float> x = Vector256.Load(gate + i);
                (x / (Vector256<float>.One + Vector256.Exp(-x)) * Vector256.Load(up + i)).Store(output + i);
            }
            for (; i < width; i++)
                output[i] = gate[i] / (1 + MathF.Exp(-gate[i])) * up[i];
        }
    }
}
