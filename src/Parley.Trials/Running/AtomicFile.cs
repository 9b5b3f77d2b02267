using Parley.Engines;

namespace Parley.Trials.Running;

/// <summary>Replaces a file by another in one step, so that a crash leaves the old or the new one and never half of either.</summary>
internal static class AtomicFile
{
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        string part = path + ".tmp";
        using (FileStream stream = new(part, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            stream.Write(bytes);
            stream.Flush(flushToDisk: true);
        }
        File.Move(part, path, overwrite: true);
        PosixFolder.Flush(folder);
    }
}
