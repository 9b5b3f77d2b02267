using System.Collections.Frozen;

namespace Parley.Models.Misaki.Mending;

/// <summary>
/// Words of one spelling and two sounds that the tagger gets wrong: their neighbours decide, and the tag is set so that the
/// lexicon gives the right reading.
/// </summary>
internal static class Homographs
{
    private static readonly FrozenSet<string> Metal = Words("pipe pipes paint paints poisoning poisoned bullet bullets shot acid weight weights balloon solder mine mines ore glass crystal sheet sheets apron plumbing piping oxide levels exposure contamination content based free lined");
    private static readonly FrozenSet<string> Subjects = Words("i you we they who to not n't n’t will would shall should can could may might must do did strongly");
    private static readonly FrozenSet<string> Fishing = Words("fish fishing fished sea lake largemouth smallmouth striped caught catch river trout pond freshwater");
    private static readonly FrozenSet<string> Eyes = Words("eye eyes cheek cheeks face eyelid");
    private static readonly FrozenSet<string> Ripped = Words("in up apart off out through along open");
    private static readonly FrozenSet<string> Turned = Words("up down back around it them");
    private static readonly FrozenSet<string> Bends = Words("took take takes taking taken down out before to");
    private static readonly FrozenSet<string> Ships = Words("ship ships boat boats stern vessel deck");
    private static readonly FrozenSet<string> Dived = Words("into in down for under off through headfirst deep straight right . , !");
    private static readonly FrozenSet<string> Feels = Words("am is are was were be been being feel feels felt seem seems seemed look looks looked quite very perfectly so more 'm 're 's not fairly");
    private static readonly FrozenSet<string> Tiny = Words("detail details amount amounts quantity quantities difference differences particle particles change changes fraction fractions scale trace traces variation variations adjustment adjustments crack cracks dose doses inspection");

    public static void Retag(IReadOnlyList<Token> tokens)
    {
        for (int i = 0; i < tokens.Count; i++)
        {
            Token token = tokens[i];
            string? tag = token.Text.ToLowerInvariant() switch
            {
                "lead" or "leads" when IsMetal(tokens, i) => Alias(token, "led"),
                "object" or "objects" when Subjects.Contains(Word(tokens, i - 1)) => "VB",
                "bass" when !Near(tokens, i, 6, Fishing) => "JJ",
                "bow" or "bows" when IsBend(tokens, i) => "VB",
                "tear" or "tears" when Ripped.Contains(Word(tokens, i + 1)) && !Near(tokens, i, 4, Eyes) => "VB",
                "wind" when Turned.Contains(Word(tokens, i + 1)) && !IsNominal(tokens, i - 1) => "VB",
                "dove" when IsSubject(tokens, i - 1) && Dived.Contains(Word(tokens, i + 1)) => "VBD",
                "content" when Feels.Contains(Word(tokens, i - 1)) => "JJ",
                "minute" when Tiny.Contains(Word(tokens, i + 1)) => "JJ",
                _ => null,
            };
            if (tag is not null)
                token.Tag = tag;
        }
    }

    /// <summary>The metal: before what is made of it, after "made of" and the like, or where it is called a metal.</summary>
    private static bool IsMetal(IReadOnlyList<Token> tokens, int i)
    {
        if (Metal.Contains(Word(tokens, i + 1)) || (Word(tokens, i + 1) == "-" && Metal.Contains(Word(tokens, i + 2))))
            return true;
        string before = Word(tokens, i - 1);
        if (before is "of" or "with" or "from" && Word(tokens, i - 2) is "made" or "full" or "piece" or "pieces" or "lump" or "ton" or "tons" or "pound" or "pounds"
            or "filled" or "lined" or "coated" or "traces" or "amounts" or "levels")
        {
            return true;
        }
        for (int at = i + 1; at < Math.Min(tokens.Count, i + 6); at++)
        {
            if (Word(tokens, at) is "metal" or "metals" or "zinc" or "copper" or "tin" or "mercury" or "arsenic" or "cadmium")
                return true;
        }
        return before is "and" or "or" && Word(tokens, i - 2) is "zinc" or "copper" or "tin" or "mercury" or "arsenic" or "cadmium" or "iron";
    }

    private static bool IsBend(IReadOnlyList<Token> tokens, int i)
    {
        bool taken = Word(tokens, i - 1) is "a" or "final" or "deep" or "last" && (Bends.Contains(Word(tokens, i - 2)) || Bends.Contains(Word(tokens, i - 3)));
        return taken || (Word(tokens, i + 1) is "down" or "out" or "before") || Near(tokens, i, 4, Ships);
    }

    private static bool Near(IReadOnlyList<Token> tokens, int i, int reach, FrozenSet<string> words)
    {
        for (int at = Math.Max(0, i - reach); at <= Math.Min(tokens.Count - 1, i + reach); at++)
        {
            if (at != i && words.Contains(Word(tokens, at)))
                return true;
        }
        return false;
    }

    private static bool IsSubject(IReadOnlyList<Token> tokens, int i) =>
        i >= 0 && tokens[i].Tag is "PRP" or "WP" or "NN" or "NNS" or "NNP" or "NNPS" && tokens[i].Text != ",";

    private static bool IsNominal(IReadOnlyList<Token> tokens, int i) =>
        i >= 0 && tokens[i].Tag is "DT" or "JJ" or "JJR" or "JJS" or "NN" or "NNS" or "PRP$" or "CD" or "IN";

    private static string Alias(Token token, string word)
    {
        token.Alias = word;
        return token.Tag;
    }

    private static string Word(IReadOnlyList<Token> tokens, int i) => i >= 0 && i < tokens.Count ? tokens[i].Text.ToLowerInvariant() : "";

    private static FrozenSet<string> Words(string words) => words.Split(' ').ToFrozenSet(StringComparer.Ordinal);
}
