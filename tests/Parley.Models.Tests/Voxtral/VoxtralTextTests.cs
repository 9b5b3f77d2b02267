using Parley.Models.Voxtral;

namespace Parley.Models.Tests;

public class VoxtralTextTests
{
    [Theory]
    [InlineData("Hello world", "Hello world.")]
    [InlineData("It is 9:45, Dr. Smith owes $12.50!", "It is 9:45, Dr. Smith owes $12.50!")]
    [InlineData("# Title\n\nSome **bold** and _soft_ text with `code`.", "Title. Some bold and soft text with code.")]
    [InlineData("- one\n- two", "one. two.")]
    [InlineData("See [the page](https://example.org/x?y=1) &amp; go", "See the page & go.")]
    [InlineData("<p>Hi<br>there</p>", "Hi there.")]
    [InlineData("a\u200Bb\u0007c\u00ADd", "ab cd.")]
    [InlineData("Wait..... what?!?! Yes -- no", "Wait... what? Yes — no.")]
    [InlineData("snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4.")]
    [InlineData("x < y > z", "x < y > z.")]
    [InlineData("यह हिन्दी है।", "यह हिन्दी है।")]
    [InlineData("كيف حالك؟", "كيف حالك؟")]
    [InlineData("He said \"stop.\"", "He said \"stop.\"")]
    [InlineData("[END_AUDIO] </s> is text", "[END_AUDIO] is text.")]
    public void Text_is_made_fit_to_be_spoken(string text, string expected) =>
        Assert.Equal(expected, string.Join(' ', VoxtralText.Pieces(text)));

    [Theory]
    [InlineData("")]
    [InlineData(" \n\t")]
    [InlineData("```\nint x;\n```")]
    [InlineData("... — !!")]
    public void What_cannot_be_spoken_gives_no_piece(string text) => Assert.Empty(VoxtralText.Pieces(text));

    [Fact]
    public void Pieces_are_whole_sentences_of_bounded_length()
    {
        string text = string.Concat(Enumerable.Repeat("This is a sentence of some length. ", 60));
        string[] pieces = [.. VoxtralText.Pieces(text, 200)];
        Assert.True(pieces.Length > 8);
        Assert.All(pieces, piece => Assert.True(piece.Length <= 200 && piece.EndsWith('.')));
        Assert.Equal(text.Trim(), string.Join(' ', pieces));
    }

    [Fact]
    public void Any_text_gives_bounded_closed_lines() => Gen.String.Sample(text =>
        VoxtralText.Pieces(text, 100).All(piece => piece.Length is > 0 and < 110 && !piece.Any(c => c is '\n' or '\r') && piece.Trim() == piece));
}
