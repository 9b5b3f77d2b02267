using System.Buffers;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Parley.Models.Misaki;

/// <summary>
/// Cuts a sentence into tokens as spaCy does for English: affixes peeled off chunks of non-space, a table of exceptions,
/// infixes. The exceptions (<c>tokenizer_exceptions.json</c>) are spaCy's (MIT).
/// </summary>
internal sealed partial class Tokenizer
{
    /// <summary>Longer runs without a space are cut; no word is as long, and the work on one word grows faster than its length.</summary>
    public const int LongestChunk = 128;

    private const string QuoteMarks = "'\"”“`‘´’‚,„»«「」『』（）〔〕【】《》〈〉";

    private static readonly SearchValues<char> Punctuation = SearchValues.Create("…,:;!?¿¡()[]{}<>_#*&。？！，、；：～·");
    private static readonly SearchValues<char> Quotes = SearchValues.Create(QuoteMarks);
    private static readonly SearchValues<char> Icons = SearchValues.Create("™®©°§¶†‡•");
    private static readonly SearchValues<char> OtherPrefixes = SearchValues.Create("§%=—–");
    private static readonly string[] Currencies =
        ["US$", "C$", "A$", "$", "£", "€", "¥", "฿", "₽", "₹", "₩", "₪", "₺", "₴", "₦", "₫", "₱", "₲", "₵", "₸", "₼", "₾", "₿"];

    private static readonly string[] Units =
    [
        "km²", "km³", "dm²", "dm³", "cm²", "cm³", "mm²", "mm³", "km/h", "km", "m²", "m³", "dm", "cm", "mm", "ha", "µm", "nm", "yd", "in",
        "ft", "kg", "mg", "µg", "lb", "oz", "m/s", "kmh", "mph", "hPa", "Pa", "mbar", "mb", "MB", "kb", "KB", "gb", "GB", "tb", "TB",
        "m", "g", "t", "T", "G", "M", "K", "%",
    ];

    private static readonly string[] Dashes = ["-", "–", "—", "--", "---", "——", "~"];

    private readonly Dictionary<string, string[]>.AlternateLookup<ReadOnlySpan<char>> exceptions;

    private Tokenizer(Dictionary<string, string[]> exceptions) => this.exceptions = exceptions.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <param name="path"><c>tokenizer_exceptions.json</c>: a chunk to its tokens, which spell the chunk.</param>
    /// <exception cref="ModelFileException">The file is missing or damaged.</exception>
    public static Tokenizer Read(string path) => DataFile.Read(path, json =>
    {
        Dictionary<string, string[]> exceptions = new(1400, StringComparer.Ordinal);
        using JsonDocument file = JsonDocument.Parse(json);
        foreach (JsonProperty entry in file.RootElement.EnumerateObject())
        {
            string[] tokens = [.. entry.Value.EnumerateArray().Select(token => token.GetString() ?? "")];
            if (string.Concat(tokens) != entry.Name)
                throw new FormatException($"the tokens of '{entry.Name}' do not spell it");
            exceptions[entry.Name] = tokens;
        }
        return new Tokenizer(exceptions);
    });

    /// <summary>The tokens of a run of the text, without tags. A token has a space if white space follows, and text after it.</summary>
    public List<Token> Split(string text, int start, int end)
    {
        List<Token> tokens = [];
        int at = start;
        while (at < end)
        {
            if (CharacterClass.IsSpace(text[at]))
            {
                at++;
                continue;
            }
            int chunk = at;
            while (at < end && at - chunk < LongestChunk && !CharacterClass.IsSpace(text[at]))
                at++;
            SplitChunk(text, chunk, at, tokens);
            tokens[^1].HasSpace = at < text.Length && CharacterClass.IsSpace(text[at]);
        }
        return tokens;
    }

