using System.Security.Cryptography;
using System.Text;

namespace Parley.Trials.Plans;

/// <summary>SHA-256 in the form that results use: 64 lower-case hexadecimal digits.</summary>
internal static class Sha256Text
{
    public static string Of(string text) => Of(Encoding.UTF8.GetBytes(text));

    public static string Of(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    public static string OfFile(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
