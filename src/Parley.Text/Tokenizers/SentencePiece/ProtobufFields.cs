using System.Buffers.Binary;

namespace Parley.Text.Tokenizers.SentencePiece;

/// <summary>Walks the fields of one protobuf message, in file order; every length is checked before it is used.</summary>
/// <exception cref="InvalidDataException">From every member: the bytes are no such message.</exception>
internal ref struct ProtobufFields(ReadOnlySpan<byte> message)
{
    private const int LengthDelimited = 2;

    private ReadOnlySpan<byte> rest = message;
    private ReadOnlySpan<byte> bytes;
    private ulong varint;
    private int wire;

    public int Number { get; private set; }

    public readonly bool Flag => Varint() != 0;

    public readonly int Int32 => unchecked((int)Varint()); // negative numbers are written with 64 bits

    public readonly ReadOnlySpan<byte> Bytes => wire == LengthDelimited ? bytes : throw Wrong("bytes");

    public readonly float Single => wire == 5 ? BinaryPrimitives.ReadSingleLittleEndian(bytes) : throw Wrong("a float");

    /// <returns>False behind the last field.</returns>
    public bool MoveNext()
    {
        if (rest.IsEmpty)
            return false;
        ulong tag = TakeVarint();
        Number = tag >> 3 is > 0 and < 1 << 29 ? (int)(tag >> 3) : throw new InvalidDataException($"a field has the number {tag >> 3}");
        wire = (int)(tag & 7);
        switch (wire)
        {
            case 0:
                varint = TakeVarint();
                break;
            case 1:
                bytes = Take(8);
                break;
            case LengthDelimited:
                bytes = Take(TakeVarint());
                break;
            case 5:
                bytes = Take(4);
                break;
            default:
                throw new InvalidDataException($"field {Number} has the unknown wire type {wire}");
        }
        return true;
    }

    private readonly ulong Varint() => wire == 0 ? varint : throw Wrong("a number");

    private readonly InvalidDataException Wrong(string expected) => new($"field {Number} is not {expected} (wire type {wire})");

    private ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)rest.Length)
            throw new InvalidDataException($"field {Number} wants {count} bytes, and {rest.Length} are left");
        ReadOnlySpan<byte> taken = rest[..(int)count];
        rest = rest[(int)count..];
        return taken;
    }

    private ulong TakeVarint()
    {
        ulong value = 0;
        for (int i = 0; i < rest.Length && i < 10; i++)
        {
            value |= (ulong)(rest[i] & 0x7F) << (7 * i);
            if (rest[i] < 0x80)
            {
                rest = rest[(i + 1)..];
                return value;
            }
        }
        throw new InvalidDataException("a number does not end");
    }
}
