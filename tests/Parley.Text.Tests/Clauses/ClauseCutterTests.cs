namespace Parley.Text.Tests.Clauses;

public class ClauseCutterTests
{
    [Theory]
    [InlineData("You said: hello there.", "You said: hello there.")]
    [InlineData("Well, that is a good question, and here is the answer. It rains.", "Well, that is a good question,|and here is the answer.|It rains.")]
    [InlineData("The bill comes to 3.50 euros, Dr. Miller said. J. S. Bach paid.", "The bill comes to 3.50 euros,|Dr. Miller said.|J. S. Bach paid.")]
    [InlineData("\"This is what she said!\" Then she left.", "\"This is what she said!\"|Then she left.")]
    [InlineData("First line\nSecond line\n\n", "First line|Second line")]
    [InlineData("\u4ECA\u65E5\u306F\u5929\u6C17\u304C\u3044\u3044\u306E\u3067\u3001\u516C\u5712\u3092\u6563\u6B69\u3057\u307E\u3057\u3087\u3046\u3002\u306F\u3044\u3002",
        "\u4ECA\u65E5\u306F\u5929\u6C17\u304C\u3044\u3044\u306E\u3067\u3001|\u516C\u5712\u3092\u6563\u6B69\u3057\u307E\u3057\u3087\u3046\u3002|\u306F\u3044\u3002")]
    public void The_first_clause_comes_early_and_then_whole_sentences(string text, string pieces) => Assert.Equal(pieces.Split('|'), Cut([text]));

    [Fact]
    public void Without_a_mark_the_first_piece_is_short_all_the_same()
    {
        List<string> pieces = Cut([string.Join(' ', Enumerable.Repeat("word", 200))]);

        Assert.InRange(pieces[0].Length, 30, ClauseCutter.FirstLimit);
        Assert.All(pieces, piece => Assert.InRange(piece.Length, 1, ClauseCutter.Limit));
    }

    [Fact]
    public void A_mark_waits_for_what_follows_it()
    {
        ClauseCutter cutter = new();
        Assert.Empty(cutter.Push("The number that you want is 3."));
        Assert.Empty(cutter.Push("5"));
        Assert.Equal("The number that you want is 3.5", cutter.Flush());
    }

    private static readonly Gen<string> Texts = Gen.String[Gen.Char["ab .,!?\n\"3J\u3002\u3001\U0001F600"], 0, 500];

    [Fact]
    public void However_the_text_arrives_the_pieces_are_the_same() =>
        Gen.Select(Texts, Gen.Int[1, 9].Array[1, 20]).Sample((text, sizes) =>
        {
            List<string> chunks = [];
            for (int at = 0, i = 0; at < text.Length; i++)
            {
                int size = Math.Min(sizes[i % sizes.Length], text.Length - at);
                chunks.Add(text.Substring(at, size));
                at += size;
            }
            return Cut([text]).SequenceEqual(Cut(chunks));
        });

    [Fact]
    public void Nothing_but_white_space_is_lost() =>
        Texts.Sample(text => Solid(string.Concat(Cut([text]))) == Solid(text));

    private static string Solid(string text) => string.Concat(text.Where(character => !char.IsWhiteSpace(character)));

    private static List<string> Cut(IEnumerable<string> chunks)
    {
        ClauseCutter cutter = new();
        List<string> pieces = [.. chunks.SelectMany(chunk => cutter.Push(chunk))];
        if (cutter.Flush() is { } rest)
            pieces.Add(rest);
        return pieces;
    }
}
