using System.Globalization;
using System.Text;
using Parley.Text.Jinja;

namespace Parley.Text.Tokenizers;

/// <summary>What a character-level vocabulary knows.</summary>
internal sealed record CharacterTables(
    IReadOnlyDictionary<string, int> Vocabulary, IReadOnlyDictionary<(int Left, int Right), (int Rank, int Merged)> Merges, AddedTokens Added, int Unknown);

/// <summary>
/// A character-level BPE vocabulary, as voices have it (huggingface/tokenizers: BPE behind the Whitespace pre-tokenizer; the files of
/// XTTS and Chatterbox). White space is dropped: who wants it spoken writes a token for it, such as <c>[SPACE]</c>. A character that
/// the vocabulary lacks is one unknown token. Adds no begin or end tokens. Safe for use from several threads.
/// </summary>
public sealed class CharacterTokenizer
{
    private readonly CharacterTables tables;

    private CharacterTokenizer(CharacterTables tables) => this.tables = tables;

    /// <summary>Reads a <c>tokenizer.json</c>, also under the name <c>vocab.json</c>.</summary>
    /// <exception cref="TokenizerException">The file is missing, damaged, or holds something other than character-level BPE.</exception>
    public static CharacterTokenizer Open(string path) => new(TokenizerJsonReader.ReadCharacters(path));

    /// <summary>The id of a token by its exact text; <see langword="null"/> if there is none.</summary>
    public int? Token(string text) => tables.Added.Ids.TryGetValue(text, out int added) ? added : tables.Vocabulary.TryGetValue(text, out int id) ? id : null;

    /// <summary>Tokens of text that a person wrote: nothing in it becomes an added token, whatever it looks like.</summary>
    public IReadOnlyList<int> EncodeUserText(string text) => Encode([new MarkedRun(text, IsInput: true)]);

    /// <summary>Tokens of text that a program wrote: added tokens are recognised.</summary>
    public IReadOnlyList<int> EncodeTemplate(string text) => Encode([new MarkedRun(text, IsInput: false)]);

    /// <summary>Tokens of text whose runs know who wrote them: added tokens are recognised only in those of the program.</summary>
    public IReadOnlyList<int> Encode(IEnumerable<MarkedRun> runs) => tables.Added.Encode(runs, EncodePlain);

    /// <summary>Runs of word characters and runs of everything else but white space, each merged by itself: <c>\w+|[^\w\s]+</c>.</summary>
    private void EncodePlain(string text, List<int> ids)
    {
        List<int> word = [];
        bool isWord = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool isNext = IsWord(rune), isSpace = Rune.IsWhiteSpace(rune);
            if (isSpace || isNext != isWord)
                Close();
            isWord = isNext;
            if (!isSpace)
                word.Add(tables.Vocabulary.TryGetValue(rune.ToString(), out int id) ? id : tables.Unknown);
        }
        Close();

        void Close()
        {
            ids.AddRange(BytePairMerger.Merge([.. word], tables.Merges));
            word.Clear();
        }
    }

    /// <summary>Unicode's word characters (UTS 18, annex C): alphabetic ones, marks, decimal digits, connectors, joiners.</summary>
    private static bool IsWord(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter
            or UnicodeCategory.OtherLetter or UnicodeCategory.LetterNumber or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.ConnectorPunctuation
            or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => true,
        UnicodeCategory.Format => rune.Value is 0x200C or 0x200D,
        UnicodeCategory.OtherSymbol => rune.Value is (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189), // letters in circles and squares
        _ => false,
    };
}
