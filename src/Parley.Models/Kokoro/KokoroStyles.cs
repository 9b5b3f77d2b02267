using System.IO.Compression;
using System.Runtime.InteropServices;
using Parley.Graphs;

namespace Parley.Models.Kokoro;

/// <summary>
/// The voices of Kokoro-82M: each is a table of 510 styles of 256 numbers, one for each length of text. Read from
/// <c>voices-v1.0.bin</c> (NumPy's zip, all voices), a folder of <c>NAME.bin</c> (raw little endian f32) and <c>NAME.pt</c> (torch), or
/// one such file. A table is read when its voice is first asked for. Safe to use from several threads at once.
/// </summary>
public sealed class KokoroStyles
{
    /// <summary>Rows of a table: the longest piece, in phonemes.</summary>
    public const int Rows = 510;

    /// <summary>Numbers in a style: 128 for the sound, 128 for the melody.</summary>
    public const int Width = 256;

    private readonly OrderedDictionary<string, Lazy<float[]>> tables = [];

    private KokoroStyles()
    {
    }

    /// <summary>Names of the voices (<c>af_heart</c>: American, female), sorted.</summary>
    public IReadOnlyList<string> Names => tables.Keys;

    /// <exception cref="ModelFileException">There is no such file or folder, or no voice in it.</exception>
    public static KokoroStyles Open(string path)
    {
        KokoroStyles styles = new();
        string[] files = Directory.Exists(path) ? [.. Directory.EnumerateFiles(path).Order(StringComparer.Ordinal)]
            : File.Exists(path) ? [path]
            : throw new ModelFileException(path, "is missing. It holds Kokoro's voices: voices-v1.0.bin, or a folder of .bin or .pt files.");
        foreach (string file in files)
            styles.Add(file);
        return styles.tables.Count > 0 ? styles : throw new ModelFileException(path, "holds no Kokoro voice (.bin, .npz or .pt).");
    }

    /// <summary>The style for a piece of so many phonemes.</summary>
    /// <param name="voice">One of <see cref="Names"/>.</param>
    /// <param name="phonemes">Characters of the piece.</param>
    /// <returns>[256]; the table's own memory.</returns>
    /// <exception cref="ModelFileException">The voice's file is damaged.</exception>
    public ReadOnlyMemory<float> Style(string voice, int phonemes) => tables[voice].Value.AsMemory(Row(phonemes) * Width, Width);

    /// <summary>The official pipeline's row: one less than the characters of the piece, held to the table. Other programs count the edges too and are one row further.</summary>
    internal static int Row(int phonemes) => Math.Clamp(phonemes - 1, 0, Rows - 1);

    private void Add(string file)
    {
        string name = Path.GetFileNameWithoutExtension(file);
        switch (Path.GetExtension(file))
        {
            case ".bin" or ".npz" when IsZip(file):
                foreach (string entry in EntriesOf(file))
                    tables.TryAdd(Path.GetFileNameWithoutExtension(entry), new(() => ReadEntry(file, entry)));
                break;
            case ".bin":
                tables.TryAdd(name, new(() => ReadRaw(file)));
                break;
            case ".pt":
                tables.TryAdd(name, new(() => ReadTorch(file)));
                break;
        }
    }

    private static bool IsZip(string file)
    {
        using FileStream stream = File.OpenRead(file);
        Span<byte> start = stackalloc byte[4];
        return stream.ReadAtLeast(start, 4, throwOnEndOfStream: false) == 4 && start.SequenceEqual("PK\x03\x04"u8);
    }

    private static IEnumerable<string> EntriesOf(string file)
    {
        try
        {
            using ZipArchive zip = ZipFile.OpenRead(file);
            return [.. zip.Entries.Select(entry => entry.FullName).Where(name => name.EndsWith(".npy", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        }
        catch (InvalidDataException fault)
        {
            throw new ModelFileException(file, $"is a damaged zip file ({fault.Message}). Fetch it again.", fault);
        }
    }

    private static float[] ReadEntry(string file, string entry)
    {
        try
        {
            using ZipArchive zip = ZipFile.OpenRead(file);
            using Stream stream = zip.GetEntry(entry)!.Open();
            return NumpyArray.ReadF32(stream, $"{file}/{entry}", Rows * Width);
        }
        catch (InvalidDataException fault)
        {
            throw new ModelFileException(file, $"is damaged at '{entry}' ({fault.Message}). Fetch it again.", fault);
        }
    }

    private static float[] ReadRaw(string file)
    {
        const int bytes = Rows * Width * sizeof(float);
        if (new FileInfo(file).Length != bytes)
            throw new ModelFileException(file, $"has {new FileInfo(file).Length} bytes; a Kokoro voice has {bytes}.");
        float[] table = new float[Rows * Width];
        using FileStream stream = File.OpenRead(file);
        stream.ReadExactly(MemoryMarshal.AsBytes(table.AsSpan()));
        return table;
    }

    private static float[] ReadTorch(string file)
    {
        try
        {
            using Checkpoint checkpoint = Checkpoint.Open(file);
            CheckpointTensor[] tensors = [.. checkpoint.Tensors];
            return tensors is [{ ElementCount: Rows * Width } table] ? table.ReadF32()
                : throw new ModelFileException(file, $"does not hold one tensor of {Rows} rows of {Width}.");
        }
        catch (CheckpointException fault)
        {
            throw new ModelFileException(file, fault.Problem, fault);
        }
    }
}
