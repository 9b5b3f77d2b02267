using System.Runtime.InteropServices;

namespace Parley.Engines;

/// <summary>A file's new name is a change of its folder, which must reach the disk too. Windows sees to it by itself.</summary>
public static partial class PosixFolder
{
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows())
            return;
        int handle = open(folder, 0); // for reading
        if (handle < 0)
            return; // a file system that does not open folders: nothing more can be done
        _ = fsync(handle);
        _ = close(handle);
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int fsync(int handle);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int close(int handle);
}
