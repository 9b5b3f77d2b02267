namespace Parley.Models.Whisper;

/// <summary>How a ggml tensor is stored: values in a block, and bytes that the block takes. ggml-org/whisper.cpp: ggml/src/ggml.c.</summary>
internal readonly record struct GgmlTensorType(string Name, int BlockValues, int BlockBytes)
{
    /// <summary>The types that whisper.cpp reads from a model file.</summary>
    public static GgmlTensorType? Of(int id) => id switch
    {
        0 => new("f32", 1, 4),
        1 => new("f16", 1, 2),
        2 => new("q4_0", 32, 18),
        3 => new("q4_1", 32, 20),
        6 => new("q5_0", 32, 22),
        7 => new("q5_1", 32, 24),
        8 => new("q8_0", 32, 34),
        10 => new("q2_k", 256, 84),
        11 => new("q3_k", 256, 110),
        12 => new("q4_k", 256, 144),
        13 => new("q5_k", 256, 176),
        14 => new("q6_k", 256, 210),
        _ => null,
    };

    /// <summary>The name that a file's <c>ftype</c> field stands for; the thousands count versions of the format.</summary>
    public static string NameOfFile(int fileType) => (fileType % 1000) switch
    {
        0 => "f32",
        1 => "f16",
        2 => "q4_0",
        3 => "q4_1",
        7 => "q8_0",
        8 => "q5_0",
        9 => "q5_1",
        10 => "q2_k",
        11 => "q3_k",
        12 => "q4_k",
        13 => "q5_k",
        14 => "q6_k",
        int other => $"type {other}",
    };
}
