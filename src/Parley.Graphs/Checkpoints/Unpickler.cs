using System.Buffers.Binary;
using System.Text;

namespace Parley.Graphs;

/// <summary>A class or function that a pickle names. It is a symbol: nothing here can call it.</summary>
internal sealed record PickleSymbol(string Name);

/// <summary>A Python tuple.</summary>
internal sealed record PickleTuple(object?[] Items);

/// <summary>A Python dict, in insertion order.</summary>
internal sealed class PickleDict
{
    public OrderedDictionary<object, object?> Items { get; } = [];
}

/// <summary>An object of a class that the reader asked to see as plain data: its class, the arguments it was made with, its state.</summary>
internal sealed class PickleRecord(string className, object? arguments)
{
    public string ClassName { get; } = className;

    public object? Arguments { get; } = arguments;

    public object? State { get; set; }
}

/// <summary>What a pickle's own vocabulary means to the format around it.</summary>
internal interface IPickleVocabulary
{
    /// <summary>The value behind a persistent id.</summary>
    object? Persistent(object? id);

    /// <summary>The value of a call: of an allowed function or class, or an opaque record. Everything else is refused by name.</summary>
    object? Call(PickleSymbol function, object? arguments);
}

/// <summary>A pickle that is damaged, too deep or asks for what is not allowed. Becomes a <see cref="CheckpointException"/> one level up.</summary>
internal sealed class PickleException(string problem) : Exception(problem);

/// <summary>
/// Reads Python's pickle format (CPython: Lib/pickletools.py; protocols 2 to 4), as far as weight files use it, without running
/// anything: names of classes stay symbols, and the few calls that mean a tensor or a container are interpreted by the
/// <see cref="IPickleVocabulary"/>. Works without recursion; what it allocates is bounded by the pickle's length.
/// </summary>
internal sealed class Unpickler(IPickleVocabulary vocabulary)
{
    private static readonly object Mark = new();

    private readonly List<object?> stack = [];
    private readonly Dictionary<long, object?> memo = [];

    /// <exception cref="PickleException">An opcode is unknown, an operand is missing, or a call is not allowed.</exception>
    public object? Read(ReadOnlySpan<byte> pickle)
    {
        PickleReader input = new(pickle);
        while (true)
        {
            byte opcode = input.Byte();
            switch ((char)opcode)
            {
                case '\x80': // PROTO
                    if (input.Byte() is var protocol and > 4)
                        throw new PickleException($"pickle protocol {protocol} is newer than 4");
                    break;
                case '\x95': // FRAME
                    input.Frame();
                    break;
                case '.': // STOP
                    return Pop();
                case '(': // MARK
                    stack.Add(Mark);
                    break;
                case 'N':
                    stack.Add(null);
                    break;
                case '\x88':
                    stack.Add(true);
                    break;
                case '\x89':
                    stack.Add(false);
                    break;
                case 'J': // BININT
                    stack.Add((long)BinaryPrimitives.ReadInt32LittleEndian(input.Bytes(4)));
                    break;
                case 'K': // BININT1
                    stack.Add((long)input.Byte());
                    break;
                case 'M': // BININT2
                    stack.Add((long)BinaryPrimitives.ReadUInt16LittleEndian(input.Bytes(2)));
                    break;
                case '\x8a': // LONG1
                    stack.Add(Long(input.Bytes(input.Byte())));
                    break;
                case 'G': // BINFLOAT
                    stack.Add(BinaryPrimitives.ReadDoubleBigEndian(input.Bytes(8)));
                    break;
                case 'X': // BINUNICODE
                    stack.Add(Encoding.UTF8.GetString(input.Bytes(input.Length32())));
                    break;
                case '\x8c': // SHORT_BINUNICODE
                    stack.Add(Encoding.UTF8.GetString(input.Bytes(input.Byte())));
                    break;
                case 'U': // SHORT_BINSTRING
                    stack.Add(Encoding.Latin1.GetString(input.Bytes(input.Byte())));
                    break;
                case 'T': // BINSTRING
                    stack.Add(Encoding.Latin1.GetString(input.Bytes(input.Length32())));
                    break;
                case 'C': // SHORT_BINBYTES
                    stack.Add(input.Bytes(input.Byte()).ToArray());
                    break;
                case 'B': // BINBYTES
                    stack.Add(input.Bytes(input.Length32()).ToArray());
                    break;
                case ')':
                    stack.Add(new PickleTuple([]));
                    break;
                case '\x85': // TUPLE1
                    stack.Add(new PickleTuple([Pop()]));
                    break;
                case '\x86': // TUPLE2
                    stack.Add(Reversed(2));
                    break;
                case '\x87': // TUPLE3
                    stack.Add(Reversed(3));
                    break;
                case 't': // TUPLE
                    stack.Add(new PickleTuple(PopToMark()));
                    break;
                case ']' or '\x8f': // EMPTY_LIST, EMPTY_SET: order and uniqueness of a set do not matter to us
                    stack.Add(new List<object?>());
                    break;
                case 'l': // LIST
                    stack.Add(new List<object?>(PopToMark()));
                    break;
                case 'a': // APPEND
                    Append([Pop()]);
                    break;
                case 'e' or '\x90': // APPENDS, ADDITEMS
                    Append(PopToMark());
                    break;
                case '}': // EMPTY_DICT
                    stack.Add(new PickleDict());
                    break;
                case 'd': // DICT
                    object?[] pairs = PopToMark();
                    stack.Add(new PickleDict());
                    SetItems(pairs);
                    break;
                case 's': // SETITEM
                    SetItems(Reversed(2).Items);
                    break;
                case 'u': // SETITEMS
                    SetItems(PopToMark());
                    break;
                case 'c': // GLOBAL
                    stack.Add(new PickleSymbol($"{input.Line()}.{input.Line()}"));
                    break;
                case '\x93': // STACK_GLOBAL
                    object?[] parts = Reversed(2).Items;
                    stack.Add(parts is [string module, string name] ? new PickleSymbol($"{module}.{name}")
                        : throw new PickleException("a class is named by something that is not text"));
                    break;
                case 'R' or '\x81': // REDUCE, NEWOBJ
                    object? arguments = Pop();
                    stack.Add(Pop() is PickleSymbol function ? vocabulary.Call(function, arguments)
                        : throw new PickleException("something that is not a named function is called"));
                    break;
                case 'b': // BUILD
                    Build();
                    break;
                case 'Q': // BINPERSID
                    stack.Add(vocabulary.Persistent(Pop()));
                    break;
                case 'q': // BINPUT
                    memo[input.Byte()] = Peek();
                    break;
                case 'r': // LONG_BINPUT
                    memo[BinaryPrimitives.ReadUInt32LittleEndian(input.Bytes(4))] = Peek();
                    break;
                case '\x94': // MEMOIZE
                    memo[memo.Count] = Peek();
                    break;
                case 'h': // BINGET
                    stack.Add(Get(input.Byte()));
                    break;
                case 'j': // LONG_BINGET
                    stack.Add(Get(BinaryPrimitives.ReadUInt32LittleEndian(input.Bytes(4))));
                    break;
                default:
                    throw new PickleException($"the opcode 0x{opcode:x2} at byte {input.Position - 1} does not belong into a weight file");
            }
        }
    }

