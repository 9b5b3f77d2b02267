using System.Collections.Frozen;
using System.Text;
using System.Text.RegularExpressions;

namespace Parley.Models.Misaki.Mending;

/// <summary>Web and mail addresses, host and file names: "dot", "slash", "at", and the letters of what is no word.</summary>
internal static partial class Addresses
{
    private const string Host = @"(?:[\p{L}\p{N}_-]+\.)+";

    /// <summary>Last parts of names that are said as words; the others are spelled.</summary>
    private static readonly FrozenSet<string> Words = FrozenSet.Create(StringComparer.Ordinal,
        "com", "org", "net", "info", "biz", "dev", "app", "co", "me", "test", "local", "example", "doc", "bin", "log", "zip", "bat", "conf", "lock", "cloud", "shop", "blog", "online", "site");

    public static AlignedText Say(AlignedText text) =>
        text.Text.Contains('.', StringComparison.Ordinal) || text.Text.Contains(':', StringComparison.Ordinal)
            ? text.Replace(Address(), match => Spoken(match.Value)) : text;

    private static string Spoken(string address)
    {
        int scheme = address.IndexOf("://", StringComparison.Ordinal);
        string rest = scheme >= 0 ? address[(scheme + 3)..] : address;
        string end = "";
        if (scheme >= 0 || rest.Contains('/', StringComparison.Ordinal) || rest.StartsWith("www.", StringComparison.OrdinalIgnoreCase))
        {
            string whole = rest;
            rest = rest.TrimEnd('.', ',', ';', ':', '!', '?', ')', ']', '"', '\'', '”', '’', '>');
            end = whole[rest.Length..];
            int query = rest.AsSpan().IndexOfAny('?', '#');
            rest = (query >= 0 ? rest[..query] : rest).TrimEnd('/');
        }
        StringBuilder said = new();
        bool isHost = true;
        foreach (Match part in Parts().Matches(rest))
        {
            string word = part.Value;
            isHost &= word != "/";
            string spoken = word switch
            {
                "." => "dot",
                "/" => "slash",
                "@" => "at",
                "-" => "dash",
                "_" => "underscore",
                ":" => "colon",
                "~" => "tilde",
                "%" => "percent",
                "+" => "plus",
                "=" => "equals",
                "&" => "and",
                _ when !char.IsLetterOrDigit(word[0]) => "",
                _ when word.Equals("www", StringComparison.OrdinalIgnoreCase) => "double u double u double u",
                _ when IsLast(rest, part) && isHost && word.Length <= 4 && !Words.Contains(word) && word.All(char.IsAsciiLetter) => string.Join(' ', word.ToCharArray()),
                _ => word,
            };
            if (spoken.Length > 0)
                said.Append(said.Length > 0 ? " " : "").Append(spoken);
        }
        return said + end;
    }

    /// <summary>The part after a dot with no further dot: a top-level domain, a second-level one of the kind co.uk, a file's ending.</summary>
    private static bool IsLast(string address, Match part) =>
        part.Index > 0 && address[part.Index - 1] == '.' && (part.Index + part.Length == address.Length || address[part.Index + part.Length] is '/' or ':');

    [GeneratedRegex(
        @"(?<![\p{L}\p{N}@/])(?:"
        + @"(?:https?|ftp)://\S{1,500}|www\.\S{1,500}"
        + @"|[\p{L}\p{N}_][\p{L}\p{N}_.+-]{0,63}@" + Host + @"[\p{L}]{2,}(?![\p{L}\p{N}_])"
        + "|" + Host + @"(?:com|org|net|edu|gov|io|co|uk|de|fr|info|biz|us|ca|au|tv|me|ly|ai|dev|app|nl|eu|ch|jp)(?:/[^\s,;]*)?(?![\p{L}\p{N}_])"
        + "|" + Host + @"(?:js|ts|tsx|jsx|py|rb|rs|go|cs|cpp|hpp|java|sh|md|txt|json|xml|yaml|yml|toml|html|htm|css|csv|sql|pdf|docx?|xlsx?|pptx?|png|jpe?g|gif|svg|mp3|mp4|wav|zip|gz|exe|dll|log|onnx|bin|conf|env|lock)(?![\p{L}\p{N}_.])"
        + ")", RegexOptions.CultureInvariant)]
    private static partial Regex Address();

    [GeneratedRegex(@"[\p{L}\p{N}]+|.", RegexOptions.Singleline)]
    private static partial Regex Parts();
}
