using System.Globalization;
using System.Text;

namespace Parley.Engines;

/// <summary>What hypotheses are compared by: a word with its punctuation; in scripts that set no spaces, a character with what marks it.</summary>
/// <param name="Text">Without surrounding space.</param>
/// <param name="HasSpaceBefore">True if a space stands between it and what comes before it.</param>
internal readonly record struct SpokenUnit(string Text, bool HasSpaceBefore)
{
    /// <summary>What tells one word from another: letters and digits, in small.</summary>
    public string Word => string.Concat(Text.EnumerateRunes().Where(Rune.IsLetterOrDigit).Select(rune => Rune.ToLowerInvariant(rune).ToString()));

    /// <summary>Cuts a text; joined again it is the same but for the width of its spaces. The first unit has a space before it where its script sets spaces.</summary>
    public static IReadOnlyList<SpokenUnit> Split(string text)
    {
        List<SpokenUnit> units = [];
        StringBuilder unit = new();
        bool isAfterSpace = true, hasSpaceBefore = false, isOpen = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (Rune.IsWhiteSpace(rune))
            {
                Close();
                isAfterSpace = true;
                continue;
            }
            bool isSpaceless = SetsNoSpaces(rune);
            if (isSpaceless || !isOpen)
            {
                Close();
                hasSpaceBefore = isAfterSpace && !(isSpaceless && units.Count == 0);
                isOpen = true;
            }
            isAfterSpace = false;
            unit.Append(rune.ToString());
            // After a character that stands alone only marks and punctuation join it.
            if (isSpaceless)
                continue;
            if (unit.Length > rune.Utf16SequenceLength && SetsNoSpaces(First(unit)) && Rune.IsLetterOrDigit(rune))
            {
                unit.Length -= rune.Utf16SequenceLength;
                Close();
                (hasSpaceBefore, isOpen) = (false, true);
                unit.Append(rune.ToString());
            }
        }
        Close();
        return units;

        void Close()
        {
            if (unit.Length > 0)
                units.Add(new(unit.ToString(), hasSpaceBefore));
            unit.Clear();
            isOpen = false;
        }
    }

    /// <summary>The text of some units, the first one's space included.</summary>
    public static string Join(IEnumerable<SpokenUnit> units) => string.Concat(units.Select(unit => unit.HasSpaceBefore ? " " + unit.Text : unit.Text));

    private static Rune First(StringBuilder text) => char.IsHighSurrogate(text[0]) ? new Rune(text[0], text[1]) : new Rune(text[0]);

    // Thai and Lao, Burmese, Khmer, kana, Han; marks and punctuation of theirs stay with the character before them.
    private static bool SetsNoSpaces(Rune rune) =>
        rune.Value is (>= 0x0e00 and <= 0x0eff) or (>= 0x1000 and <= 0x109f) or (>= 0x1780 and <= 0x17ff) or (>= 0x3040 and <= 0x30ff) or (>= 0x31f0 and <= 0x31ff)
            or (>= 0x3400 and <= 0x4dbf) or (>= 0x4e00 and <= 0x9fff) or (>= 0xf900 and <= 0xfaff) or (>= 0xff66 and <= 0xff9f) or (>= 0x20000 and <= 0x3ffff)
        && Rune.GetUnicodeCategory(rune) is UnicodeCategory.OtherLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.LowercaseLetter;
}
