using System.Text;

namespace Parley.Cli.Configuration;

/// <summary>The names of settings: a property <c>Http.AllowedHosts</c> is <c>http.allowed_hosts</c> in a file and <c>PARLEY__HTTP__ALLOWED_HOSTS</c> in the environment.</summary>
internal static class SettingName
{
    public const string Prefix = "PARLEY__";

    /// <summary>A property's or enum value's name in small letters with underscores: <c>Mp3BitRate</c> is <c>mp3_bit_rate</c>.</summary>
    public static string Of(string property)
    {
        StringBuilder name = new(property.Length + 4);
        for (int i = 0; i < property.Length; i++)
        {
            if (i > 0 && char.IsAsciiLetterUpper(property[i]) && (!char.IsAsciiLetterUpper(property[i - 1]) || i + 1 < property.Length && char.IsAsciiLetterLower(property[i + 1])))
                name.Append('_');
            name.Append(char.ToLowerInvariant(property[i]));
        }
        return name.ToString();
    }

    public static string Variable(string key) => Prefix + key.ToUpperInvariant().Replace(".", "__", StringComparison.Ordinal);
}
