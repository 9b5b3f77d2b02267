using Parley.Models.Misaki;

namespace Parley.Models.Tests.Misaki;

public class PhonemePiecesTests
{
    private static readonly Gen<string> Phonemes = Gen.OneOf("həlˈO", "wˈɜɹld,", "ænd", "—", "ðˈɛn;", "s:", new string('ɐ', 150), "ˌI").Array[0, 400].Select(words => string.Join(' ', words));

    [Fact]
    public void Pieces_hold_every_phoneme_and_only_a_single_clause_is_long() => Phonemes.Sample(phonemes =>
    {
        IReadOnlyList<Range> pieces = PhonemePieces.Split(phonemes);
        Assert.Equal(phonemes.Replace(" ", "", StringComparison.Ordinal), string.Concat(pieces.Select(piece => phonemes[piece])).Replace(" ", "", StringComparison.Ordinal));
        foreach (string piece in pieces.Select(piece => phonemes[piece]).Where(piece => piece.Length > PhonemePieces.Longest))
            Assert.DoesNotContain(", ", piece, StringComparison.Ordinal);
    });

    [Fact]
    public void A_piece_is_as_long_as_fits()
    {
        string clause = new string('ɐ', 99) + ",";
        string phonemes = string.Join(' ', Enumerable.Repeat(clause, 8));
        Assert.Equal([302, 302, 201], PhonemePieces.Split(phonemes).Select(piece => phonemes[piece].Length));
    }
}
