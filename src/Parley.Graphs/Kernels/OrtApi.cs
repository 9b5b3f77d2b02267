using System.Runtime.InteropServices;

namespace Parley.Graphs;

/// <summary>
/// The functions of ONNX Runtime's C interface that its .NET package keeps to itself: those that a custom operator needs. They are
/// fields of one table that only ever grows, found by their place in it (onnxruntime_c_api.h, OrtApi).
/// </summary>
internal static unsafe partial class OrtApi
{
    /// <summary>The version of the interface that is asked for: the first with all functions used here; every later runtime has it.</summary>
    public const uint Version = 17;

    private static readonly nint* Table = Load();

    [LibraryImport("onnxruntime", EntryPoint = "OrtGetApiBase")]
    private static partial nint* GetApiBase();

    private static nint* Load()
    {
        var getApi = (delegate* unmanaged<uint, nint*>)GetApiBase()[0];
        return getApi(Version);
    }

    /// <returns>A status that carries the message to whoever runs the session.</returns>
    public static nint Failure(string message)
    {
        nint text = Marshal.StringToCoTaskMemUTF8(message);
        try
        {
            return ((delegate* unmanaged<int, nint, nint>)Table[0])(1, text);
        }
        finally
        {
            Marshal.FreeCoTaskMem(text);
        }
    }

    /// <summary>A domain of operators; it lives as long as the process.</summary>
    /// <param name="name">Its name, as UTF-8 that stays where it is.</param>
    public static nint CreateDomain(byte* name)
    {
        nint domain;
        Check(((delegate* unmanaged<byte*, nint*, nint>)Table[26])(name, &domain));
        return domain;
    }

    public static void AddOperator(nint domain, nint definition) => Check(((delegate* unmanaged<nint, nint, nint>)Table[27])(domain, definition));

    public static void AddDomain(nint sessionOptions, nint domain) => Check(((delegate* unmanaged<nint, nint, nint>)Table[28])(sessionOptions, domain));

    /// <param name="kernelInfo">The node.</param>
    /// <param name="name">UTF-8, ended by zero.</param>
    public static long Attribute(nint kernelInfo, ReadOnlySpan<byte> name)
    {
        long value;
        fixed (byte* text = name)
            Check(((delegate* unmanaged<nint, byte*, long*, nint>)Table[86])(kernelInfo, text, &value));
        return value;
    }

    /// <returns>0 for an optional input that is absent.</returns>
    public static nint Input(nint context, nuint index)
    {
        nint value;
        Check(((delegate* unmanaged<nint, nuint, nint*, nint>)Table[90])(context, index, &value));
        return value;
    }

    public static nint Output(nint context, nuint index, ReadOnlySpan<long> sizes)
    {
        nint value;
        fixed (long* first = sizes)
            Check(((delegate* unmanaged<nint, nuint, long*, nuint, nint*, nint>)Table[91])(context, index, first, (nuint)sizes.Length, &value));
        return value;
    }

    public static void* Data(nint value)
    {
        void* data;
        Check(((delegate* unmanaged<nint, void**, nint>)Table[51])(value, &data));
        return data;
    }

    /// <summary>The sizes of a tensor.</summary>
    /// <param name="value">The tensor.</param>
    /// <param name="sizes">Room for them.</param>
    /// <returns>How many there are.</returns>
    public static int Sizes(nint value, Span<long> sizes)
    {
        nint info;
        nuint count;
        Check(((delegate* unmanaged<nint, nint*, nint>)Table[65])(value, &info));
        try
        {
            Check(((delegate* unmanaged<nint, nuint*, nint>)Table[61])(info, &count));
            fixed (long* first = sizes[..(int)count])
                Check(((delegate* unmanaged<nint, long*, nuint, nint>)Table[62])(info, first, count));
        }
        finally
        {
            ((delegate* unmanaged<nint, void>)Table[99])(info);
        }
        return (int)count;
    }

    /// <summary>Elements of a tensor of these sizes.</summary>
    public static long Count(ReadOnlySpan<long> sizes)
    {
        long count = 1;
        foreach (long size in sizes)
            count *= size;
        return count;
    }

    /// <summary>Calls <paramref name="work"/> with 0 to <paramref name="total"/> - 1 on the threads of the session's pool, this one included, and waits.</summary>
    public static void ParallelFor(nint context, delegate* unmanaged<void*, nuint, void> work, int total, void* argument) =>
        Check(((delegate* unmanaged<nint, delegate* unmanaged<void*, nuint, void>, nuint, nuint, void*, nint>)Table[274])(context, work, (nuint)total, 0, argument));

    private static void Check(nint status)
    {
        if (status == 0)
            return;
        string message = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint, nint>)Table[2])(status)) ?? "";
        ((delegate* unmanaged<nint, void>)Table[93])(status);
        throw new InvalidOperationException(message);
    }
}
