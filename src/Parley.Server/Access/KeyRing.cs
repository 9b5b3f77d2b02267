using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Parley.Server;

/// <summary>The keys that are good now. The file is looked at again every few seconds, so that a key taken out of it stops working without a restart.</summary>
internal sealed partial class KeyRing
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    private readonly string path;
    private readonly AuthOptions options;
    private readonly TimeProvider time;
    private readonly ILogger<KeyRing> log;
    private readonly ConcurrentDictionary<string, KeyAllowance> allowances = new(StringComparer.Ordinal);
    private readonly Lock reading = new();
    private volatile FrozenDictionary<string, ApiKey> keys;
    private DateTime written;
    private long looked;

    /// <exception cref="ApiKeyFileException">The file is missing, damaged, open to others, or has no key in it.</exception>
    public KeyRing(string path, AuthOptions options, TimeProvider time, ILogger<KeyRing> log)
    {
        (this.path, this.options, this.time, this.log) = (path, options, time, log);
        written = File.GetLastWriteTimeUtc(path);
        looked = time.GetTimestamp();
        keys = ById(ApiKeyFile.Read(path));
        if (keys.Count == 0)
            throw new ApiKeyFileException(path, "has no key in it. 'parley key add NAME' makes one.");
    }

    /// <returns>The key's line and what it has used, or <see langword="null"/> if it is not good. Takes the same time for every wrong key.</returns>
    public (ApiKey Key, KeyAllowance Allowance)? Find(string presented)
    {
        LookAtFile();
        string? id = ApiKeyFile.IdOf(presented);
        ApiKey? key = id is not null && keys.TryGetValue(id, out ApiKey? known) ? known : null;
        byte[] expected = Encoding.ASCII.GetBytes(key?.Sha256 ?? new string('0', 2 * SHA256.HashSizeInBytes));
        bool same = CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(ApiKeyFile.Hash(presented)), expected);
        return same && key is not null ? WithAllowance(key) : null;
    }

    /// <summary>The key of an id that was learned from a good key before.</summary>
    /// <returns><see langword="null"/> if it is no longer good.</returns>
    public (ApiKey Key, KeyAllowance Allowance)? FindById(string id)
    {
        LookAtFile();
        return keys.TryGetValue(id, out ApiKey? key) ? WithAllowance(key) : null;
    }

    private (ApiKey Key, KeyAllowance Allowance)? WithAllowance(ApiKey key)
    {
        if (key.Expires <= time.GetUtcNow())
            return null;
        return (key, allowances.GetOrAdd(key.Id, static (_, state) => new KeyAllowance(state.Key, state.Ring.options, state.Ring.time), (Key: key, Ring: this)));
    }

    private void LookAtFile()
    {
        if (time.GetElapsedTime(Interlocked.Read(ref looked)) < LookAgain || !reading.TryEnter())
            return;
        try
        {
            Interlocked.Exchange(ref looked, time.GetTimestamp());
            DateTime now = File.GetLastWriteTimeUtc(path);
            if (now == written)
                return;
            written = now;
            keys = ById(ApiKeyFile.Read(path));
            // What a key may do can have changed; what it has used is forgotten with it.
            allowances.Clear();
            LogReread(keys.Count);
        }
        catch (ApiKeyFileException fault)
        {
            LogKept(fault.Message);
        }
        finally
        {
            reading.Exit();
        }
    }

    private static FrozenDictionary<string, ApiKey> ById(IEnumerable<ApiKey> keys) => keys.ToFrozenDictionary(key => key.Id, StringComparer.Ordinal);

    [LoggerMessage(3201, LogLevel.Information, "The keys file changed: {Count} keys are good now")]
    private partial void LogReread(int count);

    [LoggerMessage(3202, LogLevel.Error, "The keys file changed and could not be read; the keys from before stay good: {Problem}")]
    private partial void LogKept(string problem);
}
