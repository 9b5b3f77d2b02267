using System.Text;

namespace Parley.Trials.Running;

/// <summary>Looks for secrets where none may be: in arguments, which everybody can read in /proc, and in what is written.</summary>
internal static class SecretGuard
{
    private const int ShortestSecret = 8;

    /// <exception cref="TrialException">An argument holds a secret.</exception>
    public static void Check(IReadOnlyList<string> arguments, params IReadOnlyList<string?> secrets)
    {
        if (arguments.Any(argument => Holds(argument, secrets)))
            throw new TrialException($"An argument of {Path.GetFileName(arguments[0])} holds a secret: every user of the machine can read the arguments of a process. Hand it over by 'env_file'.");
    }

    /// <summary>True if a text holds one of the secrets, plainly, in base64 or URL-encoded.</summary>
    public static bool Holds(string text, IReadOnlyList<string?> secrets)
    {
        foreach (string? secret in secrets)
        {
            if (secret is not { Length: >= ShortestSecret })
                continue;
            if (text.Contains(secret, StringComparison.Ordinal)
                || text.Contains(Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)).TrimEnd('='), StringComparison.Ordinal)
                || text.Contains(Uri.EscapeDataString(secret), StringComparison.OrdinalIgnoreCase))
                return true;
        }
        return false;
    }
}
