using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Parley.Server;

/// <summary>
/// Short-lived keys for browsers and phones (<c>ek_...</c>): each opens realtime sessions with settings given beforehand, for whom
/// it was made, and nothing else. Only hashes are kept, in memory: a restart forgets them, which no secret of two hours minds.
/// </summary>
internal sealed class ClientSecrets(TimeProvider time)
{
    public const string Prefix = "ek_";

    private const int SecretBytes = 32, MaxKept = 10_000;

    private readonly ConcurrentDictionary<string, ClientSecret> secrets = new(StringComparer.Ordinal);

    /// <param name="settings">What its sessions begin with.</param>
    /// <param name="owner">Id of the key that made it; <see langword="null"/> where no keys are needed.</param>
    /// <param name="lifetime">How long it opens sessions.</param>
    /// <returns>The secret itself, which is not stored, and what is.</returns>
    /// <exception cref="ApiException">429: too many are kept.</exception>
    public (string Value, ClientSecret Secret) Create(SessionSettings settings, string? owner, TimeSpan lifetime)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (secrets.Count >= MaxKept)
        {
            foreach ((string hash, ClientSecret kept) in secrets)
            {
                if (kept.Expires <= now)
                    secrets.TryRemove(hash, out _);
            }
            if (secrets.Count >= MaxKept)
                throw ApiException.TooMany("rate_limited", $"{MaxKept} client secrets are good now, all that are kept. Make them live shorter.", TimeSpan.FromMinutes(1));
        }
        string value = Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        ClientSecret secret = new(settings, owner, now + lifetime);
        secrets[ApiKeyFile.Hash(value)] = secret;
        return (value, secret);
    }

    /// <returns><see langword="null"/> if it is not one of ours, or no longer good. Looked up by its hash, so that no comparison tells how near a guess is.</returns>
    public ClientSecret? Find(string value)
    {
        string hash = ApiKeyFile.Hash(value);
        if (!secrets.TryGetValue(hash, out ClientSecret? secret))
            return null;
        if (secret.Expires > time.GetUtcNow())
            return secret;
        secrets.TryRemove(hash, out _);
        return null;
    }
}

/// <param name="Settings">What its sessions begin with.</param>
/// <param name="Owner">Id of the key whose rates its sessions count against.</param>
/// <param name="Expires">From then on it opens no session; those that are open go on.</param>
internal sealed record ClientSecret(SessionSettings Settings, string? Owner, DateTimeOffset Expires);

/// <summary>The answer to <c>POST /v1/realtime/client_secrets</c>.</summary>
internal sealed record ClientSecretAnswer(string Value, long ExpiresAt, SessionObject Session);
