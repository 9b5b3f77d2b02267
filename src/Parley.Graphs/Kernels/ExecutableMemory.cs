using System.Runtime.InteropServices;

namespace Parley.Graphs;

/// <summary>Pages for machine code that was written at run time: first writable, then executable, never both. They live as long as the process.</summary>
internal static unsafe partial class ExecutableMemory
{
    private const int Read = 1, Write = 2, Execute = 4;   // PROT_
    private const int Private = 0x02, Anonymous = 0x20;   // MAP_
    private static readonly nint Failed = -1;

    /// <summary>True if this system lets a process make code: some forbid it (SELinux without execmem, MemoryDenyWriteExecute of systemd).</summary>
    public static bool IsAllowed { get; } = OperatingSystem.IsLinux() && TryCopy([0xC3]) != 0; // a lone return

    /// <summary>The address of a copy of <paramref name="code"/> that can be called.</summary>
    /// <exception cref="InvalidOperationException">The system refuses.</exception>
    public static nint Copy(ReadOnlySpan<byte> code)
    {
        nint address = TryCopy(code);
        return address != 0 ? address : throw new InvalidOperationException("The system has no memory for machine code, or does not allow it.");
    }

    private static nint TryCopy(ReadOnlySpan<byte> code)
    {
        nint pages = Map(0, (nuint)code.Length, Read | Write, Private | Anonymous, -1, 0);
        if (pages == Failed)
            return 0;
        code.CopyTo(new((void*)pages, code.Length));
        if (Protect(pages, (nuint)code.Length, Read | Execute) == 0)
            return pages;
        _ = Unmap(pages, (nuint)code.Length);
        return 0;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
