using System.Collections.Immutable;
using System.Globalization;

namespace Parley.Graphs;

/// <summary>
/// PyTorch's zip form (pytorch/pytorch: torch/serialization.py, torch/_weights_only_unpickler.py): <c>ROOT/data.pkl</c> holds the
/// object tree, <c>ROOT/data/KEY</c> the storages, mapped in place. Nested containers become dotted names; plain values beside the
/// tensors become attributes.
/// </summary>
internal sealed class TorchArchive : IPickleVocabulary
{
    private const int MaxDepth = 64;
    private const int MaxNameLength = 1024;
    private const int MaxExpandedElements = 1 << 16; // an expanded view may repeat its storage, but not without bound

    private readonly ZipDirectory zip;
    private readonly string root;
    private readonly bool isBigEndian;
    private readonly ImmutableArray<string> opaqueClasses;
    private readonly CheckpointContent content;
    private long budget; // names a pickle may unfold to: shared containers could multiply without it

    private TorchArchive(ZipDirectory zip, string root, bool isBigEndian, CheckpointContent content)
    {
        this.zip = zip;
        this.root = root;
        this.isBigEndian = isBigEndian;
        this.content = content;
        opaqueClasses = content.OpaqueClasses;
    }

    private readonly record struct Storage(ElementType Type, FileRegion Data, long Elements);

    /// <summary>A tensor of the pickle, before it has a name.</summary>
    private sealed record TensorView(Storage Storage, long Offset, ImmutableArray<long> Shape, ImmutableArray<long> Strides);

    /// <exception cref="CheckpointException">The archive is damaged, or its pickle asks for what is not allowed.</exception>
    public static void Read(FileRegion archive, CheckpointContent content)
    {
        ZipDirectory zip = new(archive);
        string pickleName = zip.Names.FirstOrDefault(name => name.EndsWith("/data.pkl", StringComparison.Ordinal))
            ?? throw archive.Broken("this zip archive is not one of torch: it has no data.pkl.");
        string root = pickleName[..^"data.pkl".Length];
        if (zip.Contains($"{root}constants.pkl"))
            throw archive.Broken("this is a TorchScript program, not a weight file. Save its state_dict() instead.");
        bool isBigEndian = zip.Contains($"{root}byteorder") && ReadAll(zip.Stored($"{root}byteorder")).SequenceEqual("big"u8);
        ReadOnlySpan<byte> pickle = ReadAll(zip.Stored(pickleName));
        TorchArchive torch = new(zip, root, isBigEndian, content) { budget = pickle.Length + MaxDepth };
        try
        {
            torch.Unfold("", new Unpickler(torch).Read(pickle), 0);
        }
        catch (PickleException e)
        {
            throw new CheckpointException(archive.File.Path, $"its pickle ({pickleName}) is not accepted: {e.Message}. Nothing was run.", e);
        }
    }

    /// <inheritdoc/>
    public object? Persistent(object? id)
    {
        if (id is not PickleTuple { Items: ["storage", PickleSymbol type, string key, _, long elements, ..] } || elements < 0)
            throw new PickleException("a storage is not described as torch does it");
        ElementType element = StorageType(type.Name) ?? throw new PickleException($"the storage type '{type.Name}' is not known");
        FileRegion data = zip.Stored($"{root}data/{key}");
        if (elements > data.Length / (element.Bits() / 8))
            throw new PickleException($"storage '{key}' should hold {elements} values of {element.Bits() / 8} bytes and has {data.Length} bytes");
        return new Storage(element, data, elements);
    }

    /// <inheritdoc/>
    public object? Call(PickleSymbol function, object? arguments)
    {
        object?[] given = arguments is PickleTuple tuple ? tuple.Items : throw new PickleException($"'{function.Name}' is called without arguments");
        return function.Name switch
        {
            "torch._utils._rebuild_tensor_v2" or "torch._utils._rebuild_tensor"
                when given is [Storage storage, long offset, PickleTuple shape, PickleTuple strides, ..] => View(storage, offset, shape, strides),
            "torch._utils._rebuild_parameter" or "torch.nn.parameter.Parameter" when given is [TensorView tensor, ..] => tensor,
            "collections.OrderedDict" or "collections.defaultdict" => Dict(given),
            "torch.Size" when given is [PickleTuple or List<object?>] => given[0],
            "builtins.set" or "__builtin__.set" or "builtins.list" or "builtins.frozenset" => given is [List<object?> items] ? items : [],
            "_codecs.encode" when given is [string text, "latin1"] => System.Text.Encoding.Latin1.GetBytes(text),
            "torch.device" or "numpy.dtype"
                or "numpy.core.multiarray._reconstruct" or "numpy._core.multiarray._reconstruct"
                or "numpy.core.multiarray.scalar" or "numpy._core.multiarray.scalar" => new PickleRecord(function.Name, arguments),
            _ when IsOpaque(function.Name) => new PickleRecord(function.Name, arguments),
            _ => throw new PickleException($"it calls '{function.Name}', which no weight file needs"),
        };
    }

