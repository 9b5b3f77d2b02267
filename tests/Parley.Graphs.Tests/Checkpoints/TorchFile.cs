using System.IO.Compression;
using System.Text;

namespace Parley.Graphs.Tests;

/// <summary>Writes pickles and the zip form of torch, right or wrong as a test wants it.</summary>
internal static class TorchFile
{
    /// <summary>A zip archive of stored entries under the root <c>archive/</c>.</summary>
    public static byte[] Of(byte[] pickle, params (string Key, byte[] Storage)[] storages) =>
        Zip(CompressionLevel.NoCompression, [("archive/data.pkl", pickle), .. storages.Select(s => ($"archive/data/{s.Key}", s.Storage)), ("archive/version", "3\n"u8.ToArray())]);

    public static byte[] Zip(CompressionLevel level, params (string Name, byte[] Data)[] entries)
    {
        using MemoryStream stream = new();
        using (ZipArchive zip = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] data) in entries)
            {
                using Stream entry = zip.CreateEntry(name, level).Open();
                entry.Write(data);
            }
        }
        return stream.ToArray();
    }

    /// <summary>Protocol 2: the header, the parts, STOP.</summary>
    public static byte[] Pickle(params byte[][] parts) => [0x80, 2, .. parts.SelectMany(part => part), (byte)'.'];

    public static byte[] Text(string text) => [(byte)'X', .. BitConverter.GetBytes(Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    public static byte[] Int(int value) => [(byte)'J', .. BitConverter.GetBytes(value)];

    public static byte[] Global(string module, string name) => [(byte)'c', .. Encoding.UTF8.GetBytes($"{module}\n{name}\n")];

    public static byte[] Tuple(params byte[][] items) => [(byte)'(', .. items.SelectMany(item => item), (byte)'t'];

    public static byte[] Dict(params (string Key, byte[] Value)[] items) =>
        [(byte)'}', (byte)'(', .. items.SelectMany(item => Text(item.Key).Concat(item.Value)), (byte)'u'];

    public static byte[] Call(string module, string name, params byte[][] arguments) => [.. Global(module, name), .. Tuple(arguments), (byte)'R'];

    /// <summary>A tensor over a f32 storage.</summary>
    public static byte[] Tensor(string key, int numel, int offset, int[] shape, int[] strides, string storage = "FloatStorage") =>
        Call("torch._utils", "_rebuild_tensor_v2",
            [.. Tuple(Text("storage"), Global("torch", storage), Text(key), Text("cpu"), Int(numel)), (byte)'Q'],
            Int(offset), Tuple([.. shape.Select(Int)]), Tuple([.. strides.Select(Int)]), [0x89], Call("collections", "OrderedDict"));

    public static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    /// <summary>A tar archive (ustar) of plain files, or of what the type flag says.</summary>
    public static byte[] Tar(params (string Name, byte[] Data, char Type)[] members)
    {
        List<byte> tar = [];
        foreach ((string name, byte[] data, char type) in members)
        {
            byte[] header = new byte[512];
            Encoding.UTF8.GetBytes(name, header.AsSpan(0, 100));
            Encoding.UTF8.GetBytes(Convert.ToString(data.Length, 8).PadLeft(11, '0'), header.AsSpan(124));
            header.AsSpan(148, 8).Fill((byte)' ');
            header[156] = (byte)type;
            "ustar\0"u8.CopyTo(header.AsSpan(257));
            Encoding.UTF8.GetBytes(Convert.ToString(header.Sum(b => b), 8).PadLeft(6, '0') + "\0 ", header.AsSpan(148));
            tar.AddRange(header);
            tar.AddRange(data);
            tar.AddRange(new byte[(512 - data.Length % 512) % 512]);
        }
        tar.AddRange(new byte[1024]);
        return [.. tar];
    }
}
