namespace Parley.Graphs;

/// <summary>Rows [out, in] of one or more weights, quantised in blocks and laid into panels (<see cref="PanelLayout"/>).</summary>
internal sealed class PanelInitializer : StackedInitializer
{
    private readonly Precision precision;
    private readonly PanelLayout layout;

    public PanelInitializer(string name, Weight[] rows, Precision precision) : base(name, rows)
    {
        this.precision = precision;
        layout = new(precision, Depth, Width);
        Parts = [new($"{name}.{precision}.panels", ElementType.U8, [layout.Panels, layout.PanelBytes])];
    }

    public override IReadOnlyList<InitializerPart> Parts { get; }

    /// <summary>The node that multiplies with these rows.</summary>
    public GraphNode Product(string input, string bias, string output) => new(
        PanelProduct.Name, GraphNode.Parley, bias.Length > 0 ? [input, Parts[0].Name, bias] : [input, Parts[0].Name], [output],
        [GraphNode.Attribute("depth", Depth), GraphNode.Attribute("width", Width), GraphNode.Attribute("format", PanelProduct.FormatOf(precision))]);

    public override void Write(PartWriter writer, Action<long> progress, CancellationToken cancel)
    {
        WeightReader[] readers = [.. Rows.Select(weight => weight.Open())];
        BlockQuantizer quantizer = new(precision, Depth);
        int chunkPanels = Math.Max(1, ChunkElements / (Depth * PanelLayout.Rows));
        Parallel.For(0, (layout.Panels + chunkPanels - 1) / chunkPanels, new ParallelOptions { CancellationToken = cancel }, chunk =>
        {
            int first = chunk * chunkPanels, count = Math.Min(chunkPanels, layout.Panels - first);
            float[] values = new float[Depth], scales = new float[quantizer.Blocks];
            byte[] packed = new byte[quantizer.RowBytes], zeros = new byte[quantizer.ZeroPointBytes], panels = new byte[count * layout.PanelBytes];
            int top = first * PanelLayout.Rows, end = Math.Min(top + count * PanelLayout.Rows, Width);
            for (int row = top; row < end; row++)
            {
                Read(readers, row, values);
                quantizer.Quantize(values, packed, scales, zeros);
                int panel = (row - top) / PanelLayout.Rows;
                layout.Pack(row % PanelLayout.Rows, packed, scales, zeros, panels.AsSpan((int)(panel * layout.PanelBytes), (int)layout.PanelBytes));
            }
            writer(0, first * layout.PanelBytes, panels);
            progress((long)(end - top) * Depth);
        });
    }

    /// <summary>One row of the stacked weights.</summary>
    private void Read(WeightReader[] readers, int row, float[] values)
    {
        int weight = 0;
        for (; row >= Rows[weight].Shape[0]; weight++)
            row -= Rows[weight].Shape[0];
        readers[weight]((long)row * Depth, values);
    }
}
