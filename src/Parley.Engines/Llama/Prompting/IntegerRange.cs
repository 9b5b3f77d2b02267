using System.Globalization;

namespace Parley.Engines.Llama;

/// <summary>A grammar of the whole numbers between two bounds, digit by digit.</summary>
internal static class IntegerRange
{
    private const int MostDigits = 16;

    /// <param name="least">The smallest number; <see langword="null"/> for none.</param>
    /// <param name="most">The largest number; <see langword="null"/> for none.</param>
    public static string Grammar(long? least, long? most)
    {
        List<string> parts = [];
        if (least is null or < 0)
        {
            // Below zero the bounds change places.
            long from = most is { } top && top < 0 ? -top : 1;
            parts.AddRange(Positive(from, -least).Select(part => $"\"-\" {part}"));
        }
        if (most is null or >= 0)
        {
            long from = Math.Max(0, least ?? 0);
            if (from == 0)
                parts.Add("\"0\"");
            if (most is null or > 0)
                parts.AddRange(Positive(Math.Max(1, from), most));
        }
        return string.Join(" | ", parts);
    }

    /// <summary>Numbers above zero, one part for each count of digits.</summary>
    private static IEnumerable<string> Positive(long from, long? to)
    {
        string low = from.ToString(CultureInfo.InvariantCulture);
        if (to is null)
        {
            foreach (string part in SameLength(low, new string('9', low.Length)))
                yield return part;
            if (low.Length < MostDigits)
                yield return string.Create(CultureInfo.InvariantCulture, $"[1-9] [0-9]{{{low.Length},{MostDigits - 1}}}");
            yield break;
        }
        string high = to.Value.ToString(CultureInfo.InvariantCulture);
        for (int length = low.Length; length <= high.Length; length++)
        {
            string first = length == low.Length ? low : "1" + new string('0', length - 1), last = length == high.Length ? high : new string('9', length);
            foreach (string part in SameLength(first, last))
                yield return part;
        }
    }

    /// <summary>Numbers of one length, from the first differing digit on.</summary>
    private static IEnumerable<string> SameLength(string low, string high)
    {
        if (low == high)
            return [$"\"{low}\""];
        if (low.All(digit => digit == '0') && high.All(digit => digit == '9'))
            return [Digits('0', '9', low.Length)];
        if (low.Length == 1)
            return [Digits(low[0], high[0], 1)];
        if (low[0] == high[0])
            return SameLength(low[1..], high[1..]).Select(rest => $"\"{low[0]}\" {rest}");
        List<string> parts = [];
        string zeros = new('0', low.Length - 1), nines = new('9', low.Length - 1);
        char from = low[0], to = high[0];
        if (low[1..] != zeros)
        {
            parts.AddRange(SameLength(low[1..], nines).Select(rest => $"\"{low[0]}\" {rest}"));
            from++;
        }
        bool endsEarly = high[1..] != nines;
        if (endsEarly)
            to--;
        if (from <= to)
            parts.Add($"{Digits(from, to, 1)} {Digits('0', '9', low.Length - 1)}");
        if (endsEarly)
            parts.AddRange(SameLength(zeros, high[1..]).Select(rest => $"\"{high[0]}\" {rest}"));
        return parts;
    }

    private static string Digits(char from, char to, int count) =>
        (from == to ? $"\"{from}\"" : $"[{from}-{to}]") + (count == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"{{{count}}}"));
}
