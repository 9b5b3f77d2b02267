using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;

namespace Parley.Models.Kokoro;

/// <summary>
/// An array of f32 in NumPy's file format (<c>.npy</c>, versions 1 to 3): magic, version, length of the header, a Python literal
/// with type, order and shape, then the values. numpy/numpy: doc/neps/nep-0001-npy-format.
/// </summary>
internal static partial class NumpyArray
{
    /// <summary>Reads all values in row-major order.</summary>
    /// <param name="stream">The file.</param>
    /// <param name="path">For messages.</param>
    /// <param name="length">How many values there must be.</param>
    /// <exception cref="ModelFileException">It is no such file, of another type or size.</exception>
    public static float[] ReadF32(Stream stream, string path, int length)
    {
        try
        {
            Span<byte> start = stackalloc byte[12];
            stream.ReadExactly(start[..10]);
            if (!start[..6].SequenceEqual(Magic))
                throw new ModelFileException(path, "is no NumPy array: it does not begin with its magic.");
            int header = BinaryPrimitives.ReadUInt16LittleEndian(start[8..]);
            if (start[6] > 1)
            {
                stream.ReadExactly(start[10..]);
                header = (int)Math.Min(int.MaxValue, BinaryPrimitives.ReadUInt32LittleEndian(start[8..]));
            }
            if (header > 65_536)
                throw new ModelFileException(path, $"has a header of {header} bytes; a NumPy array has at most a few hundred.");
            byte[] description = new byte[header];
            stream.ReadExactly(description);
            Check(Encoding.UTF8.GetString(description), path, length);
            byte[] bytes = new byte[length * sizeof(float)];
            stream.ReadExactly(bytes);
            float[] values = new float[length];
            for (int i = 0; i < length; i++)
                values[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(i * sizeof(float)));
            return values;
        }
        catch (EndOfStreamException fault)
        {
            throw new ModelFileException(path, "ends before its last value. Fetch it again.", fault);
        }
    }

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    private static void Check(string header, string path, int length)
    {
        if (!header.Contains("'<f4'", StringComparison.Ordinal) || !header.Contains("'fortran_order': False", StringComparison.Ordinal))
            throw new ModelFileException(path, $"holds another type or order than f32 by rows: {header.Trim()}");
        Match shape = Shape().Match(header);
        long product = shape.Success ? 1 : -1;
        foreach (Capture dimension in shape.Groups["n"].Captures)
            product = long.TryParse(dimension.ValueSpan, out long n) && n <= length ? product * n : -1;
        if (product != length)
            throw new ModelFileException(path, $"holds another number of values than {length}: {header.Trim()}");
    }

    [GeneratedRegex(@"'shape': \((?:(?<n>\d+),? ?)+\)")]
    private static partial Regex Shape();
}
