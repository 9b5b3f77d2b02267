using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Parley.Graphs;

/// <summary>Rows of activations in 8 bit, and where their products go.</summary>
internal unsafe struct PanelOperands
{
    /// <summary>[rows, blocks, block size] in steps of the block's scale, -127 to 127; the last block is padded with zeros.</summary>
    public sbyte* Values;

    /// <summary>[rows, blocks].</summary>
    public float* Scales;

    /// <summary>[rows, blocks]: the sum of a block's values, which a zero point multiplies.</summary>
    public int* Sums;

    /// <summary>Blocks of a row.</summary>
    public int Blocks;

    /// <summary>[rows, width].</summary>
    public float* Output;

    /// <summary>Outputs of a row.</summary>
    public long Width;
}

/// <summary>
/// The product of a few rows of activations and one panel of weights (<see cref="PanelLayout"/>): integer dot products within a block,
/// f32 across blocks. Reads the panel once, in order, and asks for what comes next ahead of time, which is what lets one row be
/// multiplied as fast as memory is read. AVX-VNNI.
/// </summary>
internal static unsafe class PanelKernel<TFormat> where TFormat : struct, IPanelFormat
{
    private const int Line = 64;
    private const int Ahead = 8192; // bytes: what memory delivers while it is waited for
    private const int LinesOfPart = 4;

    /// <summary>
    /// True if 4-bit weights of 16 rows are multiplied at once: eight products of 15 and 127 in pairs just fit 16 bits, which a processor
    /// adds up twice as fast as AVX-VNNI does in 32.
    /// </summary>
    private static bool IsWide => TFormat.Bits == 4 && Avx512BW.IsSupported;

    /// <summary>Bytes of a block's values.</summary>
    private static int ValueBytes => TFormat.BlockSize * PanelLayout.Rows * TFormat.Bits / 8;

    /// <summary>Sixteen outputs of one row.</summary>
    private struct Columns<T> where T : struct
    {
        public Vector256<T> Low;
        public Vector256<T> High;
    }

