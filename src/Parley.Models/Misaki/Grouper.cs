using System.Text.RegularExpressions;

namespace Parley.Models.Misaki;

/// <summary>
/// Cuts tokens into sub-tokens, decides what punctuation and currency signs say, and groups what is written together.
/// hexgrad/misaki, en.py, retokenize.
/// </summary>
internal static partial class Grouper
{
    /// <param name="tokens">A sentence's tokens, tagged.</param>
    /// <param name="mode">The default mode trusts the signs themselves more than their tags.</param>
    /// <returns>Groups of sub-tokens; those with one member were separate words.</returns>
    public static List<SubToken[]> Group(IReadOnlyList<Token> tokens, ReadingMode mode)
    {
        List<SubToken[]> groups = [];
        List<SubToken> open = [];                                              // joined by what is written after it without a space
        string? currency = null;
        for (int i = 0; i < tokens.Count; i++)
        {
            List<SubToken> pieces = Cut(tokens[i]);
            for (int j = 0; j < pieces.Count; j++)
            {
                SubToken piece = pieces[j];
                bool isLast = j == pieces.Count - 1;
                bool endsNumber = isLast && (i + 1 == tokens.Count || tokens[i + 1].Tag != "CD");
                if (!piece.IsDecided && !(mode == ReadingMode.Default && pieces.Count == 1 && IsMark(piece)))
                    Decide(piece, ref currency, endsNumber, between: j > 0 && !isLast ? (pieces[j - 1], pieces[j + 1]) : null);
                Join(groups, open, piece);
            }
        }
        Close(groups, open);
        return groups;
    }

    /// <summary>Punctuation speaks for itself, whatever the tagger took it for.</summary>
    private static bool IsMark(SubToken piece)
    {
        if (piece.Text is not ("(" or ")") && piece.Text.AsSpan().ContainsAnyExcept(PhonemeSet.Punctuation))
            return false;
        (piece.Phonemes, piece.Rating) = (piece.Text, 4);
        return true;
    }

    private static void Decide(SubToken piece, ref string? currency, bool endsNumber, (SubToken Before, SubToken After)? between)
    {
        if (piece.Tag == "$" && piece.Text is "$" or "£" or "€")
        {
            currency = piece.Text;
            (piece.Phonemes, piece.Rating) = ("", 4);
        }
        else if (piece.Tag == ":" && piece.Text is "-" or "–")
        {
            (piece.Phonemes, piece.Rating) = ("—", 3);
        }
        else if (IsPunctuationTag(piece.Tag) && !piece.Text.All(c => char.IsAsciiLetter(c)))
        {
            (piece.Phonemes, piece.Rating) = (Marks(piece), 4);
        }
        else if (currency is not null)
        {
            if (piece.Tag != "CD")
                currency = null;
            else if (endsNumber)
                piece.Currency = currency;
        }
        else if (piece.Text == "2" && between is { } neighbours && char.IsLetter(neighbours.Before.Text[^1]) && char.IsLetter(neighbours.After.Text[0]))
        {
            piece.Alias = "to";                                               // B2B
        }
    }

    private static bool IsPunctuationTag(string tag) => tag
        is "." or "," or "-LRB-" or "-RRB-" or "``" or "\"\"" or "''" or ":" or "$" or "#" or "NFP";

    private static string Marks(SubToken piece) => piece.Tag switch
    {
        "-LRB-" => "(",
        "-RRB-" => ")",
        "``" => "“",
        "\"\"" or "''" => "”",
        _ => string.Concat(piece.Text.Where(PhonemeSet.Punctuation.Contains)),
    };

    private static void Join(List<SubToken[]> groups, List<SubToken> open, SubToken piece)
    {
        if (piece.IsDecided)
        {
            Close(groups, open);
            groups.Add([piece]);
            return;
        }
        piece.IsHead = open.Count == 0;
        open.Add(piece);
        if (piece.HasSpace)
            Close(groups, open);
    }

    private static void Close(List<SubToken[]> groups, List<SubToken> open)
    {
        if (open.Count > 0)
            groups.Add([.. open]);
        open.Clear();
    }

    private static List<SubToken> Cut(Token token)
    {
        List<SubToken> pieces = [];
        if (token.Phonemes is not null || token.Alias is not null || token.Text.AsSpan().IndexOfAnyExceptInRange('a', 'z') < 0)
        {
            pieces.Add(Piece(token, 0, token.Text));
        }
        else
        {
            for (Match match = Piece().Match(token.Text); match.Success; match = match.NextMatch())
                pieces.Add(Piece(token, match.Index, match.Value));
        }
        if (pieces.Count > 0)
            pieces[^1].HasSpace = token.HasSpace;
        return pieces;
    }

    private static SubToken Piece(Token token, int at, string text) => new()
    {
        Text = text,
        Tag = token.Tag,
        Start = token.Start + at,
        Length = text.Length,
        Alias = token.Alias,
        Phonemes = token.Phonemes,
        Rating = token.Phonemes is null ? null : 5,
    };

    private const string Lower = "[a-zß-öø-ÿ]";
    private const string Upper = "[A-ZÀ-ÖØ-Þ]";
    private const string L = CharacterClass.Letter;

    /// <summary>At each place the first alternative that fits; what fits none is passed over.</summary>
    [GeneratedRegex(
        @"^['‘’]+"
        + $"|{Upper}(?={Upper}{Lower})"                                        // HTML|Page
        + @"|(?:^-)?(?:\d?[,.]?\d)+"
        + @"|[-_]+"
        + @"|['‘’]{2,}"
        + $"|{L}*?(?:['‘’]{L})*?{Lower}(?={Upper})"                           // camel|Case
        + $"|{L}+(?:['‘’]{L})*"
        + @"|[\uD800-\uDBFF][\uDC00-\uDFFF]|[^\p{L}\p{N}_'‘’-]"
        + @"|['‘’]+$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Piece();
}
