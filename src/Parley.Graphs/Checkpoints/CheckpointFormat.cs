using System.Text;

namespace Parley.Graphs;

/// <summary>Tells a weight file's format by its first bytes, and says what a file is that cannot be read.</summary>
internal static class CheckpointFormat
{
    private const int HeadBytes = 512; // a tar header

    public static void Read(MappedFile file, CheckpointContent content)
    {
        if (SafetensorsFile.LooksLike(file))
        {
            SafetensorsFile.Read(file, content.Tensors, content.Metadata);
            return;
        }
        ReadOnlySpan<byte> head = file.Bytes(0, (int)Math.Min(file.Length, HeadBytes));
        if (head.IsEmpty)
            throw Refused("the file is empty. Fetch it again.");
        if (head.StartsWith("version https://git-lfs"u8))
            throw Refused("this is a Git LFS pointer, not the weights. Run 'git lfs pull' in that folder, or download the file itself.");
        if (head.StartsWith("GGUF"u8))
            throw Refused("this is a GGUF file: language models are read from it by the llama engine, not here.");
        if (head[0] == (byte)'<')
            throw Refused("this is a web page, not the weights: the download went to a page (often a login). Fetch the file itself.");
        if (head[0] is (byte)'{' or (byte)'[')
            throw Refused($"this is a JSON text, not the weights, perhaps the error answer of a server: {Beginning(head)} Fetch the file again, signed in if it asks for that.");
        if (head is [0x80, _, _, ..])
            throw Refused(head[1] == 2 && head[2] == 0x8a
                ? "this is a torch file in the form before torch 1.6. Load it with torch and save it again with torch.save."
                : "this is a bare Python pickle, not a torch file: it is not opened.");

        if (head.StartsWith("PK\x03\x04"u8) || head.StartsWith("PK\x05\x06"u8))
            TorchArchive.Read(new(file), content);
        else if (head is [0x1f, 0x8b, ..])
            NemoArchive.ReadGzip(file, content);
        else if (TarDirectory.LooksLike(head))
            NemoArchive.Read(new(file), content);
        else
            SafetensorsFile.Read(file, content.Tensors, content.Metadata);

        CheckpointException Refused(string problem) => new(file.Path, problem);
    }

    /// <summary>What a text begins with, in one line that is safe to print.</summary>
    private static string Beginning(ReadOnlySpan<byte> head)
    {
        string text = Encoding.UTF8.GetString(head[..Math.Min(head.Length, 120)]);
        return string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter));
    }
}