    private void SplitChunk(string text, int start, int end, List<Token> tokens)
    {
        int first = tokens.Count;
        if (!AddException(text, start, end, tokens))
        {
            (int left, int right, List<int> suffixes) = Peel(text, start, end, tokens);
            AddMiddle(text, left, right, tokens);
            for (int i = suffixes.Count - 1; i >= 0; i--)
            {
                int until = i == 0 ? end : suffixes[i - 1];
                tokens.Add(new(text[suffixes[i]..until], suffixes[i]));
            }
        }
        JoinExceptions(text, first, tokens);
    }

    /// <summary>Takes prefixes (added at once) and suffixes (their starts) off a chunk until nothing comes off or an exception is left.</summary>
    private (int Left, int Right, List<int> Suffixes) Peel(string text, int left, int right, List<Token> tokens)
    {
        List<int> suffixes = [];
        int last = -1;
        while (left < right && right - left != last && !IsException(text, left, right))
        {
            last = right - left;
            int prefix = PrefixLength(text.AsSpan(left, right - left));
            if (prefix > 0 && IsException(text, left + prefix, right))
            {
                tokens.Add(new(text.Substring(left, prefix), left));
                left += prefix;
                break;
            }
            int suffix = SuffixLength(text.AsSpan(left + prefix, right - left - prefix));
            if (suffix > 0 && IsException(text, left, right - suffix))
            {
                right -= suffix;
                suffixes.Add(right);
                break;
            }
            if (prefix > 0)
            {
                tokens.Add(new(text.Substring(left, prefix), left));
                left += prefix;
            }
            if (suffix > 0)
            {
                right -= suffix;
                suffixes.Add(right);
            }
        }
        return (left, right, suffixes);
    }

    private void AddMiddle(string text, int left, int right, List<Token> tokens)
    {
        if (left >= right || AddException(text, left, right, tokens))
            return;
        string middle = text[left..right];
        if (Address().IsMatch(middle))
        {
            tokens.Add(new(middle, left));
            return;
        }
        int start = 0;
        for (int at = 1; at < middle.Length; at++)
        {
            int infix = InfixLength(middle, at);
            if (infix == 0)
                continue;
            if (at > start)
                tokens.Add(new(middle[start..at], left + start));
            tokens.Add(new(middle.Substring(at, infix), left + at));
            start = at + infix;
            at = start - 1;
        }
        if (start < middle.Length)
            tokens.Add(new(middle[start..], left + start));
    }

    /// <summary>Neighbours that together spell an exception become its tokens ("Sept" and "." the one "Sept.").</summary>
    private void JoinExceptions(string text, int first, List<Token> tokens)
    {
        if (tokens.Count - first < 2)
            return;
        for (int i = first; i < tokens.Count - 1; i++)
        {
            for (int count = Math.Min(3, tokens.Count - i); count >= 2; count--)
            {
                int start = tokens[i].Start, end = tokens[i + count - 1].Start + tokens[i + count - 1].Text.Length;
                if (!exceptions.TryGetValue(text.AsSpan(start, end - start), out string[]? parts))
                    continue;
                tokens.RemoveRange(i, count);
                foreach (string part in parts)
                {
                    tokens.Insert(i++, new(part, start));
                    start += part.Length;
                }
                i--;
                break;
            }
        }
    }

    private bool IsException(string text, int start, int end) => start < end && exceptions.ContainsKey(text.AsSpan(start, end - start));

    private bool AddException(string text, int start, int end, List<Token> tokens)
    {
        if (!exceptions.TryGetValue(text.AsSpan(start, end - start), out string[]? parts))
            return false;
        foreach (string part in parts)
        {
            tokens.Add(new(part, start));
            start += part.Length;
        }
        return true;
    }

    private static int PrefixLength(ReadOnlySpan<char> text)
    {
        char first = text[0];
        if (Punctuation.Contains(first) || Quotes.Contains(first) || Icons.Contains(first) || OtherPrefixes.Contains(first))
            return 1;
        if (first == '+')
            return text.Length > 1 && char.IsAsciiDigit(text[1]) ? 0 : 1;
        if (DotsAt(text, 0) is >= 2 and int dots)
            return dots;
        return LongestStart(text, Currencies);
    }

