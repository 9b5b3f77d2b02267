using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.Win32.SafeHandles;
using Onnx;

namespace Parley.Graphs;

/// <summary>One graph as two files: nodes and small constants in the ONNX file, everything else at fixed places in the weights file.</summary>
internal sealed class CompiledGraph
{
    private const int InlineBytes = 1024;     // smaller constants go into the ONNX file
    private const int Alignment = 4096;       // a page, so that a tensor's pages are its own
    private const int BlockBytes = 1 << 24;   // bytes under one checksum
    private const string KeyEntry = "parley.key", ChecksumsEntry = "parley.checksums";

    private readonly Graph graph;
    private readonly string folder;
    private readonly List<(Initializer Initializer, long[] Offsets)> placed = [];
    private long weightBytes;

    public CompiledGraph(Graph graph, string folder, string stem)
    {
        this.graph = graph;
        this.folder = folder;
        ModelPath = Path.Combine(folder, $"{stem}.onnx");
        WeightsPath = Path.Combine(folder, $"{stem}.weights");
        Model = graph.ToOnnx(Place);
    }

    public string ModelPath { get; }

    public string WeightsPath { get; }

    /// <summary>The nodes, pointing into the weights file.</summary>
    public ModelProto Model { get; }

    /// <summary>True if both files are there, belong to this key, and every block has its checksum.</summary>
    public bool IsWhole(string key, CancellationToken cancel)
    {
        try
        {
            if (!File.Exists(ModelPath) || !File.Exists(WeightsPath))
                return false;
            ModelProto stored = ModelProto.Parser.ParseFrom(File.ReadAllBytes(ModelPath));
            string? checksums = Entry(stored, ChecksumsEntry);
            using MappedFile weights = new(WeightsPath);
            return Entry(stored, KeyEntry) == key && weights.Length == weightBytes && Checksums(weights, cancel) == checksums;
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or IOException or CheckpointException)
        {
            return false;
        }
    }

    /// <summary>Writes both files under other names and renames them at the end, the ONNX file last: half a compilation is never found.</summary>
    public void Write(string key, IProgress<CompileProgress>? progress, CancellationToken cancel)
    {
        Directory.CreateDirectory(folder);
        CheckRoom();
        string partial = $"{WeightsPath}.{Environment.ProcessId}.partial";
        try
        {
            WriteWeights(partial, progress, cancel);
            string checksums;
            using (MappedFile weights = new(partial))
                checksums = Checksums(weights, cancel);
            ModelProto stored = Model.Clone();
            stored.MetadataProps.Add(new StringStringEntryProto { Key = KeyEntry, Value = key });
            stored.MetadataProps.Add(new StringStringEntryProto { Key = ChecksumsEntry, Value = checksums });
            File.Move(partial, WeightsPath, overwrite: true);
            partial = $"{ModelPath}.{Environment.ProcessId}.partial";
            File.WriteAllBytes(partial, stored.ToByteArray());
            File.Move(partial, ModelPath, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    private static string? Entry(ModelProto model, string key) => model.MetadataProps.FirstOrDefault(entry => entry.Key == key)?.Value;

    private IEnumerable<TensorProto> Place(Initializer initializer)
    {
        if (initializer.ByteLength <= InlineBytes)
        {
            foreach (TensorProto tensor in initializer.ToInline(_ => { }, CancellationToken.None))
                yield return tensor;
            yield break;
        }
        long[] offsets = new long[initializer.Parts.Count];
        for (int i = 0; i < offsets.Length; i++)
        {
            InitializerPart part = initializer.Parts[i];
            offsets[i] = weightBytes = (weightBytes + Alignment - 1) / Alignment * Alignment;
            weightBytes += part.ByteLength;
            TensorProto tensor = part.ToOnnx();
            tensor.DataLocation = TensorProto.Types.DataLocation.External;
            AddExternal(tensor, "location", Path.GetFileName(WeightsPath));
            AddExternal(tensor, "offset", offsets[i].ToString(CultureInfo.InvariantCulture));
            AddExternal(tensor, "length", part.ByteLength.ToString(CultureInfo.InvariantCulture));
            yield return tensor;
        }
        placed.Add((initializer, offsets));
    }

    private static void AddExternal(TensorProto tensor, string key, string value) =>
        tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });

    private void WriteWeights(string path, IProgress<CompileProgress>? progress, CancellationToken cancel)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        RandomAccess.SetLength(file, weightBytes);
        long done = 0, total = placed.Sum(place => place.Initializer.Parameters);
        foreach ((Initializer initializer, long[] offsets) in placed)
        {
            cancel.ThrowIfCancellationRequested();
            initializer.Write(
                (part, offset, bytes) => RandomAccess.Write(file, bytes, offsets[part] + offset),
                count => progress?.Report(new(graph.Name, Interlocked.Add(ref done, count), total)), cancel);
        }
        RandomAccess.FlushToDisk(file);
    }

    private void CheckRoom()
    {
        long free = new DriveInfo(folder).AvailableFreeSpace;
        if (free < weightBytes)
            throw new IOException($"Compiling '{graph.Name}' at {graph.Precision} needs {weightBytes >> 20} MB in {folder}, {free >> 20} MB are free there. "
                + "Free some, or choose a coarser precision or another cache folder.");
    }

    /// <summary>CRC-32C of every block, as text.</summary>
    private static string Checksums(MappedFile weights, CancellationToken cancel)
    {
        int blocks = (int)((weights.Length + BlockBytes - 1) / BlockBytes);
        uint[] sums = new uint[blocks];
        Parallel.For(0, blocks, new ParallelOptions { CancellationToken = cancel }, block =>
        {
            long offset = (long)block * BlockBytes;
            sums[block] = Crc32C(weights.Bytes(offset, (int)Math.Min(BlockBytes, weights.Length - offset)));
        });
        return Convert.ToHexStringLower(MemoryMarshal.AsBytes<uint>(sums));
    }

    private static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        uint sum = uint.MaxValue;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
            sum = BitOperations.Crc32C(sum, word);
        foreach (byte rest in bytes[(words.Length * sizeof(ulong))..])
            sum = BitOperations.Crc32C(sum, rest);
        return ~sum;
    }
}
