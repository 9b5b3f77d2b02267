using System.Security.Cryptography;
using Parley.Models;

namespace Parley.Engines;

/// <summary>Checks that a file that somebody fetched is the one that was published.</summary>
internal static class ModelFileHash
{
    /// <exception cref="ModelFileException">The file cannot be read, or its SHA-256 differs.</exception>
    public static void Verify(string path, string sha256)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            string found = Convert.ToHexStringLower(SHA256.HashData(stream));
            if (!found.Equals(sha256, StringComparison.OrdinalIgnoreCase))
                throw new ModelFileException(path, $"is damaged or another file: its SHA-256 is {found}, published was {sha256}. Fetch it again.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(path, $"cannot be read ({fault.Message}).");
        }
    }
}
