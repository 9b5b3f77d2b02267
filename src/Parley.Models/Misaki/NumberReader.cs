using System.Buffers;
using System.Globalization;

namespace Parley.Models.Misaki;

/// <summary>Digits that the normaliser left standing, to phonemes: ordinals, years, parts of codes, money, decimals.</summary>
internal static class NumberReader
{
    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789,.");
    private static readonly SearchValues<char> SuffixCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz'");

    private static readonly string[] Endings = ["ing", "'d", "ed", "'s", "st", "nd", "rd", "th", "s"];

    /// <param name="word">The word with plain digits and apostrophes.</param>
    /// <param name="isHead">False inside a word ("12" in "A12"), where a minus is a hyphen.</param>
    public static bool IsNumber(ReadOnlySpan<char> word, bool isHead)
    {
        if (!word.ContainsAnyInRange('0', '9'))
            return false;
        foreach (string ending in Endings)
        {
            if (word.EndsWith(ending, StringComparison.Ordinal))
            {
                word = word[..^ending.Length];
                break;
            }
        }
        if (isHead && word.StartsWith('-'))
            word = word[1..];
        return !word.ContainsAnyExcept(NumberCharacters);
    }

    public static Reading Read(Lexicon lexicon, string word, string? currency, bool isHead)
    {
        int end = word.AsSpan().LastIndexOfAnyExcept(SuffixCharacters) + 1;
        string number = word[..end], suffix = word[end..];
        Words said = new(lexicon);
        bool isMinus = number.StartsWith('-');
        if (isMinus)
        {
            said.Say("minus");
            number = number[1..];
        }
        bool isOrdinal = suffix is "st" or "nd" or "rd" or "th";
        string digits = number.Replace(",", "", StringComparison.Ordinal);
        int dots = number.Count(c => c == '.');

        if (isOrdinal && CharacterClass.IsNumber(number))
            said.Say(NumberWords.Ordinal(number));
        else if (!isMinus && number.Length == 4 && Unit(currency) is null && CharacterClass.IsNumber(number))
            said.Say(NumberWords.Year(int.Parse(number, CultureInfo.InvariantCulture)));
        else if (!isHead && dots == 0)
            SayCode(said, digits);
        else if (dots > 1 || !isHead)
            SayParts(said, digits);
        else if (Unit(currency) is { } unit && IsMoney(number))
            SayMoney(said, digits, unit.Whole, unit.Part);
        else if (dots == 0)
            said.Say(isOrdinal ? NumberWords.Ordinal(digits) : NumberWords.Cardinal(digits));
        else if (digits[0] == '.')
            said.Say("point " + NumberWords.DigitByDigit(digits.AsSpan(1)));
        else
            said.Say(NumberWords.Decimal(digits));
        return said.With(suffix);
    }

    /// <summary>"007": zero zero seven; "105": one oh five; "123": one twenty-three; "200": two hundred.</summary>
    private static void SayCode(Words said, string digits)
    {
        if (digits[0] == '0' || digits.Length > 3)
        {
            said.Say(NumberWords.DigitByDigit(digits));
        }
        else if (digits.Length == 3 && !digits.EndsWith("00", StringComparison.Ordinal))
        {
            said.Say(NumberWords.Cardinal(digits.AsSpan(0, 1)));
            if (digits[1] == '0')
            {
                said.Say("O", -2);
                said.Say(NumberWords.Cardinal(digits.AsSpan(2)));
            }
            else
            {
                said.Say(NumberWords.Cardinal(digits.AsSpan(1)));
            }
        }
        else
        {
            said.Say(NumberWords.Cardinal(digits));
        }
    }

    /// <summary>Versions and addresses: part by part, the dots silent.</summary>
    private static void SayParts(Words said, string digits)
    {
        foreach (string part in digits.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            bool oneByOne = part[0] == '0' || (part.Length != 2 && part.AsSpan(1).ContainsAnyExcept('0'));
            said.Say(oneByOne ? NumberWords.DigitByDigit(part) : NumberWords.Cardinal(part));
        }
    }

    private static void SayMoney(Words said, string digits, string whole, string part)
    {
        string[] amounts = digits.Split('.');
        string units = NoZeros(amounts[0]), cents = amounts.Length > 1 ? NoZeros(amounts[1]) : "";
        bool saysUnits = units.Length > 0 || cents.Length == 0;
        if (saysUnits)
            SayAmount(said, units, whole);
        if (saysUnits && cents.Length > 0)
            said.Say("and", isSpokenAnd: true);
        if (cents.Length > 0)
            SayAmount(said, cents, part);
    }

    private static void SayAmount(Words said, string amount, string unit)
    {
        said.Say(NumberWords.Cardinal(amount));
        if (amount == "1" || unit == "pence")
            said.Say(unit);
        else
            said.SayPlural(unit);
    }

    private static string NoZeros(string amount) => amount.TrimStart('0');

    private static bool IsMoney(string number)
    {
        int point = number.IndexOf('.');
        return point < 0 || number.Length - point - 1 < 3;
    }

    private static (string Whole, string Part)? Unit(string? currency) => currency switch
    {
        "$" => ("dollar", "cent"),
        "£" => ("pound", "pence"),
        "€" => ("euro", "cent"),
        _ => null,
    };

    /// <summary>Words looked up one by one, without context; "and" is only spoken between units and cents.</summary>
    private sealed class Words(Lexicon lexicon)
    {
        private readonly List<string> phonemes = [];
        private int rating = 4;
        private bool isIncomplete;

        public void Say(string words, double? stress = null, bool isSpokenAnd = false)
        {
            foreach (string word in words.Split([' ', '-', ','], StringSplitOptions.RemoveEmptyEntries))
            {
                if (word != "and" || isSpokenAnd)
                    Add(lexicon.Look(word, null, word == "point" ? -2 : stress, null));
            }
        }

        public void SayPlural(string unit) => Add(Suffixes.ReadS(lexicon, unit + "s", null, null, null));

        public Reading With(string suffix)
        {
            if (phonemes.Count == 0 || isIncomplete)
                return Reading.Nothing;
            string said = string.Join(' ', phonemes);
            string? whole = suffix switch
            {
                "s" or "'s" => Suffixes.AddS(lexicon.Accent, said),
                "ed" or "'d" => Suffixes.AddEd(lexicon.Accent, said),
                "ing" => Suffixes.AddIng(lexicon.Accent, said),
                _ => said,
            };
            return new(whole, rating);
        }

        private void Add(Reading reading)
        {
            if (reading.Phonemes is null)
            {
                isIncomplete = true;
                return;
            }
            phonemes.Add(reading.Phonemes);
            rating = Math.Min(rating, reading.Rating ?? rating);
        }
    }
}
