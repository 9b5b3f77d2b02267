using System.Globalization;

namespace Parley.Server;

internal static class ByteSize
{
    /// <summary>Bytes as people write them: <c>512 MiB</c>, <c>1.5 KiB</c>.</summary>
    public static string Format(long bytes)
    {
        (long unit, string name) = bytes switch
        {
            >= 1L << 30 => (1L << 30, "GiB"),
            >= 1L << 20 => (1L << 20, "MiB"),
            >= 1L << 10 => (1L << 10, "KiB"),
            _ => (1L, "bytes"),
        };
        return ((double)bytes / unit).ToString("0.##", CultureInfo.InvariantCulture) + " " + name;
    }
}
