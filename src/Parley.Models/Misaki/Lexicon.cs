using System.Globalization;
using System.Text;

namespace Parley.Models.Misaki;

/// <summary>What the next sound is, as far as the word before it cares.</summary>
internal enum NextSound
{
    /// <summary>A pause, the end, or not known.</summary>
    None,
    Vowel,
    Consonant,
}

/// <summary>What follows a word: its first sound, and whether it is the word "to".</summary>
internal readonly record struct Following(NextSound Sound, bool IsTo);

/// <summary>Phonemes and how sure they are: 5 given in the text, 4 gold or rule, 3 silver, spelled or punctuation, 2 the net.</summary>
internal readonly record struct Reading(string? Phonemes, int? Rating)
{
    public static Reading Nothing => default;
}

/// <summary>
/// The lexicon of one accent, gold before silver, with the rules that read words which are not in it. hexgrad/misaki, en.py,
/// class Lexicon.
/// </summary>
internal sealed class Lexicon(LexiconTable gold, LexiconTable silver, EnglishAccent accent)
{
    public EnglishAccent Accent { get; } = accent;

    public long Bytes => gold.Bytes + silver.Bytes;

    /// <summary>Reads a word: by the lexicon, by rule, or as a number.</summary>
    /// <param name="text">The word as it stands in the sentence, or its alias.</param>
    /// <param name="word">Its tag, currency, stress and place.</param>
    /// <param name="next">What follows.</param>
    public Reading Read(string text, SubToken word, Following next)
    {
        string plain = Plain(text);
        Reading reading = ReadWord(plain, word.Tag, CapitalStress(plain), next);
        if (reading.Phonemes is not null)
            return reading with { Phonemes = Stress.Apply(WithCurrency(reading.Phonemes, word.Currency), word.Stress) };
        if (!NumberReader.IsNumber(plain, word.IsHead))
            return Reading.Nothing;
        reading = NumberReader.Read(this, plain, word.Currency, word.IsHead);
        return reading.Phonemes is null ? reading : reading with { Phonemes = Stress.Apply(reading.Phonemes, word.Stress) };
    }

    /// <summary>First hit of: special case, the word, its possessives, its stems.</summary>
    public Reading ReadWord(string word, string tag, double? stress, Following next)
    {
        Reading reading = SpecialWords.Read(this, word, tag, stress, next);
        if (reading.Phonemes is not null)
            return reading;
        if (ReadsAsLowerCase(word, tag, stress, next))
            word = word.ToLowerInvariant();
        if (IsKnown(word))
            return Look(word, tag, stress, next);
        if (word.EndsWith("s'", StringComparison.Ordinal) && IsKnown(word[..^2] + "'s"))
            return Look(word[..^2] + "'s", tag, stress, next);
        if (word.EndsWith('\'') && IsKnown(word[..^1]))
            return Look(word[..^1], tag, stress, next);

        reading = Suffixes.ReadS(this, word, tag, stress, next);
        if (reading.Phonemes is null)
            reading = Suffixes.ReadEd(this, word, tag, stress, next);
        if (reading.Phonemes is null)
            reading = Suffixes.ReadIng(this, word, tag, stress ?? 0.5, next);
        return reading;
    }

    /// <summary>True if the dictionaries have the word, or it can be spelled.</summary>
    public bool IsKnown(string word)
    {
        if (Contains(gold, word) || word is "%" or "&" or "+" or "@" || Contains(silver, word))
            return true;
        if (!CharacterClass.IsAlphabetic(word) || !Ascii.IsValid(word))
            return false;
        return word.Length == 1
            || (IsUpper(word) && Contains(gold, word.ToLowerInvariant()))
            || IsUpper(word.AsSpan(1));
    }

    /// <summary>Looks a known word up: the reading of its tag, or its letters.</summary>
    /// <param name="word">The word.</param>
    /// <param name="tag">Its part of speech; null inside numbers.</param>
    /// <param name="stress">The level to bring the result to.</param>
    /// <param name="next">What follows; null inside numbers, where no reading for "nothing follows" is taken.</param>
    public Reading Look(string word, string? tag, double? stress, Following? next)
    {
        bool isName = false;
        if (IsUpper(word) && !Contains(gold, word))
        {
            word = word.ToLowerInvariant();
            isName = tag == "NNP";
        }
        (string? phonemes, Dictionary<string, string?>? byTag) = Find(gold, word);
        int rating = 4;
        if (phonemes is null && byTag is null && !isName)
        {
            (phonemes, byTag) = Find(silver, word);
            rating = 3;
        }
        if (byTag is not null)
            phonemes = ForTag(byTag, tag, next);
        if (phonemes is null || (isName && !phonemes.Contains(PhonemeSet.Primary)))
        {
            Reading spelled = Spell(word);
            if (spelled.Phonemes is not null || phonemes is null)
                return spelled;
        }
        return new(Stress.Apply(phonemes, stress), rating);
    }

