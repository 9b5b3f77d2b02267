using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Parley.Graphs.Tests;

/// <summary>The machine code for every format, number of rows and width of vector that this processor has, against a plain sum.</summary>
public class PanelKernelTests
{
    public static TheoryData<bool, int> Kernels { get; } = new(
        from isWide in (bool[])[true, false]
        from format in Enumerable.Range(0, 4)
        select (isWide, format));

    [Theory]
    [MemberData(nameof(Kernels))]
    public void It_sums_products_as_the_definition_says(bool isWide, int format)
    {
        Assert.SkipUnless(ExecutableMemory.IsAllowed && (isWide ? PanelKernels.IsWide : AvxVnni.IsSupported), "This processor or system cannot run it.");
        Precision precision = PanelKernels.Formats[format];
        for (int rows = 1; rows <= PanelKernelWriter.MostRows(isWide); rows++)
            Compare(precision, rows, blocks: rows % 3 + 1, isWide);
    }

    private static unsafe void Compare(Precision precision, int rows, int blocks, bool isWide)
    {
        Random random = new(rows);
        int depth = blocks * precision.BlockSize;
        PanelLayout layout = new(precision, depth, PanelLayout.Rows);
        BlockQuantizer quantizer = new(precision, depth);
        float[][] weights = new float[PanelLayout.Rows][];
        const int margin = 64;
        byte* panel = (byte*)NativeMemory.AllocZeroed((nuint)layout.PanelBytes);
        for (int column = 0; column < PanelLayout.Rows; column++)
        {
            byte[] packed = new byte[quantizer.RowBytes], zeros = new byte[quantizer.ZeroPointBytes];
            float[] scales = new float[quantizer.Blocks], row = [.. Enumerable.Range(0, depth).Select(_ => random.NextSingle() * 2 - 0.7f)];
            quantizer.Quantize(row, packed, scales, zeros);
            layout.Pack(column, packed, scales, zeros, new(panel, (int)layout.PanelBytes));
            weights[column] = new float[depth];
            quantizer.Dequantize(packed, scales, zeros, weights[column]);
        }
        float[] input = [.. Enumerable.Range(0, rows * depth).Select(_ => random.NextSingle() * 2 - 1)];
        sbyte[] values = new sbyte[rows * depth];
        float[] stepsOf = new float[rows * blocks], products = new float[rows * PanelLayout.Rows + margin];
        int[] corrections = new int[rows * blocks];
        products.AsSpan().Fill(float.NaN);
        fixed (float* x = input, scales = stepsOf, y = products)
        fixed (sbyte* v = values)
        fixed (int* c = corrections)
        {
            for (int row = 0; row < rows; row++)
                ActivationQuantizer.Quantize(x + row * depth, depth, precision.BlockSize, precision.HasZeroPoints ? 1 : 1 << precision.Bits - 1, rows, v + row * 4, scales + row, c + row);
            PanelArguments arguments = new() { Panel = panel + layout.ZeroBytes, Zeros = panel, Values = v, Scales = scales, Corrections = c, Products = y, Blocks = blocks };
            ((delegate* unmanaged<PanelArguments*, void>)ExecutableMemory.Copy(PanelKernelWriter.Write(precision, rows, isWide)))(&arguments);
        }
        NativeMemory.Free(panel);
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < PanelLayout.Rows; column++)
            {
                double sum = 0;
                for (int at = 0; at < depth; at++)
                    sum += weights[column][at] * (double)stepsOf[at / precision.BlockSize * rows + row] * values[(at / 4 * rows + row) * 4 + at % 4];
                Assert.Equal(sum, products[row * PanelLayout.Rows + column], 1e-4 * Math.Sqrt(depth));
            }
        }
        Assert.All(products[(rows * PanelLayout.Rows)..], value => Assert.Equal(float.NaN, value)); // nothing is written beyond
    }
}
