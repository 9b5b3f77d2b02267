using Microsoft.ML.OnnxRuntime.Tensors;
using static Onnx.TensorProto.Types;

namespace Parley.Graphs;

/// <summary>Element types as ONNX files and ONNX Runtime number them (the numbers are the same).</summary>
internal static class OnnxTypes
{
    public static DataType ToOnnx(this ElementType type) => type switch
    {
        ElementType.Bool => DataType.Bool,
        ElementType.U8 => DataType.Uint8,
        ElementType.I8 => DataType.Int8,
        ElementType.U16 => DataType.Uint16,
        ElementType.I16 => DataType.Int16,
        ElementType.U32 => DataType.Uint32,
        ElementType.I32 => DataType.Int32,
        ElementType.U64 => DataType.Uint64,
        ElementType.I64 => DataType.Int64,
        ElementType.F16 => DataType.Float16,
        ElementType.BF16 => DataType.Bfloat16,
        ElementType.F32 => DataType.Float,
        ElementType.F64 => DataType.Double,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No ONNX type."),
    };

    public static TensorElementType ToRuntime(this ElementType type) => (TensorElementType)(int)type.ToOnnx();
}
