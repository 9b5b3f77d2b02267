using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Parley.Server;

/// <summary>
/// The file of API keys. A key is <c>parley_ID_SECRET</c> with 256 random bits in the secret; the file keeps only the SHA-256
/// of it. No salt: nobody can guess 256 bits, so there is nothing for a salt to slow down.
/// </summary>
public static class ApiKeyFile
{
    private const string Prefix = "parley_";
    private const int IdLength = 8;
    private const string IdAlphabet = "abcdefghijkmnpqrstuvwxyz23456789";
    private const int SecretBytes = 32;
    private const int MaxFileBytes = 1 << 20;

    /// <summary>What a key may be allowed to do; a key without a list may do everything.</summary>
    public static readonly IReadOnlyList<string> Scopes = ["speech", "transcribe", "chat", "realtime", "read", "metrics", "trials", "voices"];

    /// <summary>Makes a key and adds it to the file, which is created with mode 0600 if it is not there.</summary>
    /// <param name="path">The keys file.</param>
    /// <param name="name">For people: who uses it.</param>
    /// <param name="scopes">What it may do; empty for everything.</param>
    /// <param name="created">Noted beside it.</param>
    /// <returns>The key. It is not stored anywhere: show it once.</returns>
    /// <exception cref="ArgumentException">A scope is not known.</exception>
    /// <exception cref="ApiKeyFileException">The file cannot be read or written, or others may read it.</exception>
    public static string Add(string path, string name, IReadOnlyList<string> scopes, DateTimeOffset created)
    {
        if (scopes.FirstOrDefault(scope => !Scopes.Contains(scope)) is { } unknown)
            throw new ArgumentException($"There is no scope '{unknown}'. Known: {string.Join(", ", Scopes)}.", nameof(scopes));
        List<ApiKey> keys = File.Exists(path) ? [.. Read(path)] : [];
        string id = RandomNumberGenerator.GetString(IdAlphabet, IdLength);
        string key = Prefix + id + "_" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        keys.Add(new ApiKey { Id = id, Name = name, Sha256 = Hash(key), Scopes = scopes, Created = created });
        Write(path, keys);
        return key;
    }

    /// <summary>Takes a key out of the file.</summary>
    /// <returns>False if it has no key of that id.</returns>
    /// <exception cref="ApiKeyFileException">The file cannot be read or written, or others may read it.</exception>
    public static bool Remove(string path, string id)
    {
        List<ApiKey> keys = [.. Read(path)];
        if (keys.RemoveAll(key => key.Id == id) == 0)
            return false;
        Write(path, keys);
        return true;
    }

    /// <exception cref="ApiKeyFileException">The file is missing, may be read by others, or is damaged.</exception>
    public static IReadOnlyList<ApiKey> Read(string path)
    {
        try
        {
            FileInfo info = new(path);
            if (!info.Exists)
                throw new ApiKeyFileException(path, "does not exist. 'parley key add NAME' makes it.");
            if (PrivateFile.IsOpenToOthers(path))
                throw new ApiKeyFileException(path, $"may be read or changed by others. Run: chmod 600 {path}");
            if (info.Length > MaxFileBytes)
                throw new ApiKeyFileException(path, $"has {info.Length} bytes; {MaxFileBytes} is the limit. Is it the right file?");
            ApiKeys content = JsonSerializer.Deserialize(File.ReadAllBytes(path), ApiKeysJson.Default.ApiKeys)!;
            ApiKey? doubled = content.Keys.GroupBy(key => key.Id, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1)?.First();
            return doubled is null ? content.Keys : throw new ApiKeyFileException(path, $"has two keys with the id '{doubled.Id}'. Remove one.");
        }
        catch (JsonException fault)
        {
            throw new ApiKeyFileException(path, $"cannot be read at line {fault.LineNumber + 1}: {fault.Message}");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new ApiKeyFileException(path, $"cannot be read: {fault.Message}");
        }
    }

    /// <summary>The id inside a key; <see langword="null"/> if it does not look like one of ours.</summary>
    internal static string? IdOf(string key) =>
        key.StartsWith(Prefix, StringComparison.Ordinal) && key.Length > Prefix.Length + IdLength && key[Prefix.Length + IdLength] == '_'
            ? key.Substring(Prefix.Length, IdLength) : null;

    internal static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    private static void Write(string path, IReadOnlyList<ApiKey> keys)
    {
        try
        {
            PrivateFile.Write(path, stream => JsonSerializer.Serialize(stream, new ApiKeys(keys), ApiKeysJson.Default.ApiKeys));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new ApiKeyFileException(path, $"cannot be written: {fault.Message}");
        }
    }
}

/// <summary>One line of the keys file.</summary>
public sealed record ApiKey
{
    /// <summary>The part of the key that may be shown.</summary>
    public required string Id { get; init; }

    /// <summary>For people: who uses it.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the whole key, in lower-case hex.</summary>
    public required string Sha256 { get; init; }

    /// <summary>What it may do; empty for everything.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Requests a minute; <see langword="null"/> for the server's default.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>Requests open at once; <see langword="null"/> for the server's default.</summary>
    public int? ConcurrentRequests { get; init; }

    /// <summary>Seconds of sound, spoken and heard together, a day (UTC); <see langword="null"/> for no limit.</summary>
    public int? AudioSecondsPerDay { get; init; }

    public DateTimeOffset? Created { get; init; }

    /// <summary>From then on it is refused.</summary>
    public DateTimeOffset? Expires { get; init; }
}

/// <summary>The keys file is missing, damaged or open to others.</summary>
public sealed class ApiKeyFileException(string path, string problem) : Exception($"The keys file {path} {problem}")
{
    public string Path { get; } = path;
}

internal sealed record ApiKeys(IReadOnlyList<ApiKey> Keys);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ApiKeys))]
internal sealed partial class ApiKeysJson : JsonSerializerContext;
