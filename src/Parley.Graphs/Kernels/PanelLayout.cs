namespace Parley.Graphs;

/// <summary>
/// Rows [out, in] of a quantised weight as the kernels read them: in panels of 16 rows, each one run of memory. A panel begins with its
/// zero points, a byte for each row and block, where there are any; then, block by block along the rows, the values and 16 scales
/// in f32. Values are interleaved by fours: 64 bytes hold four neighbouring values of all 16 rows at 8 bit, eight at 4 bit (the first
/// four in the low nibbles). Rows beyond the last have scale 0, values beyond a row's end are its zero.
/// </summary>
internal sealed class PanelLayout
{
    /// <summary>Rows of a panel.</summary>
    public const int Rows = 16;

    private const int Line = 64; // bytes of a cache line, and of one step of the kernels

    private readonly Precision precision;

    public PanelLayout(Precision precision, int depth, int width)
    {
        this.precision = precision;
        Blocks = (depth + precision.BlockSize - 1) / precision.BlockSize;
        Panels = (width + Rows - 1) / Rows;
        ZeroBytes = precision.HasZeroPoints ? (Blocks * Rows + Line - 1) / Line * Line : 0;
        ValueBytes = precision.BlockSize * Rows * precision.Bits / 8;
        PanelBytes = ZeroBytes + (long)Blocks * (ValueBytes + Rows * sizeof(float));
    }

    /// <summary>Blocks of a row.</summary>
    public int Blocks { get; }

    public int Panels { get; }

    public long PanelBytes { get; }

    /// <summary>Bytes of a panel's zero points.</summary>
    public int ZeroBytes { get; }

    /// <summary>Bytes of a block's values in a panel.</summary>
    public int ValueBytes { get; }

    /// <summary>Puts one quantised row into its panel, as <see cref="BlockQuantizer"/> made it.</summary>
    /// <param name="row">Its place in the panel, 0 to 15.</param>
    /// <param name="packed">[blocks, block bytes].</param>
    /// <param name="scales">[blocks].</param>
    /// <param name="zeros">Two blocks a byte; empty if there are none.</param>
    /// <param name="panel">The panel.</param>
    public void Pack(int row, ReadOnlySpan<byte> packed, ReadOnlySpan<float> scales, ReadOnlySpan<byte> zeros, Span<byte> panel)
    {
        int blockBytes = precision.BlockSize * precision.Bits / 8;
        for (int block = 0; block < Blocks; block++)
        {
            Span<byte> target = panel.Slice(ZeroBytes + block * (ValueBytes + Rows * sizeof(float)), ValueBytes + Rows * sizeof(float));
            ReadOnlySpan<byte> values = packed.Slice(block * blockBytes, blockBytes);
            for (int at = 0; at < precision.BlockSize; at++)
            {
                int q = precision.Bits == 8 ? values[at] : values[at / 2] >> (at % 2 * 4) & 15;
                int perStep = 32 / precision.Bits, within = at % perStep;
                target[at / perStep * Line + row * 4 + within % 4] |= (byte)(q << (within / 4 * 4));
            }
            BitConverter.TryWriteBytes(target[(ValueBytes + row * sizeof(float))..], scales[block]);
            if (precision.HasZeroPoints)
                panel[block * Rows + row] = (byte)(zeros[block / 2] >> (block % 2 * 4) & 15);
        }
    }
}
