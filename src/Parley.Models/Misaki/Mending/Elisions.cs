using System.Collections.Frozen;

namespace Parley.Models.Misaki.Mending;

/// <summary>Words that begin with an apostrophe because something was left out: 'twas, 'em, '90s, rock 'n' roll.</summary>
internal static class Elisions
{
    private static readonly FrozenDictionary<string, string> Words = new Dictionary<string, string>
    {
        ["twas"] = "'twas", ["tis"] = "'tis", ["twere"] = "it were", ["twill"] = "it will", ["twould"] = "it would", ["em"] = "'em",
        ["cause"] = "'cause", ["cos"] = "'cause", ["coz"] = "'cause", ["cuz"] = "'cause", ["til"] = "till", ["till"] = "till", ["bout"] = "about", ["round"] = "round",
        ["nuff"] = "enough", ["neath"] = "beneath", ["gainst"] = "'gainst", ["n"] = "'n'", ["tween"] = "between",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>True if the text, which follows an apostrophe, begins with such a word.</summary>
    public static bool Begins(ReadOnlySpan<char> text)
    {
        int end = text.IndexOfAnyExcept(AsciiLetters);
        ReadOnlySpan<char> word = end < 0 ? text : text[..end];
        return Words.GetAlternateLookup<ReadOnlySpan<char>>().ContainsKey(word);
    }

    /// <summary>True if the text ends in 'n, so that the apostrophe after it belongs to the word.</summary>
    public static bool EndsAnd(ReadOnlySpan<char> text) => text.EndsWith("'n", StringComparison.OrdinalIgnoreCase);

    /// <summary>Joins the apostrophe and its word to one token, read as the whole word.</summary>
    public static void Join(List<Token> tokens)
    {
        for (int i = 0; i < tokens.Count; i++)
        {
            Token token = tokens[i];
            if (token.Text.Length > 1 && token.Text[0] == '\'' && Words.TryGetValue(token.Text.Trim('\''), out string? whole))
            {
                token.Alias = whole;                                           // the tokenizer kept it in one piece
                continue;
            }
            if (token.Text != "'" || token.HasSpace || i + 1 == tokens.Count)
                continue;
            Token word = tokens[i + 1];
            string? alias = Words.TryGetValue(word.Text.Trim('\''), out string? read) ? read : char.IsDigit(word.Text[0]) ? word.Text : null;
            if (alias is null)
                continue;
            bool closes = alias == "'n'" && !word.HasSpace && i + 2 < tokens.Count && tokens[i + 2].Text == "'";
            Token last = closes ? tokens[i + 2] : word;
            tokens[i] = new("'" + word.Text + (closes ? "'" : ""), token.Start) { Tag = word.Tag, HasSpace = last.HasSpace, Alias = alias };
            tokens.RemoveRange(i + 1, closes ? 2 : 1);
        }
    }

    private static readonly System.Buffers.SearchValues<char> AsciiLetters =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
}
