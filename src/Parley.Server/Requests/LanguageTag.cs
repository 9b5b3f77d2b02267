using System.Collections.Frozen;
using System.Globalization;

namespace Parley.Server;

/// <summary>Languages as clients write them: a code, a BCP 47 tag, or an English name.</summary>
internal static class LanguageTag
{
    private static readonly FrozenDictionary<string, string> ByEnglishName = CultureInfo.GetCultures(CultureTypes.NeutralCultures)
        .Where(culture => culture.Name.Length is 2 or 3)
        .DistinctBy(culture => culture.EnglishName)
        .ToFrozenDictionary(culture => culture.EnglishName, culture => culture.Name, StringComparer.OrdinalIgnoreCase);

    /// <returns>The tag, or <see langword="null"/> for "find out yourself" (<c>auto</c> or nothing).</returns>
    public static string? Parse(string? written)
    {
        string text = (written ?? "").Trim();
        if (text.Length == 0 || text.Equals("auto", StringComparison.OrdinalIgnoreCase))
            return null;
        return ByEnglishName.TryGetValue(text, out string? code) ? code : text.Replace('_', '-');
    }

    /// <summary>The English name in lower case, as OpenAI writes languages in transcripts; the tag itself where it has none.</summary>
    public static string EnglishName(string tag)
    {
        string primary = Primary(tag);
        foreach ((string name, string code) in ByEnglishName)
        {
            if (code == primary)
                return name.ToLowerInvariant();
        }
        return tag;
    }

    /// <summary>The best of the offered tags for a wanted one: the same, else one of the same language; <see langword="null"/> if there is none.</summary>
    public static string? BestOf(string wanted, IEnumerable<string> offered)
    {
        string? sameLanguage = null;
        foreach (string tag in offered)
        {
            if (tag.Equals(wanted, StringComparison.OrdinalIgnoreCase))
                return tag;
            if (sameLanguage is null && Primary(tag).Equals(Primary(wanted), StringComparison.OrdinalIgnoreCase))
                sameLanguage = tag;
        }
        return sameLanguage;
    }

    private static string Primary(string tag) => tag.Split('-', 2)[0];
}
