namespace Parley.Graphs;

/// <summary>What one element of a stored tensor is. The names are those of the safetensors format.</summary>
public enum ElementType
{
    Bool,
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F16,
    BF16,
    F32,
    F64,

    /// <summary>Two f32: real and imaginary part. Can be listed and copied, not converted.</summary>
    C64,

    /// <summary>8-bit floats of several kinds. Can be listed and copied, not converted.</summary>
    F8,

    /// <summary>6-bit floats, packed. Can be listed, not read.</summary>
    F6,

    /// <summary>4-bit floats, packed. Can be listed, not read.</summary>
    F4,
}

/// <summary>Sizes and names of element types.</summary>
public static class ElementTypes
{
    /// <summary>Bits that one element takes in the file.</summary>
    public static int Bits(this ElementType type) => type switch
    {
        ElementType.F4 => 4,
        ElementType.F6 => 6,
        ElementType.Bool or ElementType.U8 or ElementType.I8 or ElementType.F8 => 8,
        ElementType.U16 or ElementType.I16 or ElementType.F16 or ElementType.BF16 => 16,
        ElementType.U32 or ElementType.I32 or ElementType.F32 => 32,
        _ => 64,
    };

    /// <summary>The type that a safetensors header names, or <see langword="null"/> if the format has no such name.</summary>
    internal static ElementType? Parse(string name) => name switch
    {
        "BOOL" => ElementType.Bool,
        "U8" => ElementType.U8,
        "I8" => ElementType.I8,
        "U16" => ElementType.U16,
        "I16" => ElementType.I16,
        "U32" => ElementType.U32,
        "I32" => ElementType.I32,
        "U64" => ElementType.U64,
        "I64" => ElementType.I64,
        "F16" => ElementType.F16,
        "BF16" => ElementType.BF16,
        "F32" => ElementType.F32,
        "F64" => ElementType.F64,
        "C64" => ElementType.C64,
        "F8_E4M3" or "F8_E5M2" or "F8_E8M0" or "F8_E4M3FNUZ" or "F8_E5M2FNUZ" => ElementType.F8,
        "F6_E2M3" or "F6_E3M2" => ElementType.F6,
        "F4" => ElementType.F4,
        _ => null,
    };
}