    private object? Peek() => stack.Count > 0 && stack[^1] != Mark ? stack[^1] : throw new PickleException("an operand is missing");

    private object? Pop()
    {
        object? top = Peek();
        stack.RemoveAt(stack.Count - 1);
        return top;
    }

    private object?[] PopToMark()
    {
        int mark = stack.LastIndexOf(Mark);
        if (mark < 0)
            throw new PickleException("a mark is missing");
        object?[] items = [.. stack.Skip(mark + 1)];
        stack.RemoveRange(mark, stack.Count - mark);
        return items;
    }

    private PickleTuple Reversed(int count)
    {
        object?[] items = new object?[count];
        while (count-- > 0)
            items[count] = Pop();
        return new(items);
    }

    private object? Get(long key) => memo.TryGetValue(key, out object? value) ? value : throw new PickleException($"memo {key} is not set");

    private void Append(object?[] items)
    {
        if (Peek() is not List<object?> list)
            throw new PickleException("items are appended to something that is not a list");
        list.AddRange(items);
    }

    private void SetItems(object?[] pairs)
    {
        OrderedDictionary<object, object?> items = Peek() switch
        {
            PickleDict dict => dict.Items,
            PickleRecord record => (record.State as PickleDict ?? (PickleDict)(record.State = new PickleDict())).Items, // a dict subclass
            _ => throw new PickleException("items are set on something that is not a dict"),
        };
        if (pairs.Length % 2 != 0)
            throw new PickleException("a key has no value");
        for (int i = 0; i < pairs.Length; i += 2)
            items[pairs[i] ?? "None"] = pairs[i + 1];
    }

    /// <summary>State given to an object after it was made: kept for records; attributes of a dict (torch's version notes) are dropped.</summary>
    private void Build()
    {
        object? state = Pop();
        if (Peek() is PickleRecord record)
            record.State = state;
        else if (Peek() is not PickleDict)
            throw new PickleException("state is set on something that is neither a dict nor a known record");
    }

    private static long Long(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 8)
            throw new PickleException($"an integer of {bytes.Length} bytes does not belong into a weight file");
        long value = bytes.Length > 0 && bytes[^1] > 127 ? -1 : 0;
        for (int i = bytes.Length - 1; i >= 0; i--)
            value = value << 8 | bytes[i];
        return value;
    }

    private ref struct PickleReader(ReadOnlySpan<byte> pickle)
    {
        private readonly ReadOnlySpan<byte> pickle = pickle;

        public int Position { get; private set; }

        public ReadOnlySpan<byte> Bytes(int count)
        {
            if (count > pickle.Length - Position)
                throw new PickleException($"it ends at byte {pickle.Length}, inside an operand");
            Position += count;
            return pickle.Slice(Position - count, count);
        }

        public byte Byte() => Bytes(1)[0];

        public int Length32() => BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4)) is var length and <= int.MaxValue ? (int)length
            : throw new PickleException("a text is longer than the file");

        public void Frame()
        {
            if (BinaryPrimitives.ReadUInt64LittleEndian(Bytes(8)) > (ulong)(pickle.Length - Position))
                throw new PickleException("a frame is longer than the file");
        }

        public string Line()
        {
            int end = pickle[Position..].IndexOf((byte)'\n');
            if (end < 0)
                throw new PickleException("a name has no end");
            string line = Encoding.UTF8.GetString(Bytes(end));
            Position++;
            return line;
        }
    }
}
