namespace Parley.Engines;

/// <summary>As much of BCP 47 as choosing a voice needs.</summary>
public static class LanguageTag
{
    /// <summary>True if both tags name the same language, whatever their regions.</summary>
    public static bool SameLanguage(string a, string b) => Primary(a).Equals(Primary(b), StringComparison.OrdinalIgnoreCase);

    /// <summary>The first item of exactly this tag, else the first whose tag begins with it, else the first of the same language.</summary>
    public static T? Best<T>(string wanted, IReadOnlyList<T> items, Func<T, string> tag) where T : class =>
        items.FirstOrDefault(item => tag(item).Equals(wanted, StringComparison.OrdinalIgnoreCase))
        ?? items.FirstOrDefault(item => tag(item).StartsWith(wanted + "-", StringComparison.OrdinalIgnoreCase))
        ?? items.FirstOrDefault(item => SameLanguage(tag(item), wanted));

    /// <summary>The conventional case: language small, script with a capital, region in capitals (<c>cmn-Latn-pinyin</c>, <c>en-GB-x-rp</c>).</summary>
    public static string WithConventionalCase(string tag)
    {
        string[] parts = tag.ToLowerInvariant().Split('-');
        for (int i = 1; i < parts.Length && parts[i].Length > 1; i++) // what follows a single letter is private use: small
        {
            parts[i] = parts[i].Length switch
            {
                2 => parts[i].ToUpperInvariant(),
                4 when char.IsAsciiLetter(parts[i][0]) => char.ToUpperInvariant(parts[i][0]) + parts[i][1..],
                _ => parts[i],
            };
        }
        return string.Join('-', parts);
    }

    private static string Primary(string tag) => tag.IndexOf('-') is > 0 and int dash ? tag[..dash] : tag;
}
