using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Parley.Graphs;

/// <summary>
/// The operator parley.PanelProduct: x · Wᵀ (+ b) for weights in panels (<see cref="PanelLayout"/>), with the arithmetic of MatMulNBits at
/// accuracy_level 4: activations in 8 bit, block by block. Where the processor has the instructions it stands in for MatMulNBits when a
/// graph is opened; what is exported keeps MatMulNBits. ONNX Runtime's own kernel waits for every read of a weight and begins anew
/// for each row; this one reads ahead, and reads a weight once for six rows.
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
    private const int PartRows = 24;

    private static readonly Precision[] Formats = [Precision.Q8, Precision.Q8Fine, Precision.Q4, Precision.Q4Fast];

    /// <summary>True if this processor has the instructions that the kernels are made of.</summary>
    public static bool IsSupported => NativeOperators.AreSupported && AvxVnni.IsSupported;

    /// <summary>The attribute that names a precision's format; -1 if there are no kernels for it.</summary>
    public static int FormatOf(Precision precision) => Array.IndexOf(Formats, precision);

    public static NativeOperator* Define() => NativeOperator.Create(
        "PanelProduct"u8, [NativeOperator.F32, NativeOperator.U8, NativeOperator.F32], requiredInputs: 2, outputs: 1, &Create, &Run);

    /// <summary>One node.</summary>
    private struct Kernel
    {
        public int Depth;
        public int Width;
        public int Format;
        public int BlockSize;
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
        public int Rows;
        public int ChunkPanels;
        public int NextRow;
        public int Threads;
        public int* NextPanels; // of each thread's own part
        public PanelOperands Operands;
    }

    private static void* Create(nint info)
    {
        int depth = checked((int)OrtApi.Attribute(info, "depth"u8)), width = checked((int)OrtApi.Attribute(info, "width"u8));
        int format = checked((int)OrtApi.Attribute(info, "format"u8));
        PanelLayout layout = new(Formats[format], depth, width);
        Kernel* kernel = (Kernel*)NativeMemory.Alloc((nuint)sizeof(Kernel));
        *kernel = new()
        {
            Depth = depth, Width = width, Format = format, BlockSize = Formats[format].BlockSize,
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

        int blocks = kernel->Blocks;
        nuint valueBytes = (nuint)rows * (nuint)blocks * (nuint)kernel->BlockSize, scaleBytes = (nuint)rows * (nuint)blocks * sizeof(float);
        (nint Address, nuint Bytes) scratch = NativeScratch.Rent(valueBytes + 2 * scaleBytes);
        try
        {
            sbyte* values = (sbyte*)scratch.Address;
            float* scales = (float*)(values + valueBytes);
            Call call = new()
            {
                Kernel = kernel, Input = (float*)OrtApi.Data(input), Weights = (byte*)OrtApi.Data(weights),
                Bias = bias == 0 ? null : (float*)OrtApi.Data(bias), Rows = checked((int)rows),
                Operands = new()
                {
                    Values = values, Scales = scales, Sums = (int*)(scales + rows * blocks), Blocks = blocks,
                    Output = (float*)OrtApi.Data(output), Width = kernel->Width,
                },
            };
            int threads = OnnxEnvironment.Threads;
            int* next = stackalloc int[threads];
            for (int thread = 0; thread < threads; thread++)
                next[thread] = FirstPanel(kernel, thread, threads);
            call.Threads = threads;
            call.NextPanels = next;
            long chunk = Math.Min(ChunkBytes / kernel->PanelBytes, kernel->Panels / (threads * LeastChunks));
            call.ChunkPanels = (int)Math.Max(1, chunk);
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

    private static int FirstPanel(Kernel* kernel, int thread, int threads) => (int)((long)kernel->Panels * thread / threads);

    /// <summary>Takes rows until none is left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Quantize(Call* call)
    {
        PanelOperands operands = call->Operands;
        int depth = call->Kernel->Depth, blockSize = call->Kernel->BlockSize;
        for (int row; (row = Interlocked.Increment(ref call->NextRow) - 1) < call->Rows;)
        {
            long block = (long)row * operands.Blocks;
            ActivationQuantizer.Quantize(
                call->Input + (long)row * depth, depth, blockSize, operands.Values + block * blockSize, operands.Scales + block, operands.Sums + block);
        }
    }

    /// <summary>
    /// Takes panels of the thread's own part, one after another in memory, so that what was read ahead is what comes next; then those
    /// that other threads have not begun.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(Call* call, int thread)
    {
        Kernel* kernel = call->Kernel;
        int count = call->ChunkPanels, threads = call->Threads;
        for (int i = 0; i < threads; i++)
        {
            int part = (thread + i) % threads, end = FirstPanel(kernel, part + 1, threads);
            for (int first; (first = Interlocked.Add(ref call->NextPanels[part], count) - count) < end;)
            {
                for (int panel = first; panel < Math.Min(first + count, end); panel++)
                    MultiplyPanel(call, panel);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyPanel(Call* call, int panel)
    {
        Kernel* kernel = call->Kernel;
        byte* weights = call->Weights + panel * kernel->PanelBytes;
        long column = (long)panel * PanelLayout.Rows;
        int columns = (int)Math.Min(PanelLayout.Rows, kernel->Width - column);
        if (columns == PanelLayout.Rows)
        {
            Multiply(kernel, weights, call->Operands, 0, call->Rows, column);
        }
        else // the last panel is not full: its products take a way around
        {
            float* products = stackalloc float[PartRows * PanelLayout.Rows];
            for (int row = 0; row < call->Rows; row += PartRows)
            {
                int rows = Math.Min(PartRows, call->Rows - row);
                PanelOperands part = call->Operands with { Output = products - (long)row * PanelLayout.Rows, Width = PanelLayout.Rows };
                Multiply(kernel, weights, part, row, rows, 0);
                for (int i = 0; i < rows; i++)
                    new Span<float>(products + i * PanelLayout.Rows, columns).CopyTo(new(call->Operands.Output + (row + i) * (long)kernel->Width + column, columns));
            }
        }
        if (call->Bias is null)
            return;
        for (int row = 0; row < call->Rows; row++)
        {
            float* output = call->Operands.Output + row * (long)kernel->Width + column;
            for (int i = 0; i < columns; i++)
                output[i] += call->Bias[column + i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(Kernel* kernel, byte* weights, in PanelOperands operands, int row, int rows, long column)
    {
        switch (kernel->Format)
        {
            case 0:
                PanelKernel<Panels8>.Multiply(weights, kernel->ZeroBytes, operands, row, rows, column);
                break;
            case 1:
                PanelKernel<Panels8Fine>.Multiply(weights, kernel->ZeroBytes, operands, row, rows, column);
                break;
            case 2:
                PanelKernel<Panels4>.Multiply(weights, kernel->ZeroBytes, operands, row, rows, column);
                break;
            default:
                PanelKernel<Panels4Fast>.Multiply(weights, kernel->ZeroBytes, operands, row, rows, column);
                break;
        }
    }
}
