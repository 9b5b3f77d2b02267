using System.Diagnostics;
using System.Runtime.InteropServices;
using LLama.Native;

namespace Parley.Engines.Llama;

/// <summary>
/// Loads llama.cpp once for the process: LLamaSharp chooses the build for this processor (AVX, AVX2, AVX-512, arm64), and our own
/// calls go into the same library. What it logs as warning or error is kept for the message of a load that fails.
/// </summary>
internal static class LlamaLibrary
{
    private const int MostLines = 20;

    private static readonly Lazy<nint> Handle = new(Load);

    [ThreadStatic]
    private static List<string>? lines;

    /// <exception cref="MissingProgramException">The library, or one it needs, is not there.</exception>
    public static void EnsureLoaded()
    {
        try
        {
            _ = Handle.Value;
        }
        catch (Exception fault) when (fault is TypeInitializationException or LLama.Exceptions.RuntimeError or DllNotFoundException)
        {
            throw new MissingProgramException("llama.cpp", $"its library does not load: {(fault.InnerException ?? fault).Message}", "It needs libgomp1 (apt-get install libgomp1), and on arm64 glibc 2.38 or newer.");
        }
    }

    /// <summary>Forgets what was said on this thread so far.</summary>
    public static void StartListening() => lines = [];

    /// <summary>The last warnings and errors of this thread since <see cref="StartListening"/>, in one line; empty if there were none.</summary>
    public static string Said() => lines is { Count: > 0 } said ? string.Join(" ", said).Trim() : "";

    private static nint Load()
    {
        NativeLibraryConfig.All.WithCuda(false).WithVulkan(false).WithSearchDirectory(AppContext.BaseDirectory).WithLogCallback(Listen);
        NativeApi.llama_empty_call();
        using Process self = Process.GetCurrentProcess();
        string path = self.Modules.Cast<ProcessModule>().Select(module => module.FileName)
            .FirstOrDefault(name => Path.GetFileNameWithoutExtension(name) is "llama" or "libllama")
            ?? throw new DllNotFoundException("llama.cpp was loaded and is not among the libraries of the process.");
        nint handle = NativeLibrary.Load(path);
        NativeLibrary.SetDllImportResolver(typeof(LlamaNative).Assembly, (name, _, _) => name == LlamaNative.Library ? handle : 0);
        return handle;
    }

    private static void Listen(LLamaLogLevel level, string message)
    {
        if (level is not (LLamaLogLevel.Error or LLamaLogLevel.Warning) || lines is not { } said)
            return;
        if (said.Count == MostLines)
            said.RemoveAt(0);
        said.Add(message.Trim());
    }
}