    /// <summary>The longest suffix that fits.</summary>
    private static int SuffixLength(ReadOnlySpan<char> text)
    {
        if (text.Length == 0)
            return 0;
        char last = text[^1], before = text.Length > 1 ? text[^2] : '\0';
        int longest = 0;
        if (Punctuation.Contains(last) || Quotes.Contains(last) || Icons.Contains(last) || last is '—' or '–' || (last == '+' && char.IsAsciiDigit(before)))
            longest = last == '…' && before == '…' ? 2 : 1;
        if (last is 's' or 'S' && before is '\'' or '’')
            longest = 2;
        if (last == '.')
        {
            int dots = text.Length - (text.LastIndexOfAnyExcept('.') + 1);
            longest = Math.Max(longest, dots >= 2 ? dots : EndsWithDot(text[..^1]) ? 1 : 0);
        }
        foreach (string[] endings in (ReadOnlySpan<string[]>)[Currencies, Units])
        {
            foreach (string ending in endings)
            {
                if (ending.Length > longest && text.EndsWith(ending, StringComparison.Ordinal)
                    && text.Length > ending.Length && char.IsAsciiDigit(text[^(ending.Length + 1)]))
                {
                    longest = ending.Length;
                }
            }
        }
        return longest;
    }

    /// <summary>A single dot comes off after these: "5.", "end.", "°C.", "CD.".</summary>
    private static bool EndsWithDot(ReadOnlySpan<char> before)
    {
        if (before.Length == 0)
            return false;
        char last = before[^1], second = before.Length > 1 ? before[^2] : '\0';
        return char.IsAsciiDigit(last) || CharacterClass.IsLatinLower(last) || last is '%' or '²' or '-' or '+'
            || Punctuation.Contains(last) || Quotes.Contains(last)
            || (second == '°' && last is 'F' or 'f' or 'C' or 'c' or 'K' or 'k')
            || (CharacterClass.IsLatinUpper(last) && CharacterClass.IsLatinUpper(second));
    }

    /// <summary>The infix at a place that is not the first, or 0.</summary>
    private static int InfixLength(ReadOnlySpan<char> text, int at)
    {
        char c = text[at], before = text[at - 1], after = at + 1 < text.Length ? text[at + 1] : '\0';
        if (DotsAt(text, at) is >= 2 and int dots)
            return dots;
        if (c == '…' || Icons.Contains(c))
            return 1;
        if (c is '+' or '-' or '*' or '^' && char.IsAsciiDigit(before) && (char.IsAsciiDigit(after) || after == '-'))
            return 1;
        if (c == '.' && (CharacterClass.IsLatinLower(before) || Quotes.Contains(before)) && (CharacterClass.IsLatinUpper(after) || Quotes.Contains(after)))
            return 1;
        if (c == ',' && CharacterClass.IsLetter(before) && CharacterClass.IsLetter(after))
            return 1;
        if (!CharacterClass.IsWord(before) || before == '_')
            return 0;
        foreach (string dash in Dashes)
        {
            if (text[at..].StartsWith(dash, StringComparison.Ordinal) && at + dash.Length < text.Length && CharacterClass.IsLetter(text[at + dash.Length]))
                return dash.Length;
        }
        return c is ':' or '<' or '>' or '=' or '/' && CharacterClass.IsLetter(after) ? 1 : 0;
    }

    private static int DotsAt(ReadOnlySpan<char> text, int at)
    {
        int end = text[at..].IndexOfAnyExcept('.');
        return end < 0 ? text.Length - at : end;
    }

    private static int LongestStart(ReadOnlySpan<char> text, string[] starts)
    {
        foreach (string start in starts)
        {
            if (text.StartsWith(start, StringComparison.Ordinal))
                return start.Length;
        }
        return 0;
    }

    [GeneratedRegex(
        @"^(?:(?:(?:https?|ftp)://|www\.)\S+"
        + @"|[\p{L}\p{N}_.+-]+@[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)+"
        + @"|[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*\.(?:com|org|net|edu|gov|io|co|uk|de|fr|info|biz|us|ca|au|tv|me|ly|ai)(?:/\S*)?)$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Address();
}
