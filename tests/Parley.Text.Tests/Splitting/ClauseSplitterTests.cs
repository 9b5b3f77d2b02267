namespace Parley.Text.Tests.Splitting;

public class ClauseSplitterTests
{
    [Theory]
    [InlineData("Wait, what? No!", "Wait,|what?/|No!/")]
    [InlineData("Your order costs $42.50, and ships on March 5th, 2026.", "Your order costs $42.50,|and ships on March 5th,|2026./")]
    [InlineData("Dr. Smith lives at 221B Baker St., near the N.A.S.A. office.", "Dr. Smith lives at 221B Baker St.,|near the N.A.S.A. office./")]
    [InlineData("It's 7:45 p.m.; the train leaves at eight.", "It's 7:45 p.m.;|the train leaves at eight./")]
    [InlineData("She said: \"I don't read books; I have read them.\" Then she left", "She said:|\"I don't read books;|I have read them.\"/|Then she left/")]
    [InlineData("Ask for Mr. O'Neil. J. R. Smith is out.", "Ask for Mr. O'Neil./|J. R. Smith is out./")]
    [InlineData("No. 5 is 3.5 m, approx. ten feet… Really?!", "No. 5 is 3.5 m,|approx. ten feet…/|Really?!/")]
    [InlineData("A title\n\nA line\nthat goes on", "A title/|A line\nthat goes on/")]
    [InlineData("no—wait — what", "no—|wait —|what/")]
    [InlineData("今日は、いい天気。散歩！", "今日は、|いい天気。/|散歩！/")]
    [InlineData("هل أنت بخير؟ نعم، شكرا.", "هل أنت بخير؟/|نعم،|شكرا./")]
    [InlineData("यह ठीक है। धन्यवाद", "यह ठीक है।/|धन्यवाद/")]
    [InlineData("  ", "")]
    public void Clauses_end_where_a_reader_pauses(string text, string clauses) =>
        Assert.Equal(clauses, string.Join('|', ClauseSplitter.Split(text).Select(clause => $"{clause.In(text)}{(clause.End == ClauseEnd.Sentence ? "/" : "")}")));

    [Fact]
    public void Nothing_but_white_space_lies_between_clauses() =>
        AnyText.Sample(text =>
        {
            int at = 0;
            foreach (Clause clause in ClauseSplitter.Split(text))
            {
                if (clause.Length < 1 || !string.IsNullOrWhiteSpace(text[at..clause.Start]) || char.IsWhiteSpace(text[clause.Start]))
                    return false;
                at = clause.Start + clause.Length;
            }
            return string.IsNullOrWhiteSpace(text[at..]);
        });

    [Fact]
    public void Gathered_pieces_are_short_enough_and_lose_nothing() =>
        Gen.Select(AnyText, Gen.Int[2, 40]).Sample((text, longest) =>
        {
            List<string> pieces = [.. ClauseSplitter.Gather(text, longest)];
            return pieces.All(piece => piece.Length <= longest && !string.IsNullOrWhiteSpace(piece))
                && Packed(string.Concat(pieces)) == Packed(text);
        });

    [Fact]
    public void Sentences_stay_whole_where_they_fit() =>
        Assert.Equal(["One two. Three.", "Four, five six.", "Seven."], ClauseSplitter.Gather("One two. Three. Four, five six. Seven.", 16));

    [Fact]
    public void A_character_of_two_units_is_never_cut() =>
        Assert.All(ClauseSplitter.Gather(string.Concat(Enumerable.Repeat("😀", 20)), 3), piece => Assert.Equal("😀", piece));

    private static readonly Gen<string> AnyText = Gen.OneOf(
        Gen.String[Gen.Char["ab. ,;!?\n'\"—–Dr1A…"], 0, 60], Gen.String[0, 60]);

    private static string Packed(string text) => string.Concat(text.Where(c => !char.IsWhiteSpace(c)));
}
