namespace Parley.Models.Misaki;

/// <summary>Words whose sound depends on what they do in the sentence, and signs that are words.</summary>
internal static class SpecialWords
{
    public static Reading Read(Lexicon lexicon, string word, string tag, double? stress, Following next)
    {
        switch (word)
        {
            case "." when tag == "ADD":
                return lexicon.Look("dot", null, -0.5, next);
            case "/" when tag == "ADD":
                return lexicon.Look("slash", null, -0.5, next);
            case "%":
                return lexicon.Look("percent", null, null, next);
            case "&":
                return lexicon.Look("and", null, null, next);
            case "+":
                return lexicon.Look("plus", null, null, next);
            case "@":
                return lexicon.Look("at", null, null, next);
        }
        if (IsDotted(word))
            return lexicon.Spell(word);
        switch (word)
        {
            case "a" or "A":
                return new(tag == "DT" ? "ɐ" : "ˈA", 4);
            case "am" or "Am" or "AM":
                if (tag.StartsWith("NN", StringComparison.Ordinal))
                    return lexicon.Spell(word);
                return next.Sound == NextSound.None || word != "am" || stress > 0 ? Gold(lexicon, "am") : new("ɐm", 4);
            case "AN" when tag.StartsWith("NN", StringComparison.Ordinal):
                return lexicon.Spell(word);
            case "an" or "An" or "AN":
                return new("ɐn", 4);
            case "I" when tag == "PRP":
                return new("ˌI", 4);
            case "by" or "By" or "BY" when Lexicon.ParentTag(tag) == "ADV":
                return new("bˈI", 4);
            case "to" or "To":
            case "TO" when tag is "TO" or "IN":
                return next.Sound switch
                {
                    NextSound.Vowel => new("tʊ", 4),
                    NextSound.Consonant => new("tə", 4),
                    _ => Gold(lexicon, "to"),
                };
            case "in" or "In":
            case "IN" when tag != "NNP":
                return new(next.Sound == NextSound.None || tag != "IN" ? "ˈɪn" : "ɪn", 4);
            case "the" or "The":
            case "THE" when tag == "DT":
                return new(next.Sound == NextSound.Vowel ? "ði" : "ðə", 4);
            case "used" or "Used" or "USED":
                return lexicon.Look("used", tag is "VBD" or "JJ" && next.IsTo ? "VBD" : "DEFAULT", null, null);
        }
        if (tag == "IN" && word.TrimEnd('.').Equals("vs", StringComparison.OrdinalIgnoreCase) && word.Length <= 3)
            return lexicon.Look("versus", null, null, next);
        return Reading.Nothing;
    }

    private static Reading Gold(Lexicon lexicon, string word) => lexicon.Look(word, null, null, null);

    /// <summary>U.S.A., a.m, Ph.D: a dot inside, letters otherwise, each part of one or two letters.</summary>
    private static bool IsDotted(string word)
    {
        if (!word.AsSpan().Trim('.').Contains('.'))
            return false;
        int part = 0;
        foreach (char c in word)
        {
            if (c == '.')
                part = 0;
            else if (!char.IsLetter(c) || ++part > 2)
                return false;
        }
        return true;
    }
}
