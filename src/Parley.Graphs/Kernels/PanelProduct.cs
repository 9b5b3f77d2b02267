using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Parley.Graphs;

/// <summary>
/// The operator parley.PanelProduct: x · Wᵀ (+ b) for weights in panels (<see cref="PanelLayout"/>), with the arithmetic of MatMulNBits at
/// accuracy_level 4: activations in 8 bit, block by block. Where the processor has the instructions it stands in for MatMulNBits when a
/// graph is opened; what is exported keeps MatMulNBits. ONNX Runtime's own kernel waits for every read of a weight and begins anew
/// for each row; this one reads ahead, and reads a weight once for as many rows as the registers hold (<see cref="PanelKernelWriter"/>).
/// </summary>
/// <remarks>
/// Inputs: x [..., depth] f32, panels [panels, panel bytes] u8, optionally b [width] f32. Output: [..., width] f32. Attributes: depth,
/// width, format. Runs on the session's threads and allocates nothing managed.
/// </remarks>
internal static unsafe class PanelProduct
{
    public const string Name = "PanelProduct";

    private const int MaxRank = 8;
    private const long ChunkBytes = 192 << 10; // weights that a thread takes at a time
    private const int LeastChunks = 4;         // for each thread, so that none waits long for the last
    private const int ParallelRows = 8;        // fewer rows are quantised by the calling thread

    /// <summary>True if the kernels run here.</summary>
    public static bool IsSupported => NativeOperators.AreSupported && PanelKernels.AreSupported;

    /// <summary>The attribute that names a precision's format; -1 if there are no kernels for it.</summary>
    public static int FormatOf(Precision precision) => PanelKernels.Formats.IndexOf(precision);

    public static NativeOperator* Define() => NativeOperator.Create(
        "PanelProduct"u8, [NativeOperator.F32, NativeOperator.U8, NativeOperator.F32], requiredInputs: 2, outputs: 1, &Create, &Run);

    /// <summary>One node.</summary>
    private struct Kernel
    {
        public int Depth;
        public int Width;
        public int Format;
        public int BlockSize;
        public int Zero; // of the weights, or 1 where each block has its own
        public int Blocks;
        public int Panels;
        public int ZeroBytes;
        public long PanelBytes;
    }

    /// <summary>One call of a node, shared by the threads that work on it.</summary>
    private struct Call
    {
        public Kernel* Kernel;
        public float* Input;
        public byte* Weights;
        public float* Bias; // or null
        public float* Output;
        public int Rows;
        public int Groups; // of rows that are multiplied together, as alike as can be
        public int ChunkPanels;
        public int NextRow;
        public WorkParts Parts;
        public sbyte* Values; // of each group: PanelArguments
        public float* Scales;
        public int* Corrections;

        public readonly int FirstRow(int group) => (int)((long)Rows * group / Groups);
    }

    private static void* Create(nint info)
    {
        int depth = checked((int)OrtApi.Attribute(info, "depth"u8)), width = checked((int)OrtApi.Attribute(info, "width"u8));
        int format = checked((int)OrtApi.Attribute(info, "format"u8));
        Precision precision = PanelKernels.Formats[format];
        PanelLayout layout = new(precision, depth, width);
        _ = PanelKernels.Of(format, rows: 1); // so that the first run does not wait for the assembler to start
        Kernel* kernel = (Kernel*)NativeMemory.Alloc((nuint)sizeof(Kernel));
        *kernel = new()
        {
            Depth = depth, Width = width, Format = format, BlockSize = precision.BlockSize, Zero = precision.HasZeroPoints ? 1 : 1 << precision.Bits - 1,
            Blocks = layout.Blocks, Panels = layout.Panels, ZeroBytes = layout.ZeroBytes, PanelBytes = layout.PanelBytes,
        };
        return kernel;
    }

