using Microsoft.AspNetCore.Http;

namespace Parley.Server;

/// <summary>Who sent a request.</summary>
internal static class Caller
{
    private static readonly object KeyMark = new();
    private static readonly object AllowanceMark = new();

    /// <summary>Whom the queues are fair to: the key, or the address where there is none.</summary>
    public static string Of(HttpContext context) =>
        context.Items[KeyMark] as string ?? context.Connection.RemoteIpAddress?.ToString() ?? "local";

    /// <summary>True if a good key came with the request, or none is needed.</summary>
    public static bool IsTrusted(HttpContext context, AuthOptions options) => options.KeysFile is null || context.Items.ContainsKey(KeyMark);

    public static void Remember(HttpContext context, ApiKey key, KeyAllowance allowance)
    {
        context.Items[KeyMark] = key.Id;
        context.Items[AllowanceMark] = allowance;
    }

    /// <summary>Notes sound against the key's day, where there is a key.</summary>
    public static void Use(HttpContext context, TimeSpan audio) => (context.Items[AllowanceMark] as KeyAllowance)?.Use(audio);
}