    private bool IsOpaque(string name) =>
        opaqueClasses.Any(allowed => name == allowed || (name.StartsWith(allowed, StringComparison.Ordinal) && name[allowed.Length] == '.'));

    private static PickleDict Dict(object?[] given)
    {
        PickleDict dict = new();
        foreach (object? pair in given is [List<object?> pairs] ? pairs : [])
        {
            IList<object?> items = pair is PickleTuple tuple ? tuple.Items : pair as List<object?> ?? [];
            dict.Items[items is [{ } key, _] ? key : throw new PickleException("a dict is made of something that is not pairs")] = items[1];
        }
        return dict;
    }

    private static TensorView View(Storage storage, long offset, PickleTuple shape, PickleTuple strides)
    {
        if (shape.Items.Length != strides.Items.Length || shape.Items.Length > 64
            || shape.Items.Any(size => size is not (long and >= 0)) || strides.Items.Any(stride => stride is not (long and >= 0)) || offset < 0)
        {
            throw new PickleException("a tensor has sizes or strides that are not whole numbers in range");
        }
        ImmutableArray<long> sizes = [.. shape.Items.Cast<long>()], steps = [.. strides.Items.Cast<long>()];
        Int128 count = 1, last = offset;
        for (int axis = 0; axis < sizes.Length; axis++)
        {
            count *= sizes[axis];
            last += (Int128)(sizes[axis] - 1) * steps[axis];
            if (count > long.MaxValue || last > long.MaxValue)
                throw new PickleException($"a tensor of shape [{string.Join(", ", sizes)}] is larger than its storage of {storage.Elements} values");
        }
        if (count > 0 && (last >= storage.Elements || count > Math.Max(storage.Elements, MaxExpandedElements)))
            throw new PickleException($"a tensor of shape [{string.Join(", ", sizes)}] reaches past its storage of {storage.Elements} values");
        return new(storage, offset, sizes, steps);
    }

    /// <summary>Gives every tensor and plain value of the tree its dotted name.</summary>
    private void Unfold(string name, object? value, int depth)
    {
        if (depth > MaxDepth)
            throw new PickleException($"its containers are nested more than {MaxDepth} deep, or contain themselves");
        if (name.Length > MaxNameLength)
            throw new PickleException($"a name is longer than {MaxNameLength} characters");
        if (--budget < 0)
            throw new PickleException("its containers share so much that they unfold to more names than the file has bytes");
        switch (value)
        {
            case TensorView view:
                FileRegion data = view.Storage.Data;
                long at = data.Start + view.Offset * (view.Storage.Type.Bits() / 8);
                if (!content.Tensors.TryAdd(name, new(name, view.Storage.Type, view.Shape, data.File, at, view.Strides, isBigEndian)))
                    throw new PickleException($"two tensors have the name '{name}'");
                break;
            case PickleDict dict:
                foreach ((object key, object? item) in dict.Items)
                    Unfold(Join(name, Key(key)), item, depth + 1);
                break;
            case List<object?> list:
                for (int i = 0; i < list.Count; i++)
                    Unfold(Join(name, i.ToString(CultureInfo.InvariantCulture)), list[i], depth + 1);
                break;
            case PickleTuple tuple:
                for (int i = 0; i < tuple.Items.Length; i++)
                    Unfold(Join(name, i.ToString(CultureInfo.InvariantCulture)), tuple.Items[i], depth + 1);
                break;
            case PickleRecord record:
                content.Attributes.TryAdd(Join(name, "__class__"), record.ClassName);
                Unfold(name, record.State, depth + 1);
                break;
            case PickleSymbol symbol:
                content.Attributes.TryAdd(name, symbol.Name);
                break;
            case string or long or double or bool:
                content.Attributes.TryAdd(name, value);
                break;
            default: // None, bytes and bare storages have no use for a model
                break;
        }
    }

    private static string Join(string name, string key) => name.Length == 0 ? key : $"{name}.{key}";

    private static string Key(object key) => key switch
    {
        string text => text,
        long number => number.ToString(CultureInfo.InvariantCulture),
        _ => key.GetType().Name,
    };

    private static ElementType? StorageType(string name) => name switch
    {
        "torch.FloatStorage" => ElementType.F32,
        "torch.HalfStorage" => ElementType.F16,
        "torch.BFloat16Storage" => ElementType.BF16,
        "torch.DoubleStorage" => ElementType.F64,
        "torch.LongStorage" => ElementType.I64,
        "torch.IntStorage" => ElementType.I32,
        "torch.ShortStorage" => ElementType.I16,
        "torch.CharStorage" => ElementType.I8,
        "torch.ByteStorage" or "torch.UntypedStorage" or "torch.storage.UntypedStorage" => ElementType.U8,
        "torch.BoolStorage" => ElementType.Bool,
        "torch.ComplexFloatStorage" => ElementType.C64,
        _ => null,
    };

    private static ReadOnlySpan<byte> ReadAll(FileRegion region) => region.Length <= int.MaxValue
        ? region.Bytes(0, (int)region.Length) : throw region.Broken("its pickle is larger than 2 GB.");
}
