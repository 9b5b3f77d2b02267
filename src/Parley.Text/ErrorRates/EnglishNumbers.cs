using System.Collections.Frozen;
using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace Parley.Text;

/// <summary>
/// Writes English number words as digits, the way Whisper's normaliser does: digits said one by one are joined ("nine one one" is
/// 911), currencies move in front, ordinals keep their ending. openai/whisper: whisper/normalizers/english.py, EnglishNumberNormalizer.
/// </summary>
internal static partial class EnglishNumbers
{
    private static readonly FrozenDictionary<string, int> Ones = Numbered(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen", i => i + 1);

    private static readonly FrozenDictionary<string, int> Tens = Numbered(
        "twenty thirty forty fifty sixty seventy eighty ninety", i => 10 * (i + 2));

    private static readonly FrozenDictionary<string, int> PowersOfTen = new Dictionary<string, int>
    {
        ["hundred"] = 2, ["thousand"] = 3, ["million"] = 6, ["billion"] = 9, ["trillion"] = 12, ["quadrillion"] = 15, ["quintillion"] = 18,
        ["sextillion"] = 21, ["septillion"] = 24, ["octillion"] = 27, ["nonillion"] = 30, ["decillion"] = 33,
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, (int Value, string Ending)> OnesWithEnding = WithEndings();

    private static readonly FrozenDictionary<string, (int Value, string Ending)> TensWithEnding = Tens
        .SelectMany(ten => new[] { (Word: ten.Key[..^1] + "ies", ten.Value, Ending: "s"), (Word: ten.Key[..^1] + "ieth", ten.Value, Ending: "th") })
        .ToFrozenDictionary(row => row.Word, row => (row.Value, row.Ending));

    private static readonly FrozenDictionary<string, (int Power, string Ending)> PowersWithEnding = PowersOfTen
        .SelectMany(power => new[] { (Word: power.Key + "s", power.Value, Ending: "s"), (Word: power.Key + "th", power.Value, Ending: "th") })
        .ToFrozenDictionary(row => row.Word, row => (row.Value, row.Ending));

    private static readonly FrozenSet<string> Zeros = FrozenSet.Create("o", "oh", "zero");

    private static readonly FrozenDictionary<string, char> Signs =
        new Dictionary<string, char> { ["minus"] = '-', ["negative"] = '-', ["plus"] = '+', ["positive"] = '+' }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, char> Currencies = new Dictionary<string, char>
    {
        ["pound"] = '£', ["pounds"] = '£', ["euro"] = '€', ["euros"] = '€', ["dollar"] = '$', ["dollars"] = '$', ["cent"] = '¢', ["cents"] = '¢',
    }.ToFrozenDictionary();

    private static readonly FrozenSet<string> Joining = FrozenSet.Create("and", "double", "triple", "point");

    private const string Prefixes = "-+£€$¢";

    /// <param name="text">Words in lower case.</param>
    public static string ToDigits(string text)
    {
        string[] words = WithHalves(text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return Money(string.Join(' ', new Machine(words).Run()));
    }

    private static bool IsNumeral(string? word) => word is not null && Numeral().IsMatch(word);

    private static bool IsNumberWord(string? word) => word is not null
        && (Zeros.Contains(word) || Ones.ContainsKey(word) || OnesWithEnding.ContainsKey(word) || Tens.ContainsKey(word) || TensWithEnding.ContainsKey(word)
            || PowersOfTen.ContainsKey(word) || PowersWithEnding.ContainsKey(word) || Signs.ContainsKey(word) || Currencies.ContainsKey(word)
            || word is "per" or "percent" || Joining.Contains(word));

    private static bool IsDigitWord(string word) => Ones.ContainsKey(word) || Tens.ContainsKey(word) || Zeros.Contains(word);

    /// <summary>"three and a half" becomes "three point five"; letters and digits are set apart, endings of numbers are not.</summary>
    private static string WithHalves(string text)
    {
        List<string> parts = [];
        string[] segments = AndAHalf().Split(text);
        foreach ((int i, string segment) in segments.Index())
        {
            if (string.IsNullOrWhiteSpace(segment))
                continue;
            parts.Add(segment);
            if (i == segments.Length - 1)
                continue;
            string last = segment.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[^1];
            parts.Add(IsDigitWord(last) || PowersOfTen.ContainsKey(last) ? "point five" : "and a half");
        }
        string joined = string.Join(' ', parts);
        joined = LetterThenDigit().Replace(joined, " ");
        joined = DigitThenLetter().Replace(joined, " ");
        return SpaceBeforeEnding().Replace(joined, "");
    }

    private static string Money(string text)
    {
        text = MoneyAndCents().Replace(text, match =>
            $"{match.Groups[1].Value}{match.Groups[2].Value}.{int.Parse(match.Groups[3].Value, CultureInfo.InvariantCulture):00}");
        text = OnlyCents().Replace(text, match => $"¢{int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)}");
        return LoneOne().Replace(text, "one$1");
    }

    private static FrozenDictionary<string, int> Numbered(string words, Func<int, int> value) =>
        words.Split(' ').Index().ToFrozenDictionary(row => row.Item, row => value(row.Index));

    private static FrozenDictionary<string, (int Value, string Ending)> WithEndings()
    {
        Dictionary<string, (int Value, string Ending)> words = new()
        {
            ["zeroth"] = (0, "th"), ["first"] = (1, "st"), ["second"] = (2, "nd"), ["third"] = (3, "rd"), ["fifth"] = (5, "th"), ["twelfth"] = (12, "th"),
        };
        foreach ((string word, int value) in Ones)
        {
            words.Add(word == "six" ? "sixes" : word + "s", (value, "s"));
            if (value > 3 && value is not (5 or 12))
                words.Add(word + (word.EndsWith('t') ? "h" : "th"), (value, "th"));
        }
        return words.ToFrozenDictionary();
    }

    /// <summary>
    /// Reads words from left to right, holding the number that is being said: as a whole number while the words add up, as a row of
    /// digits once they are only said one after the other.
    /// </summary>
    private sealed class Machine(string[] words)
    {
        private readonly List<string> output = [];
        private char? prefix;
        private BigInteger? number;
        private string? digits;

        public List<string> Run()
        {
            for (int i = 0; i < words.Length; i++)
            {
                if (Take(i > 0 ? words[i - 1] : null, words[i], i + 1 < words.Length ? words[i + 1] : null))
                    i++;
            }
            Emit();
            return output;
        }

        private bool HasValue => number is not null || digits is not null;

        /// <returns>True if the next word was taken too.</returns>
        private bool Take(string? previous, string current, string? next)
        {
            bool hasPrefix = Prefixes.Contains(current[0], StringComparison.Ordinal);
            string unsigned = hasPrefix ? current[1..] : current;
            if (IsNumeral(unsigned))
                TakeNumeral(current, unsigned, hasPrefix ? current[0] : null);
            else if (!IsNumberWord(current))
                EmitAndWrite(current);
            else if (Zeros.Contains(current))
                Digits(DigitsSoFar() + "0");
            else if (Ones.TryGetValue(current, out int one))
                Add(one, previous, roundTo: one < 10 ? 10 : 100);
            else if (OnesWithEnding.TryGetValue(current, out (int Value, string Ending) ordinal))
                EmitWith(ordinal.Ending, () => Add(ordinal.Value, previous, roundTo: ordinal.Value < 10 ? 10 : 100));
            else if (Tens.TryGetValue(current, out int ten))
                Add(ten, previous: null, roundTo: 100);
            else if (TensWithEnding.TryGetValue(current, out (int Value, string Ending) tenth))
                EmitWith(tenth.Ending, () => Add(tenth.Value, previous: null, roundTo: 100));
            else if (PowersOfTen.TryGetValue(current, out int power))
                Multiply(power);
            else if (PowersWithEnding.TryGetValue(current, out (int Power, string Ending) powers))
                EmitWith(powers.Ending, () => Multiply(powers.Power));
            else if (Signs.TryGetValue(current, out char sign))
                TakeSign(current, sign, next);
            else if (Currencies.TryGetValue(current, out char currency))
                TakeCurrency(current, currency);
            else if (current is "per" or "percent")
                return TakePercent(current, next);
            else
                return TakeJoining(previous, current, next);
            return false;
        }

        private void TakeNumeral(string current, string unsigned, char? sign)
        {
            if (digits is not null && digits.EndsWith('.'))
            {
                digits += current; // the decimals, or the next part of an address
                return;
            }
            Emit();
            prefix = sign ?? prefix;
            if (unsigned.Contains('.', StringComparison.Ordinal) && !IsWhole(unsigned))
                digits = unsigned;
            else
                number = BigInteger.Parse(unsigned.Split('.')[0], CultureInfo.InvariantCulture);
        }

        private void Add(int value, string? previous, int roundTo)
        {
            bool afterOnes = previous is not null && Ones.ContainsKey(previous);
            bool afterTens = previous is not null && Tens.ContainsKey(previous);
            if (!HasValue)
                number = value;
            else if (digits is not null || afterOnes)
                Digits(afterTens && value < 10 ? Text()[..^1] + value : Text() + value);
            else if (number % roundTo == 0)
                number += value;
            else
                Digits(Text() + value);
        }

        private void Multiply(int power)
        {
            BigInteger factor = BigInteger.Pow(10, power);
            if (!HasValue)
            {
                number = factor;
            }
            else if (digits is not null)
            {
                if (Product(digits, power) is { } product)
                {
                    (number, digits) = (product, null);
                    return;
                }
                Emit();
                number = factor;
            }
            else
            {
                BigInteger rest = number!.Value % 1000;
                number = number.Value - rest + rest * factor;
            }
        }

        private void TakeSign(string current, char sign, string? next)
        {
            Emit();
            if (IsNumberWord(next) || IsNumeral(next))
                prefix = sign;
            else
                Write(current);
        }

        private void TakeCurrency(string current, char currency)
        {
            if (!HasValue)
            {
                Write(current);
                return;
            }
            prefix = currency;
            Emit();
        }

        private bool TakePercent(string current, string? next)
        {
            if (!HasValue)
            {
                Write(current);
                return false;
            }
            if (current == "per" && next != "cent")
            {
                EmitAndWrite(current);
                return false;
            }
            Digits(Text() + "%");
            Emit();
            return current == "per";
        }

        private bool TakeJoining(string? previous, string current, string? next)
        {
            if (!IsNumberWord(next) && !IsNumeral(next))
            {
                EmitAndWrite(current);
                return false;
            }
            switch (current)
            {
                case "and":
                    if (previous is null || !PowersOfTen.ContainsKey(previous))
                        EmitAndWrite(current);
                    return false;
                case "point":
                    if (IsDigitWord(next!) || IsNumeral(next))
                        Digits(DigitsSoFar() + ".");
                    return false;
                default: // double, triple
                    if (!Ones.TryGetValue(next!, out int repeated) && !Zeros.Contains(next!))
                    {
                        EmitAndWrite(current);
                        return false;
                    }
                    Digits(DigitsSoFar() + string.Concat(Enumerable.Repeat(repeated, current == "double" ? 2 : 3)));
                    return true;
            }
        }

        private void EmitWith(string ending, Action add)
        {
            add();
            Digits(Text() + ending);
            Emit();
        }

        private string Text() => digits ?? number!.Value.ToString(CultureInfo.InvariantCulture);

        // A zero that was reached by counting is not a digit that was said.
        private string DigitsSoFar() => !HasValue || number == 0 ? "" : Text();

        private void Digits(string text) => (number, digits) = (null, text);

        private void EmitAndWrite(string word)
        {
            Emit();
            Write(word);
        }

        private void Emit()
        {
            if (HasValue)
                Write(Text());
            (number, digits) = (null, null);
        }

        private void Write(string word)
        {
            output.Add(prefix is null ? word : prefix + word);
            prefix = null;
        }

        private static bool IsWhole(string numeral) => numeral.Split('.')[1].All(digit => digit == '0');

        /// <returns>The digits times a power of ten, if that is a whole number.</returns>
        private static BigInteger? Product(string digits, int power)
        {
            string[] parts = digits.Split('.');
            if (parts.Length > 2 || digits == "." || parts.Any(part => part.Any(c => !char.IsAsciiDigit(c))))
                return null;
            string decimals = parts.Length == 2 ? parts[1].TrimEnd('0') : "";
            if (decimals.Length > power)
                return null;
            return BigInteger.Parse("0" + parts[0] + decimals, CultureInfo.InvariantCulture) * BigInteger.Pow(10, power - decimals.Length);
        }
    }

    [GeneratedRegex(@"^[0-9]+(?:\.[0-9]+)?$")]
    private static partial Regex Numeral();

    [GeneratedRegex(@"\band\s+a\s+half\b")]
    private static partial Regex AndAHalf();

    [GeneratedRegex("(?<=[a-z])(?=[0-9])")]
    private static partial Regex LetterThenDigit();

    [GeneratedRegex("(?<=[0-9])(?=[a-z])")]
    private static partial Regex DigitThenLetter();

    [GeneratedRegex(@"(?<=[0-9])\s+(?=(?:st|nd|rd|th|s)\b)")]
    private static partial Regex SpaceBeforeEnding();

    [GeneratedRegex(@"([€£$])([0-9]+) (?:and )?¢([0-9]{1,2})\b")]
    private static partial Regex MoneyAndCents();

    [GeneratedRegex(@"[€£$]0.([0-9]{1,2})\b")]
    private static partial Regex OnlyCents();

    [GeneratedRegex(@"\b1(s?)\b")]
    private static partial Regex LoneOne();
}
