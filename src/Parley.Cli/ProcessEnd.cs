using System.Runtime.InteropServices;

namespace Parley.Cli;

/// <summary>The end of a process whose work was broken off.</summary>
internal static partial class ProcessEnd
{
    /// <summary>
    /// Ends the process here and now. Native work cannot always be called off: a model that is being read, one pass of an encoder.
    /// An orderly exit would run the destructors of the native libraries under their own threads and crash; so none is run, and the
    /// system takes back what is left.
    /// </summary>
    public static void Leave(int code)
    {
        Console.Out.Flush();
        Console.Error.Flush();
        if (!OperatingSystem.IsWindows())
            ExitProcess(code);
        Environment.Exit(code); // ends the other threads first
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void ExitProcess(int code);
}
