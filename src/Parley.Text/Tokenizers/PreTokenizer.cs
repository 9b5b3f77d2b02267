using System.Globalization;
using System.Text;

namespace Parley.Text.Tokenizers;

/// <summary>The published families of byte-level vocabularies, by how they cut text before merging bytes.</summary>
public enum PreTokenizerFamily
{
    /// <summary>GPT-2 and Whisper.</summary>
    Gpt2,

    /// <summary>SmolLM2: every digit alone, then as GPT-2.</summary>
    SmolLm,

    /// <summary>Llama 3: digits in threes.</summary>
    Llama3,

    /// <summary>Qwen 2 to 3: every digit alone.</summary>
    Qwen2,

    /// <summary>Qwen 3.5: as Qwen 2, with combining marks among the letters.</summary>
    Qwen35,

    /// <summary>Mistral's tekken: words break at a change of case.</summary>
    Tekken,
}

/// <summary>
/// Cuts text into the pieces inside which a byte-level vocabulary merges. The published patterns are regular expressions over
/// code points; .NET's work on UTF-16 units and put letters beyond U+FFFF into the wrong class, so the pieces are scanned by hand.
/// </summary>
public sealed class PreTokenizer(PreTokenizerFamily family)
{
    public PreTokenizerFamily Family { get; } = family;

    /// <summary>The end of the piece that begins at <paramref name="start"/>; always beyond it.</summary>
    /// <param name="text">UTF-16; a lone surrogate counts as U+FFFD.</param>
    /// <param name="start">Index of the piece's first character.</param>
    public int Next(ReadOnlySpan<char> text, int start) => Family switch
    {
        PreTokenizerFamily.Gpt2 => NextGpt2(text, start, digitsAlone: false),
        PreTokenizerFamily.SmolLm => NextGpt2(text, start, digitsAlone: true),
        _ => NextModern(text, start),
    };

    /// <summary>All pieces, in order; joined they are the text.</summary>
    public IEnumerable<Range> Split(string text)
    {
        for (int start = 0, end; start < text.Length; start = end)
        {
            end = Next(text, start);
            yield return start..end;
        }
    }

    // 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
    private static int NextGpt2(ReadOnlySpan<char> text, int start, bool digitsAlone)
    {
        if (digitsAlone && Is(text, start, CharacterClass.Number, out int afterDigit))
            return afterDigit;
        int contraction = Contraction(text, start, ignoreCase: false);
        if (contraction > start)
            return contraction;
        int first = text[start] == ' ' && start + 1 < text.Length ? start + 1 : start;
        CharacterClass kind = Classify(text, first, out _);
        if (kind.HasFlag(CharacterClass.Letter))
            return RunOf(text, first, CharacterClass.Letter);
        if (kind.HasFlag(CharacterClass.Number))
            return digitsAlone && first > start ? first : RunOf(text, first, CharacterClass.Number);
        return (kind & CharacterClass.WordOrSpace) == 0 ? RunOfSymbols(text, first, CharacterClass.WordOrSpace, []) : SpaceRun(text, start, digitsAlone);
    }

    private int NextModern(ReadOnlySpan<char> text, int start)
    {
        if (Family != PreTokenizerFamily.Tekken && Contraction(text, start, ignoreCase: true) is int contraction && contraction > start)
            return contraction;
        if (Word(text, start) is int word && word > start)
            return word;
        if (Is(text, start, CharacterClass.Number, out int afterDigit))
            return Family == PreTokenizerFamily.Llama3 ? UpToThree(text, afterDigit) : afterDigit;
        int symbols = text[start] == ' ' && start + 1 < text.Length ? start + 1 : start;
        CharacterClass notSymbols = Family == PreTokenizerFamily.Qwen35 ? CharacterClass.WordOrSpace | CharacterClass.Mark : CharacterClass.WordOrSpace;
        if ((Classify(text, symbols, out _) & notSymbols) == 0)
            return RunOfSymbols(text, symbols, notSymbols, Family == PreTokenizerFamily.Tekken ? "\r\n/" : "\r\n");
        return SpaceRun(text, start);
    }

    /// <summary>An optional first character that is no letter, number or line break, then letters.</summary>
    private int Word(ReadOnlySpan<char> text, int start)
    {
        CharacterClass first = Classify(text, start, out int second);
        bool canLead = (first & (CharacterClass.Letter | CharacterClass.Number)) == 0 && text[start] is not ('\r' or '\n');
        if (Family == PreTokenizerFamily.Tekken)
            return TekkenWord(text, start, canLead ? second : start);
        CharacterClass letters = Family == PreTokenizerFamily.Qwen35 ? CharacterClass.Letter | CharacterClass.Mark : CharacterClass.Letter;
        int afterLead = canLead && second < text.Length ? RunOf(text, second, letters) : second;
        return canLead && afterLead > second ? afterLead : RunOf(text, start, letters);
    }