    /// <summary>The names of the letters, the last one stressed; nothing if a letter has no name.</summary>
    public Reading Spell(string word)
    {
        StringBuilder letters = new();
        foreach (char c in word)
        {
            if (!char.IsLetter(c))
                continue;
            if (Find(gold, char.ToUpperInvariant(c).ToString()).Phonemes is not { } name)
                return Reading.Nothing;
            letters.Append(name);
        }
        string phonemes = Stress.Apply(letters.ToString(), 0);
        int last = phonemes.LastIndexOf(PhonemeSet.Secondary);
        return new(last < 0 ? phonemes : $"{phonemes.AsSpan(0, last)}{PhonemeSet.Primary}{phonemes.AsSpan(last + 1)}", 3);
    }

    /// <summary>The text equals its upper case.</summary>
    public static bool IsUpper(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (char.ToUpperInvariant(c) != c || c == 'ß')                     // ß has no capital of one character
                return false;
        }
        return true;
    }

    public static bool IsLower(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (char.ToLowerInvariant(c) != c)
                return false;
        }
        return true;
    }

    /// <summary>None for a lower-case word, strong for one in capitals, some for one with a capital.</summary>
    public static double? CapitalStress(string word) => IsLower(word) ? null : IsUpper(word) ? 2 : 0.5;

    /// <summary>True if a dictionary has the word, in this case or the other.</summary>
    public bool IsWord(string word) => Contains(gold, word) || Contains(silver, word);

    private bool ReadsAsLowerCase(string word, string tag, double? stress, Following next)
    {
        if (word.Length < 2 || IsLower(word) || Contains(gold, word) || Contains(silver, word))
            return false;
        if (!CharacterClass.IsAlphabetic(word.Replace("'", "", StringComparison.Ordinal)))
            return false;
        if ((tag == "NNP" && word.Length <= 7) || !(IsUpper(word) || IsLower(word.AsSpan(1))))
            return false;
        string lower = word.ToLowerInvariant();
        return Contains(gold, lower) || Contains(silver, lower)
            || Suffixes.ReadS(this, lower, tag, stress, next).Phonemes is not null
            || Suffixes.ReadEd(this, lower, tag, stress, next).Phonemes is not null
            || Suffixes.ReadIng(this, lower, tag, stress, next).Phonemes is not null;
    }

    private static string? ForTag(Dictionary<string, string?> readings, string? tag, Following? next)
    {
        if (next is { Sound: NextSound.None } && readings.TryGetValue("None", out string? alone))
            return alone;
        if (tag is not null && (readings.TryGetValue(tag, out string? reading) || readings.TryGetValue(ParentTag(tag), out reading)))
            return reading;
        return readings["DEFAULT"];
    }

    /// <summary>The coarse class that the lexicon's keys use.</summary>
    public static string ParentTag(string tag) => tag switch
    {
        _ when tag.StartsWith("VB", StringComparison.Ordinal) => "VERB",
        _ when tag.StartsWith("NN", StringComparison.Ordinal) => "NOUN",
        _ when tag.StartsWith("ADV", StringComparison.Ordinal) || tag.StartsWith("RB", StringComparison.Ordinal) => "ADV",
        _ when tag.StartsWith("ADJ", StringComparison.Ordinal) || tag.StartsWith("JJ", StringComparison.Ordinal) => "ADJ",
        _ => tag,
    };

    /// <summary>A lower-case word also finds its capitalised entry, and the other way round.</summary>
    private static (string? Phonemes, Dictionary<string, string?>? ByTag) Find(LexiconTable table, string word)
    {
        (string? Phonemes, Dictionary<string, string?>? ByTag) entry = table.Find(word);
        return entry is (null, null) && Twin(word) is { } twin ? table.Find(twin) : entry;
    }

    private static bool Contains(LexiconTable table, string word) => table.Contains(word) || (Twin(word) is { } twin && table.Contains(twin));

    private static string? Twin(string word)
    {
        if (word.Length < 2 || !IsLower(word.AsSpan(1)))
            return null;
        char lower = char.ToLowerInvariant(word[0]), upper = char.ToUpperInvariant(word[0]);
        return lower == upper ? null : string.Concat([word[0] == lower ? upper : lower], word.AsSpan(1));
    }

    private string WithCurrency(string phonemes, string? currency)
    {
        string? unit = currency switch { "$" => "dollar", "£" => "pound", "€" => "euro", _ => null };
        return unit is null ? phonemes : $"{phonemes} {Suffixes.ReadS(this, unit + "s", null, null, null).Phonemes}";
    }

    /// <summary>Straight apostrophes, compatibility forms resolved, digits of other scripts made plain.</summary>
    private static string Plain(string text)
    {
        if (Ascii.IsValid(text))
            return text;
        string word = Normalized(text.Replace('‘', '\'').Replace('’', '\''));
        StringBuilder plain = new(word.Length);
        foreach (char c in word)
        {
            int digit = c < 0x80 ? -1 : CharUnicodeInfo.GetDigitValue(c);
            if (digit < 0)
                plain.Append(c);
            else
                plain.Append(digit);
        }
        return plain.ToString();
    }

    private static string Normalized(string text)
    {
        try
        {
            return text.Normalize(NormalizationForm.FormKC);
        }
        catch (ArgumentException)                                              // half of a surrogate pair
        {
            return text;
        }
    }
}
