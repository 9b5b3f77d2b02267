using Microsoft.AspNetCore.Http;

namespace Parley.Server;

/// <summary>Who sent a request.</summary>
internal static class Caller
{
    private static readonly object KeyMark = new();
    private static readonly object AllowanceMark = new();
    private static readonly object SecretMark = new();

    /// <summary>Whom the queues are fair to: the key, or the address where there is none.</summary>
    public static string Of(HttpContext context) =>
        KeyOf(context) ?? context.Connection.RemoteIpAddress?.ToString() ?? "local";

    /// <summary>True if a good key came with the request, or none is needed.</summary>
    public static bool IsTrusted(HttpContext context, AuthOptions options) => options.KeysFile is null || context.Items.ContainsKey(KeyMark);

    public static void Remember(HttpContext context, ApiKey key, KeyAllowance allowance)
    {
        context.Items[KeyMark] = key.Id;
        context.Items[AllowanceMark] = allowance;
    }

    /// <summary>The caller's client secret was good.</summary>
    public static void Remember(HttpContext context, ClientSecret secret) => context.Items[SecretMark] = secret;

    /// <summary>The client secret that the caller showed, if it was one.</summary>
    public static ClientSecret? SecretOf(HttpContext context) => context.Items[SecretMark] as ClientSecret;

    /// <summary>Id of the caller's key; <see langword="null"/> where none is needed.</summary>
    public static string? KeyOf(HttpContext context) => context.Items[KeyMark] as string;

    /// <summary>What the caller's key may still do; <see langword="null"/> where none is needed.</summary>
    public static KeyAllowance? AllowanceOf(HttpContext context) => context.Items[AllowanceMark] as KeyAllowance;

    /// <summary>Notes sound against the key's day, where there is a key.</summary>
    public static void Use(HttpContext context, TimeSpan audio) => AllowanceOf(context)?.Use(audio);
}
