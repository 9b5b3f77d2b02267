namespace Parley.Graphs;

/// <summary>Tells a weight file's format by its first bytes, and says what a file is that cannot be read.</summary>
internal static class CheckpointFormat
{
    public static void Read(MappedFile file, CheckpointContent content)
    {
        ReadOnlySpan<byte> head = file.Bytes(0, (int)Math.Min(file.Length, 512));
        if (head.IsEmpty)
            throw new CheckpointException(file.Path, "the file is empty. Fetch it again.");
        if (head.StartsWith("version https://git-lfs"u8))
            throw new CheckpointException(file.Path, "this is a Git LFS pointer, not the weights. Run 'git lfs pull' in that folder, or download the file itself.");
        if (head.StartsWith("GGUF"u8))
            throw new CheckpointException(file.Path, "this is a GGUF file: language models are read from it by the llama engine, not here.");
        if (head.StartsWith("<!DOCTYPE"u8) || head.StartsWith("<html"u8))
            throw new CheckpointException(file.Path, "this is a web page, not the weights: the download went to a page (often a login). Fetch the file itself.");
        SafetensorsFile.Read(file, content.Tensors, content.Metadata);
    }
}