    private static int TekkenWord(ReadOnlySpan<char> text, int start, int afterLead)
    {
        (int end, bool isStrong) led = afterLead > start ? Cased(text, afterLead) : (afterLead, false);
        if (led.isStrong)
            return led.end;
        (int end, bool isStrong) bare = Cased(text, start);
        return bare.isStrong ? bare.end : afterLead > start && led.end > afterLead ? led.end : bare.end;
    }

    /// <summary>[Lu Lt Lm Lo M]* [Ll Lm Lo M]+ is strong; [Lu Lt Lm Lo M]+ alone is weak.</summary>
    private static (int End, bool IsStrong) Cased(ReadOnlySpan<char> text, int start)
    {
        int upper = start, afterLastShared = -1;
        while (Is(text, upper, CharacterClass.NotLower, out int next))
        {
            if (Is(text, upper, CharacterClass.NotUpper, out _))
                afterLastShared = next;
            upper = next;
        }
        int lower = upper;
        while (Is(text, lower, CharacterClass.NotUpper, out int next))
            lower = next;
        return lower > upper ? (lower, true) : afterLastShared >= 0 ? (afterLastShared, true) : (upper, false);
    }

    private static int Contraction(ReadOnlySpan<char> text, int start, bool ignoreCase)
    {
        if (text[start] != '\'')
            return start;
        StringComparison comparison = ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        ReadOnlySpan<char> rest = text[(start + 1)..];
        foreach (string ending in (ReadOnlySpan<string>)["s", "t", "re", "ve", "m", "ll", "d"])
        {
            if (rest.StartsWith(ending, comparison))
                return start + 1 + ending.Length;
        }
        return start;
    }

    private static int UpToThree(ReadOnlySpan<char> text, int afterFirst)
    {
        int end = afterFirst;
        for (int count = 1; count < 3 && Is(text, end, CharacterClass.Number, out int next); count++)
            end = next;
        return end;
    }

    private static int RunOfSymbols(ReadOnlySpan<char> text, int start, CharacterClass others, ReadOnlySpan<char> tail)
    {
        int end = start;
        while (end < text.Length && (Classify(text, end, out int next) & others) == 0)
            end = next;
        while (end < text.Length && tail.Contains(text[end]))
            end++;
        return end;
    }

    /// <summary>White space up to and with its last line break; without one, all but the last character, which may lead the next piece.</summary>
    private static int SpaceRun(ReadOnlySpan<char> text, int start)
    {
        int end = start, afterBreak = -1;
        while (Is(text, end, CharacterClass.Space, out int next))
        {
            if (text[end] is '\r' or '\n')
                afterBreak = next;
            end = next;
        }
        if (afterBreak >= 0)
            return afterBreak;
        return AllButLast(text, start, end);
    }

    private static int SpaceRun(ReadOnlySpan<char> text, int start, bool digitsAlone)
    {
        int end = RunOf(text, start, CharacterClass.Space);
        bool endsSection = digitsAlone && Is(text, end, CharacterClass.Number, out _); // the digits are cut out first
        return endsSection ? end : AllButLast(text, start, end);
    }

    private static int AllButLast(ReadOnlySpan<char> text, int start, int end)
    {
        if (end == start)
            return start + 1; // a mark that no alternative takes stands alone
        return end == text.Length || end == start + 1 ? end : end - 1; // every white space character is one unit
    }

    private static int RunOf(ReadOnlySpan<char> text, int start, CharacterClass kind)
    {
        int end = start;
        while (Is(text, end, kind, out int next))
            end = next;
        return end;
    }

    private static bool Is(ReadOnlySpan<char> text, int at, CharacterClass kind, out int next)
    {
        next = at;
        return at < text.Length && (Classify(text, at, out next) & kind) != 0;
    }

    private static CharacterClass Classify(ReadOnlySpan<char> text, int at, out int next)
    {
        if (Rune.DecodeFromUtf16(text[at..], out Rune rune, out int length) != System.Buffers.OperationStatus.Done)
            rune = Rune.ReplacementChar;
        next = at + length;
        if (Rune.IsWhiteSpace(rune))
            return CharacterClass.Space;
        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter => CharacterClass.Letter | CharacterClass.NotLower,
            UnicodeCategory.LowercaseLetter => CharacterClass.Letter | CharacterClass.NotUpper,
            UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => CharacterClass.Letter | CharacterClass.NotLower | CharacterClass.NotUpper,
            UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
                => CharacterClass.Mark | CharacterClass.NotLower | CharacterClass.NotUpper,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharacterClass.Number,
            _ => CharacterClass.None,
        };
    }

    [Flags]
    private enum CharacterClass
    {
        None = 0,
        Letter = 1,
        Number = 2,
        Space = 4,
        Mark = 8,
        NotLower = 16, // Lu Lt Lm Lo M
        NotUpper = 32, // Ll Lm Lo M
        WordOrSpace = Letter | Number | Space,
    }
}
