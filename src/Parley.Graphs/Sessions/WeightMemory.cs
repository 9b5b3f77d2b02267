using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Microsoft.Win32.SafeHandles;
using Onnx;

namespace Parley.Graphs;

/// <summary>
/// The panels of one session (<see cref="PanelLayout"/>), read into <see cref="LargePages"/> instead of being mapped: a step reads all of them
/// once, a cache line after another. Dispose it after the session.
/// </summary>
internal sealed unsafe class WeightMemory : IDisposable
{
    private const int LeastBytes = 1 << 20; // smaller tensors stay where they are
    private const int ReadBytes = 16 << 20;

    private readonly List<nint> blocks = [];
    private readonly List<OrtValue> values = [];

    /// <summary>Reads the large tensors of a model's weights files and gives them to the session to be opened.</summary>
    /// <exception cref="IOException">A file ends early.</exception>
    public static WeightMemory Load(ModelProto model, string folder, SessionOptions options)
    {
        WeightMemory memory = new();
        HashSet<string> panels = [.. model.Graph.Node.Where(node => node.OpType == PanelProduct.Name).Select(node => node.Input[1])];
        try
        {
            foreach (IGrouping<string, TensorProto> file in model.Graph.Initializer.Where(tensor => panels.Contains(tensor.Name) && IsLarge(tensor)).GroupBy(tensor => External(tensor, "location")))
            {
                using SafeFileHandle handle = File.OpenHandle(Path.Combine(folder, file.Key));
                foreach (TensorProto tensor in file)
                    memory.Add(tensor, handle, options);
            }
            return memory;
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    private void Add(TensorProto tensor, SafeFileHandle file, SessionOptions options)
    {
        long offset = long.Parse(External(tensor, "offset"), CultureInfo.InvariantCulture), length = long.Parse(External(tensor, "length"), CultureInfo.InvariantCulture);
        byte* block = LargePages.Allocate(length);
        blocks.Add((nint)block);
        Parallel.For(0, (int)((length + ReadBytes - 1) / ReadBytes), part =>
        {
            long first = (long)part * ReadBytes;
            for (int read = 0, count = (int)Math.Min(ReadBytes, length - first); read < count;)
            {
                int more = RandomAccess.Read(file, new Span<byte>(block + first + read, count - read), offset + first + read);
                if (more == 0)
                    throw new EndOfStreamException($"The weights of '{tensor.Name}' end early.");
                read += more;
            }
        });
        OrtValue value = OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance, (TensorElementType)tensor.DataType, [.. tensor.Dims], (nint)block, length);
        values.Add(value);
        options.AddInitializer(tensor.Name, value);
    }

    private static bool IsLarge(TensorProto tensor) =>
        tensor.DataLocation == TensorProto.Types.DataLocation.External && long.Parse(External(tensor, "length"), CultureInfo.InvariantCulture) >= LeastBytes;

    private static string External(TensorProto tensor, string key) => tensor.ExternalData.First(entry => entry.Key == key).Value;

    public void Dispose()
    {
        values.ForEach(value => value.Dispose());
        blocks.ForEach(block => LargePages.Free((byte*)block));
        blocks.Clear();
    }
}