    private static void Run(void* state, nint context)
    {
        Kernel* kernel = (Kernel*)state;
        nint input = OrtApi.Input(context, 0), weights = OrtApi.Input(context, 1), bias = OrtApi.Input(context, 2);
        Span<long> sizes = stackalloc long[MaxRank];
        int rank = OrtApi.Sizes(weights, sizes);
        if (rank != 2 || sizes[0] != kernel->Panels || sizes[1] != kernel->PanelBytes)
            throw new InvalidOperationException($"the weights are not {kernel->Panels} panels of {kernel->PanelBytes} bytes.");
        rank = OrtApi.Sizes(input, sizes);
        if (rank == 0 || sizes[rank - 1] != kernel->Depth)
            throw new InvalidOperationException($"x ends with an axis of {(rank == 0 ? 0 : sizes[rank - 1])}, not of {kernel->Depth}.");
        long rows = OrtApi.Count(sizes[..(rank - 1)]);
        sizes[rank - 1] = kernel->Width;
        nint output = OrtApi.Output(context, 0, sizes[..rank]);
        if (rows == 0)
            return;

        nuint blocks = (nuint)rows * (nuint)kernel->Blocks, valueBytes = blocks * (nuint)kernel->BlockSize;
        (nint Address, nuint Bytes) scratch = NativeScratch.Rent(valueBytes + blocks * (sizeof(float) + sizeof(int)));
        try
        {
            int threads = OnnxEnvironment.Threads;
            int* next = stackalloc int[threads];
            long chunk = Math.Min(ChunkBytes / kernel->PanelBytes, kernel->Panels / (threads * LeastChunks));
            float* scales = (float*)(scratch.Address + (nint)valueBytes);
            Call call = new()
            {
                Kernel = kernel, Input = (float*)OrtApi.Data(input), Weights = (byte*)OrtApi.Data(weights),
                Bias = bias == 0 ? null : (float*)OrtApi.Data(bias), Output = (float*)OrtApi.Data(output),
                Rows = checked((int)rows), Groups = (int)((rows + PanelKernels.MostRows - 1) / PanelKernels.MostRows),
                ChunkPanels = (int)Math.Max(1, chunk), Parts = new(next, kernel->Panels, threads),
                Values = (sbyte*)scratch.Address, Scales = scales, Corrections = (int*)(scales + blocks),
            };
            if (call.Rows >= ParallelRows)
                OrtApi.ParallelFor(context, &QuantizeRows, threads, &call);
            else
                Quantize(&call);
            if (kernel->Panels > call.ChunkPanels)
                OrtApi.ParallelFor(context, &MultiplyPanels, threads, &call);
            else
                Multiply(&call, 0);
        }
        finally
        {
            NativeScratch.Return(scratch);
        }
    }

    [UnmanagedCallersOnly]
    private static void QuantizeRows(void* call, nuint thread) => Quantize((Call*)call);

    [UnmanagedCallersOnly]
    private static void MultiplyPanels(void* call, nuint thread) => Multiply((Call*)call, (int)thread);

    /// <summary>Takes rows until none is left.</summary>
    private static void Quantize(Call* call)
    {
        Kernel* kernel = call->Kernel;
        for (int row; (row = Interlocked.Increment(ref call->NextRow) - 1) < call->Rows;)
        {
            int group = (int)(((long)row * call->Groups + call->Groups - 1) / call->Rows);
            int first = call->FirstRow(group), rows = call->FirstRow(group + 1) - first;
            long block = (long)first * kernel->Blocks;
            ActivationQuantizer.Quantize(
                call->Input + (long)row * kernel->Depth, kernel->Depth, kernel->BlockSize, kernel->Zero, rows,
                call->Values + block * kernel->BlockSize + (row - first) * 4, call->Scales + block + (row - first), call->Corrections + block + (row - first));
        }
    }

    /// <summary>Takes panels until none is left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(Call* call, int thread)
    {
        float* products = stackalloc float[PanelKernels.MostRows * PanelLayout.Rows];
        for ((int panel, int end) = call->Parts.Take(ref thread, call->ChunkPanels); panel < end; (panel, end) = call->Parts.Take(ref thread, call->ChunkPanels))
        {
            for (; panel < end; panel++)
                MultiplyPanel(call, panel, products);
        }
    }

    private static void MultiplyPanel(Call* call, int panel, float* products)
    {
        Kernel* kernel = call->Kernel;
        byte* weights = call->Weights + panel * kernel->PanelBytes;
        long column = (long)panel * PanelLayout.Rows;
        int columns = (int)Math.Min(PanelLayout.Rows, kernel->Width - column);
        for (int group = 0; group < call->Groups; group++)
        {
            int first = call->FirstRow(group), rows = call->FirstRow(group + 1) - first;
            long block = (long)first * kernel->Blocks;
            PanelArguments arguments = new()
            {
                Panel = weights + kernel->ZeroBytes, Zeros = weights, Blocks = kernel->Blocks, Products = products,
                Values = call->Values + block * kernel->BlockSize, Scales = call->Scales + block, Corrections = call->Corrections + block,
            };
            PanelKernels.Of(kernel->Format, rows)(&arguments);
            for (int row = 0; row < rows; row++)
            {
                ReadOnlySpan<float> sums = new(products + row * PanelLayout.Rows, columns);
                Span<float> output = new(call->Output + (first + row) * (long)kernel->Width + column, columns);
                if (call->Bias is null)
                    sums.CopyTo(output);
                else
                    TensorPrimitives.Add(sums, new ReadOnlySpan<float>(call->Bias + column, columns), output);
            }
        }
    }
}
