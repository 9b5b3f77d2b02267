using System.Runtime.InteropServices;

namespace Parley.Graphs;

/// <summary>Rows [out, in] of one or more weights, quantised in blocks along the row as MatMulNBits takes them.</summary>
internal sealed class QuantizedInitializer : StackedInitializer
{
    private readonly BlockQuantizer quantizer;
    private readonly Precision precision;

    public QuantizedInitializer(string name, Weight[] rows, Precision precision) : base(name, rows)
    {
        this.precision = precision;
        quantizer = new(precision, Depth);
        List<InitializerPart> parts =
        [
            new($"{name}.{precision}", ElementType.U8, [Width, quantizer.Blocks, quantizer.BlockBytes]),
            new($"{name}.{precision}.scales", ElementType.F32, [Width, quantizer.Blocks]),
        ];
        if (precision.HasZeroPoints)
            parts.Add(new($"{name}.{precision}.zeros", ElementType.U8, [Width, quantizer.ZeroPointBytes]));
        Parts = parts;
    }

    /// <summary>The same rows as <see cref="PanelProduct"/> reads them; null where it does not run or has no kernels for them.</summary>
    public PanelInitializer? ToPanels() => PanelProduct.IsSupported && PanelProduct.FormatOf(precision) >= 0 ? new(Name, Rows, precision) : null;

    public override IReadOnlyList<InitializerPart> Parts { get; }

    public override void Write(PartWriter writer, Action<long> progress, CancellationToken cancel)
    {
        int top = 0;
        foreach (Weight weight in Rows)
        {
            WriteRows(weight, top, writer, progress, cancel);
            top += weight.Shape[0];
        }
    }

    private void WriteRows(Weight weight, int top, PartWriter writer, Action<long> progress, CancellationToken cancel)
    {
        WeightReader reader = weight.Open();
        int count = weight.Shape[0], chunkRows = Math.Max(1, ChunkElements / Depth);
        Parallel.For(0, (count + chunkRows - 1) / chunkRows, new ParallelOptions { CancellationToken = cancel }, chunk =>
        {
            int first = chunk * chunkRows, height = Math.Min(chunkRows, count - first);
            float[] values = new float[height * Depth];
            byte[] packed = new byte[height * quantizer.RowBytes];
            float[] scales = new float[height * quantizer.Blocks];
            byte[] zeros = new byte[height * quantizer.ZeroPointBytes];
            reader((long)first * Depth, values);
            for (int row = 0; row < height; row++)
            {
                quantizer.Quantize(
                    values.AsSpan(row * Depth, Depth), packed.AsSpan(row * quantizer.RowBytes, quantizer.RowBytes),
                    scales.AsSpan(row * quantizer.Blocks, quantizer.Blocks), zeros.AsSpan(row * quantizer.ZeroPointBytes, quantizer.ZeroPointBytes));
            }
            long at = top + first;
            writer(0, at * quantizer.RowBytes, packed);
            writer(1, at * quantizer.Blocks * sizeof(float), MemoryMarshal.AsBytes<float>(scales));
            if (Parts.Count > 2)
                writer(2, at * quantizer.ZeroPointBytes, zeros);
            progress(values.Length);
        });
    }
}
