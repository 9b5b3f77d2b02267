using System.Globalization;

namespace Parley.Engines;

/// <summary>Servers name a language by tag (<c>de</c>) or in English (<c>german</c>).</summary>
public static class LanguageNames
{
    private static readonly Lazy<Dictionary<string, string>> Tags = new(() =>
    {
        Dictionary<string, string> tags = new(StringComparer.OrdinalIgnoreCase);
        foreach (CultureInfo culture in CultureInfo.GetCultures(CultureTypes.NeutralCultures))
        {
            if (culture.Name.Length is 2 or 3)
                tags.TryAdd(culture.EnglishName, culture.Name);
        }
        return tags;
    });

    /// <returns>The tag, or <see langword="null"/> for a name that nobody knows.</returns>
    public static string? ToTag(string? language) => language switch
    {
        null or "" => null,
        { Length: 2 or 3 } => language.ToLowerInvariant(),
        _ when Tags.Value.TryGetValue(language, out string? tag) => tag,
        _ => null,
    };
}
