using System.Net;
using System.Text;
using System.Text.Json;
using Parley.Trials.Plans;

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

    /// <summary>Every secret that a trial knows: the keys that its plan names, and what its env files hold.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="folder">Of the trial.</param>
    /// <param name="secret">Reads a secret by the name of its variable.</param>
    public static IReadOnlyList<string?> Of(TrialPlan plan, TrialFolder folder, Func<string, string?> secret) =>
    [
        .. plan.SecretVariables.Select(secret),
        .. plan.EnvironmentFiles.Select(file => Path.Combine(folder.Folder, file)).Where(File.Exists).SelectMany(file => SecretFile.Read(file).Values),
    ];

    /// <summary>A text without the secrets in it: a server may repeat a key in its complaint.</summary>
    public static string? Redacted(string? text, IReadOnlyList<string?> secrets)
    {
        foreach (string secret in secrets.OfType<string>().Where(secret => secret.Length >= ShortestSecret))
            text = text?.Replace(secret, "[secret]", StringComparison.Ordinal);
        return text;
    }

    /// <summary>True if a text holds one of the secrets, plainly, in base64, or as URLs, JSON and HTML write it.</summary>
    public static bool Holds(string text, IReadOnlyList<string?> secrets)
    {
        foreach (string? secret in secrets)
        {
            if (secret is not { Length: >= ShortestSecret })
                continue;
            if (text.Contains(secret, StringComparison.Ordinal)
                || text.Contains(Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)).TrimEnd('='), StringComparison.Ordinal)
                || text.Contains(Uri.EscapeDataString(secret), StringComparison.OrdinalIgnoreCase)
                || text.Contains(JsonEncodedText.Encode(secret).Value, StringComparison.Ordinal)
                || text.Contains(WebUtility.HtmlEncode(secret), StringComparison.Ordinal))
                return true;
        }
        return false;
    }
}
