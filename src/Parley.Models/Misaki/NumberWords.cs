using System.Text;

namespace Parley.Models.Misaki;

/// <summary>Numbers as English words, in the manner of num2words ("one thousand, two hundred and thirty-four").</summary>
internal static class NumberWords
{
    /// <summary>The longest number that has a name (decillions); longer ones are read digit by digit.</summary>
    public const int LongestNamed = 36;

    private static readonly string[] Ones =
    [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
        "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
    ];

    private static readonly string[] Tens = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

    private static readonly string[] Scales =
    [
        "", "thousand", "million", "billion", "trillion", "quadrillion", "quintillion", "sextillion", "septillion", "octillion",
        "nonillion", "decillion",
    ];

    public static string Cardinal(int number) => Cardinal(number.ToString(System.Globalization.CultureInfo.InvariantCulture));

    /// <param name="digits">ASCII digits, with a minus in front for a negative number.</param>
    public static string Cardinal(ReadOnlySpan<char> digits)
    {
        if (digits.StartsWith('-'))
            return "minus " + Cardinal(digits[1..]);
        digits = digits.TrimStart('0');
        if (digits.Length == 0)
            return Ones[0];
        if (digits.Length > LongestNamed)
            return DigitByDigit(digits);

        StringBuilder words = new();
        for (int scale = (digits.Length - 1) / 3; scale >= 0; scale--)
        {
            int head = digits.Length - (scale * 3);
            int group = int.Parse(digits[Math.Max(0, head - 3)..head], System.Globalization.CultureInfo.InvariantCulture);
            if (group == 0)
                continue;
            if (words.Length > 0)
                words.Append(scale == 0 && group < 100 ? " and " : ", ");
            words.Append(UnderThousand(group));
            if (scale > 0)
                words.Append(' ').Append(Scales[scale]);
        }
        return words.ToString();
    }

    public static string Ordinal(int number) => Ordinal(number.ToString(System.Globalization.CultureInfo.InvariantCulture));

    /// <inheritdoc cref="Cardinal(ReadOnlySpan{char})"/>
    public static string Ordinal(ReadOnlySpan<char> digits)
    {
        string cardinal = Cardinal(digits);
        int last = cardinal.LastIndexOfAny([' ', '-']) + 1;
        string word = cardinal[last..] switch
        {
            "one" => "first",
            "two" => "second",
            "three" => "third",
            "five" => "fifth",
            "eight" => "eighth",
            "nine" => "ninth",
            "twelve" => "twelfth",
            { } ends when ends.EndsWith('y') => ends[..^1] + "ieth",
            { } other => other + "th",
        };
        return cardinal[..last] + word;
    }

    /// <param name="year">0 to 9999 and above; "nineteen oh-five".</param>
    public static string Year(int year)
    {
        int high = year / 100, low = year % 100;
        if (high == 0 || (high % 10 == 0 && low < 10) || high >= 100)
            return Cardinal(year);
        string tail = low switch
        {
            0 => " hundred",
            < 10 => " oh-" + Ones[low],
            _ => " " + Cardinal(low),
        };
        return Cardinal(high) + tail;
    }

    /// <param name="number">ASCII digits with one point; zeros at the end of the fraction are not spoken.</param>
    public static string Decimal(ReadOnlySpan<char> number)
    {
        int point = number.IndexOf('.');
        if (point < 0)
            return Cardinal(number);
        ReadOnlySpan<char> fraction = number[(point + 1)..].TrimEnd('0');
        string whole = Cardinal(number[..point]);
        return fraction.Length == 0 ? whole : whole + " point " + DigitByDigit(fraction);
    }

    /// <summary>"one nine two".</summary>
    public static string DigitByDigit(ReadOnlySpan<char> digits)
    {
        StringBuilder words = new(digits.Length * 5);
        foreach (char digit in digits)
        {
            if (words.Length > 0)
                words.Append(' ');
            words.Append(Ones[digit - '0']);
        }
        return words.ToString();
    }

    private static string UnderThousand(int number)
    {
        if (number < 20)
            return Ones[number];
        if (number < 100)
            return number % 10 == 0 ? Tens[number / 10] : $"{Tens[number / 10]}-{Ones[number % 10]}";
        string hundreds = Ones[number / 100] + " hundred";
        return number % 100 == 0 ? hundreds : $"{hundreds} and {UnderThousand(number % 100)}";
    }
}