    /// <summary>Multiplies <paramref name="rows"/> rows, beginning with <paramref name="row"/>, into 16 columns, beginning with <paramref name="column"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(byte* panel, int zeroBytes, in PanelOperands operands, int row, int rows, long column)
    {
        byte* zeros = panel;
        panel += zeroBytes;
        while (rows > 0)
        {
            int taken = rows >= 6 ? 6 : rows >= 4 ? 4 : rows >= 2 ? 2 : 1;
            switch (taken)
            {
                case 6 when IsWide:
                    Multiply6Wide(panel, zeros, operands, row, column);
                    break;
                case 4 when IsWide:
                    Multiply4Wide(panel, zeros, operands, row, column);
                    break;
                case 6:
                    Multiply6(panel, zeros, operands, row, column);
                    break;
                case 4:
                    Multiply4(panel, zeros, operands, row, column);
                    break;
                case 2:
                    Multiply2(panel, zeros, operands, row, column);
                    break;
                default:
                    Multiply1(panel, zeros, operands, row, column);
                    break;
            }
            row += taken;
            rows -= taken;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply1(byte* panel, byte* zeros, in PanelOperands o, int row, long column)
    {
        int valueBytes = ValueBytes; // no call in the loops, which would put all sums into memory
        sbyte* values = o.Values + (long)row * o.Blocks * TFormat.BlockSize;
        float* scales = o.Scales + (long)row * o.Blocks;
        int* sums = o.Sums + (long)row * o.Blocks;
        Columns<float> total = default;
        for (int block = 0; block < o.Blocks; block++, panel += valueBytes + PanelLayout.Rows * sizeof(float))
        {
            Sse.Prefetch0(panel + valueBytes + Ahead);
            Columns<int> even = Begin(zeros, block, sums[block]), odd = default; // two chains each, to hide the latency
            for (int step = 0; step < valueBytes / Line; step += TFormat.Bits == 8 ? 2 : 1)
            {
                byte* line = panel + step * Line;
                Sse.Prefetch0(line + Ahead);
                if (TFormat.Bits == 8)
                {
                    Sse.Prefetch0(line + Line + Ahead);
                    Add(ref even, Vector256.Load(line), Vector256.Load(line + 32), values);
                    Add(ref odd, Vector256.Load(line + 64), Vector256.Load(line + 96), values + 4);
                }
                else
                {
                    Vector256<byte> low = Vector256.Load(line), high = Vector256.Load(line + 32);
                    Add(ref even, First(low), First(high), values);
                    Add(ref odd, Second(low), Second(high), values + 4);
                }
                values += 8;
            }
            even.Low += odd.Low;
            even.High += odd.High;
            Scale(ref total, even, scales[block], (float*)(panel + valueBytes));
        }
        Store(total, o.Output + row * o.Width + column);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply2(byte* panel, byte* zeros, in PanelOperands o, int row, long column)
    {
        int valueBytes = ValueBytes; // no call in the loops, which would put all sums into memory
        int stride = o.Blocks * TFormat.BlockSize;
        sbyte* values = o.Values + (long)row * stride;
        float* scales = o.Scales + (long)row * o.Blocks;
        int* sums = o.Sums + (long)row * o.Blocks;
        Columns<float> total0 = default, total1 = default;
        for (int block = 0; block < o.Blocks; block++, panel += valueBytes + PanelLayout.Rows * sizeof(float))
        {
            Sse.Prefetch0(panel + valueBytes + Ahead);
            Columns<int> a = Begin(zeros, block, sums[block]), b = Begin(zeros, block, sums[o.Blocks + block]);
            for (int step = 0; step < valueBytes / Line; step++)
            {
                byte* line = panel + step * Line;
                Sse.Prefetch0(line + Ahead);
                Vector256<byte> low = Vector256.Load(line), high = Vector256.Load(line + 32);
                Add(ref a, First(low), First(high), values);
                Add(ref b, First(low), First(high), values + stride);
                values += 4;
                if (TFormat.Bits == 8)
                    continue;
                Add(ref a, Second(low), Second(high), values);
                Add(ref b, Second(low), Second(high), values + stride);
                values += 4;
            }
            float* widths = (float*)(panel + valueBytes);
            Scale(ref total0, a, scales[block], widths);
            Scale(ref total1, b, scales[o.Blocks + block], widths);
        }
        Store(total0, o.Output + row * o.Width + column);
        Store(total1, o.Output + (row + 1) * o.Width + column);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply4(byte* panel, byte* zeros, in PanelOperands o, int row, long column)
    {
        int valueBytes = ValueBytes; // no call in the loops, which would put all sums into memory
        int stride = o.Blocks * TFormat.BlockSize, blocks = o.Blocks;
        sbyte* values = o.Values + (long)row * stride;
        float* scales = o.Scales + (long)row * blocks;
        int* sums = o.Sums + (long)row * blocks;
        Columns<float> total0 = default, total1 = default, total2 = default, total3 = default;
        for (int block = 0; block < blocks; block++, panel += valueBytes + PanelLayout.Rows * sizeof(float))
        {
            Sse.Prefetch0(panel + valueBytes + Ahead);
            Columns<int> a = Begin(zeros, block, sums[block]), b = Begin(zeros, block, sums[blocks + block]);
            Columns<int> c = Begin(zeros, block, sums[2 * blocks + block]), d = Begin(zeros, block, sums[3 * blocks + block]);
            for (int step = 0; step < valueBytes / Line; step++)
            {
                byte* line = panel + step * Line;
                Sse.Prefetch0(line + Ahead);
                Vector256<byte> low = Vector256.Load(line), high = Vector256.Load(line + 32), x = First(low), y = First(high);
                Add(ref a, x, y, values);
                Add(ref b, x, y, values + stride);
                Add(ref c, x, y, values + 2 * stride);
                Add(ref d, x, y, values + 3 * stride);
                values += 4;
                if (TFormat.Bits == 8)
                    continue;
                x = Second(low);
                y = Second(high);
                Add(ref a, x, y, values);
                Add(ref b, x, y, values + stride);
                Add(ref c, x, y, values + 2 * stride);
                Add(ref d, x, y, values + 3 * stride);
                values += 4;
            }
            float* widths = (float*)(panel + valueBytes);
            Scale(ref total0, a, scales[block], widths);
            Scale(ref total1, b, scales[blocks + block], widths);
            Scale(ref total2, c, scales[2 * blocks + block], widths);
            Scale(ref total3, d, scales[3 * blocks + block], widths);
        }
        Store(total0, o.Output + row * o.Width + column);
        Store(total1, o.Output + (row + 1) * o.Width + column);
        Store(total2, o.Output + (row + 2) * o.Width + column);
        Store(total3, o.Output + (row + 3) * o.Width + column);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply6(byte* panel, byte* zeros, in PanelOperands o, int row, long column)
    {
        int valueBytes = ValueBytes; // no call in the loops, which would put all sums into memory
        int stride = o.Blocks * TFormat.BlockSize, blocks = o.Blocks;
        sbyte* values = o.Values + (long)row * stride, more = values + 3L * stride;
        float* scales = o.Scales + (long)row * blocks;
        int* sums = o.Sums + (long)row * blocks;
        Columns<float>* totals = stackalloc Columns<float>[6]; // twelve sums of integers leave no registers for them
        for (int block = 0; block < blocks; block++, panel += valueBytes + PanelLayout.Rows * sizeof(float))
        {
            Sse.Prefetch0(panel + valueBytes + Ahead);
            Columns<int> a = Begin(zeros, block, sums[block]), b = Begin(zeros, block, sums[blocks + block]);
            Columns<int> c = Begin(zeros, block, sums[2 * blocks + block]), d = Begin(zeros, block, sums[3 * blocks + block]);
            Columns<int> e = Begin(zeros, block, sums[4 * blocks + block]), f = Begin(zeros, block, sums[5 * blocks + block]);
            for (int step = 0; step < valueBytes / Line; step++)
            {
                byte* line = panel + step * Line;
                Sse.Prefetch0(line + Ahead);
                Vector256<byte> x = First(Vector256.Load(line)), y = First(Vector256.Load(line + 32));
                Add(ref a, x, y, values);
                Add(ref b, x, y, values + stride);
                Add(ref c, x, y, values + 2 * stride);
                Add(ref d, x, y, more);
                Add(ref e, x, y, more + stride);
                Add(ref f, x, y, more + 2 * stride);
                values += 4;
                more += 4;
                if (TFormat.Bits == 8)
                    continue;
                x = Second(Vector256.Load(line));
                y = Second(Vector256.Load(line + 32));
                Add(ref a, x, y, values);
                Add(ref b, x, y, values + stride);
                Add(ref c, x, y, values + 2 * stride);
                Add(ref d, x, y, more);
                Add(ref e, x, y, more + stride);
                Add(ref f, x, y, more + 2 * stride);
                values += 4;
                more += 4;
            }
            float* widths = (float*)(panel + valueBytes);
            Scale(ref totals[0], a, scales[block], widths);
            Scale(ref totals[1], b, scales[blocks + block], widths);
            Scale(ref totals[2], c, scales[2 * blocks + block], widths);
            Scale(ref totals[3], d, scales[3 * blocks + block], widths);
            Scale(ref totals[4], e, scales[4 * blocks + block], widths);
            Scale(ref totals[5], f, scales[5 * blocks + block], widths);
        }
        for (int i = 0; i < 6; i++)
            Store(totals[i], o.Output + (row + i) * o.Width + column);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply4Wide(byte* panel, byte* zeros, in PanelOperands o, int row, long column)
    {
        int valueBytes = ValueBytes, stride = o.Blocks * TFormat.BlockSize, blocks = o.Blocks;
        sbyte* values = o.Values + (long)row * stride;
        float* scales = o.Scales + (long)row * blocks;
        int* sums = o.Sums + (long)row * blocks;
        Vector512<byte> mask = Vector512.Create((byte)15);
        Vector512<float> total0 = default, total1 = default, total2 = default, total3 = default;
        for (int block = 0; block < blocks; block++, panel += valueBytes + PanelLayout.Rows * sizeof(float))
        {
            Sse.Prefetch0(panel + valueBytes + Ahead);
            Vector512<int> a = BeginWide(zeros, block, sums[block]);
            Vector512<int> b = BeginWide(zeros, block, sums[blocks + block]);
            Vector512<int> c = BeginWide(zeros, block, sums[2 * blocks + block]);
            Vector512<int> d = BeginWide(zeros, block, sums[3 * blocks + block]);
            for (int part = 0; part < valueBytes; part += LinesOfPart * Line)
            {
                Vector512<short> aPart = default, bPart = default, cPart = default, dPart = default;
                for (int line = part; line < part + LinesOfPart * Line; line += Line)
                {
                    Sse.Prefetch0(panel + line + Ahead);
                    Vector512<byte> bytes = Vector512.Load(panel + line), x = bytes & mask, y = (bytes.AsUInt16() >> 4).AsByte() & mask;
                    Add(ref aPart, x, values);
                    Add(ref bPart, x, values + stride);
                    Add(ref cPart, x, values + 2 * stride);
                    Add(ref dPart, x, values + 3 * stride);
                    Add(ref aPart, y, values + 4);
                    Add(ref bPart, y, values + stride + 4);
                    Add(ref cPart, y, values + 2 * stride + 4);
                    Add(ref dPart, y, values + 3 * stride + 4);
                    values += 8;
                }
                a += Widen(aPart);
                b += Widen(bPart);
                c += Widen(cPart);
                d += Widen(dPart);
            }
            Vector512<float> widths = Vector512.Load((float*)(panel + valueBytes));
            total0 = Scale(a, scales[block], widths, total0);
            total1 = Scale(b, scales[blocks + block], widths, total1);
            total2 = Scale(c, scales[2 * blocks + block], widths, total2);
            total3 = Scale(d, scales[3 * blocks + block], widths, total3);
        }
        total0.Store(o.Output + row * o.Width + column);
        total1.Store(o.Output + (row + 1) * o.Width + column);
        total2.Store(o.Output + (row + 2) * o.Width + column);
        total3.Store(o.Output + (row + 3) * o.Width + column);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply6Wide(byte* panel, byte* zeros, in PanelOperands o, int row, long column)
    {
        int valueBytes = ValueBytes, stride = o.Blocks * TFormat.BlockSize, blocks = o.Blocks;
        sbyte* values = o.Values + (long)row * stride, more = values + 3L * stride;
        float* scales = o.Scales + (long)row * blocks;
        int* sums = o.Sums + (long)row * blocks;
        Vector512<byte> mask = Vector512.Create((byte)15);
        Vector512<float> total0 = default, total1 = default, total2 = default, total3 = default, total4 = default, total5 = default;
        for (int block = 0; block < blocks; block++, panel += valueBytes + PanelLayout.Rows * sizeof(float))
        {
            Sse.Prefetch0(panel + valueBytes + Ahead);
            Vector512<int> a = BeginWide(zeros, block, sums[block]);
            Vector512<int> b = BeginWide(zeros, block, sums[blocks + block]);
            Vector512<int> c = BeginWide(zeros, block, sums[2 * blocks + block]);
            Vector512<int> d = BeginWide(zeros, block, sums[3 * blocks + block]);
            Vector512<int> e = BeginWide(zeros, block, sums[4 * blocks + block]);
            Vector512<int> f = BeginWide(zeros, block, sums[5 * blocks + block]);
            for (int part = 0; part < valueBytes; part += LinesOfPart * Line)
            {
                Vector512<short> aPart = default, bPart = default, cPart = default, dPart = default, ePart = default, fPart = default;
                for (int line = part; line < part + LinesOfPart * Line; line += Line)
                {
                    Sse.Prefetch0(panel + line + Ahead);
                    Vector512<byte> bytes = Vector512.Load(panel + line), x = bytes & mask, y = (bytes.AsUInt16() >> 4).AsByte() & mask;
                    Add(ref aPart, x, values);
                    Add(ref bPart, x, values + stride);
                    Add(ref cPart, x, values + 2 * stride);
                    Add(ref dPart, x, more);
                    Add(ref ePart, x, more + stride);
                    Add(ref fPart, x, more + 2 * stride);
                    Add(ref aPart, y, values + 4);
                    Add(ref bPart, y, values + stride + 4);
                    Add(ref cPart, y, values + 2 * stride + 4);
                    Add(ref dPart, y, more + 4);
                    Add(ref ePart, y, more + stride + 4);
                    Add(ref fPart, y, more + 2 * stride + 4);
                    values += 8;
                    more += 8;
                }
                a += Widen(aPart);
                b += Widen(bPart);
                c += Widen(cPart);
                d += Widen(dPart);
                e += Widen(ePart);
                f += Widen(fPart);
            }
            Vector512<float> widths = Vector512.Load((float*)(panel + valueBytes));
            total0 = Scale(a, scales[block], widths, total0);
            total1 = Scale(b, scales[blocks + block], widths, total1);
            total2 = Scale(c, scales[2 * blocks + block], widths, total2);
            total3 = Scale(d, scales[3 * blocks + block], widths, total3);
            total4 = Scale(e, scales[4 * blocks + block], widths, total4);
            total5 = Scale(f, scales[5 * blocks + block], widths, total5);
        }
        total0.Store(o.Output + row * o.Width + column);
        total1.Store(o.Output + (row + 1) * o.Width + column);
        total2.Store(o.Output + (row + 2) * o.Width + column);
        total3.Store(o.Output + (row + 3) * o.Width + column);
        total4.Store(o.Output + (row + 4) * o.Width + column);
        total5.Store(o.Output + (row + 5) * o.Width + column);
    }

    /// <summary>Minus the zero points times the sum of the activations: what the unsigned weights multiply too much.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Columns<int> Begin(byte* zeros, int block, int sum)
    {
        if (!TFormat.HasZeroPoints)
        {
            Vector256<int> same = Vector256.Create(-(sum << (TFormat.Bits - 1)));
            return new() { Low = same, High = same };
        }
        byte* sixteen = zeros + block * PanelLayout.Rows;
        return new() { Low = Avx2.ConvertToVector256Int32(sixteen) * -sum, High = Avx2.ConvertToVector256Int32(sixteen + 8) * -sum };
    }

    /// <summary>Four values of 16 rows of weights times four activations.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref Columns<int> sum, Vector256<byte> low, Vector256<byte> high, sbyte* activations)
    {
        Vector256<sbyte> four = Vector256.Create(Unsafe.ReadUnaligned<int>(activations)).AsSByte();
        sum.Low = AvxVnni.MultiplyWideningAndAdd(sum.Low, low, four);
        sum.High = AvxVnni.MultiplyWideningAndAdd(sum.High, high, four);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale(ref Columns<float> total, Columns<int> sum, float scale, float* widths)
    {
        Vector256<float> scales = Vector256.Create(scale);
        total.Low = Fma.MultiplyAdd(Vector256.ConvertToSingle(sum.Low), scales * Vector256.Load(widths), total.Low);
        total.High = Fma.MultiplyAdd(Vector256.ConvertToSingle(sum.High), scales * Vector256.Load(widths + 8), total.High);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Columns<float> total, float* output)
    {
        total.Low.Store(output);
        total.High.Store(output + 8);
    }

    /// <summary>The values of a step, or at 4 bit its first half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> First(Vector256<byte> bytes) => TFormat.Bits == 8 ? bytes : bytes & Vector256.Create((byte)15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Second(Vector256<byte> bytes) => (bytes.AsUInt16() >> 4).AsByte() & Vector256.Create((byte)15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> BeginWide(byte* zeros, int block, int sum) => TFormat.HasZeroPoints
        ? Avx512F.ConvertToVector512Int32(Vector128.Load(zeros + block * PanelLayout.Rows)) * -sum
        : Vector512.Create(-(sum << (TFormat.Bits - 1)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref Vector512<short> sum, Vector512<byte> weights, sbyte* activations) =>
        sum += Avx512BW.MultiplyAddAdjacent(weights, Vector512.Create(Unsafe.ReadUnaligned<int>(activations)).AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Widen(Vector512<short> sum) => Avx512BW.MultiplyAddAdjacent(sum, Vector512<short>.One);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Scale(Vector512<int> sum, float scale, Vector512<float> widths, Vector512<float> total) =>
        Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(sum), Vector512.Create(scale) * widths, total);
}
