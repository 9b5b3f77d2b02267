using Parley.Engines;

namespace Parley.Server;

/// <summary>A language as clients write it: a code, a BCP 47 tag, an English name, or nothing.</summary>
internal static class RequestedLanguage
{
    /// <returns>The tag, or <see langword="null"/> for "find out yourself" (<c>auto</c> or nothing). What is neither a tag nor a known name comes back as it is, to be refused by name.</returns>
    public static string? Parse(string? written)
    {
        string text = (written ?? "").Trim();
        if (text.Length == 0 || text.Equals("auto", StringComparison.OrdinalIgnoreCase))
            return null;
        return text.Length > 3 && LanguageNames.ToTag(text) is { } tag ? tag : text.Replace('_', '-');
    }
}
