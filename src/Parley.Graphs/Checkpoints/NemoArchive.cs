using System.IO.Compression;

namespace Parley.Graphs;

/// <summary>
/// NVIDIA NeMo's <c>.nemo</c> (NVIDIA/NeMo: nemo/core/connectors/save_restore_connector.py): a tar archive, in older files gzipped,
/// with <c>model_config.yaml</c>, the weights as a torch archive, and the files that the configuration refers to.
/// </summary>
internal static class NemoArchive
{
    private const string Weights = "model_weights.ckpt";
    private const long MaxInflatedBytes = 64L << 20; // and ten times the file beyond that: weights hardly compress

    public static void Read(FileRegion archive, CheckpointContent content)
    {
        TarDirectory tar = new(archive);
        string weights = tar.Names.FirstOrDefault(name => name == Weights || name.EndsWith($"/{Weights}", StringComparison.Ordinal))
            ?? throw archive.Broken($"this tar archive is not a NeMo model: it has no {Weights}.");
        foreach (string name in tar.Names)
        {
            if (name != weights && tar.TryFind(name, out FileRegion member))
                content.Attachments.Add(name, member);
        }
        tar.TryFind(weights, out FileRegion checkpoint);
        TorchArchive.Read(checkpoint, content);
    }

    /// <summary>Unpacks a gzipped archive into a temporary file that goes when the checkpoint is closed.</summary>
    public static void ReadGzip(MappedFile file, CheckpointContent content)
    {
        string path = content.TemporaryFile();
        long limit = Math.Max(MaxInflatedBytes, file.Length * 10);
        try
        {
            using FileStream source = File.OpenRead(file.Path);
            using GZipStream gzip = new(source, CompressionMode.Decompress);
            using FileStream target = File.Create(path);
            byte[] buffer = new byte[1 << 16];
            for (int read; (read = gzip.Read(buffer)) > 0;)
            {
                if (target.Length + read > limit)
                    throw new CheckpointException(file.Path, $"it unpacks to more than {limit} bytes, which no weight file does.");
                target.Write(buffer, 0, read);
            }
        }
        catch (InvalidDataException e)
        {
            throw new CheckpointException(file.Path, "the gzip archive is damaged. Fetch it again.", e);
        }
        MappedFile inflated = content.Map(path);
        if (!TarDirectory.LooksLike(inflated.Bytes(0, (int)Math.Min(inflated.Length, 512))))
            throw new CheckpointException(file.Path, "this gzip file holds no tar archive.");
        Read(new(inflated), content);
    }
}
