namespace Parley.Text.Tests.Splitting;

public class ClauseStreamTests
{
    [Fact]
    public void A_first_clause_comes_early_and_sentences_follow()
    {
        ClauseStream stream = new();
        List<string> pieces = [];
        foreach (string token in "Well, let me think about that, for a moment. I would say yes. Or 3.5 times no".Split(' '))
            pieces.AddRange(stream.Push(token + " "));
        Assert.Equal(["Well, let me think about that, ", "for a moment. ", "I would say yes. "], pieces);
        Assert.Equal(["Or 3.5 times no "], stream.Finish());
    }

    [Fact]
    public void A_mark_is_believed_once_the_next_character_is_there()
    {
        ClauseStream stream = new();
        Assert.Empty(stream.Push("It costs exactly about 3."));
        Assert.Empty(stream.Push("5 dollars."));
        Assert.Equal(["It costs exactly about 3.5 dollars. "], stream.Push(" T"));
    }

    [Fact]
    public void A_first_clause_without_marks_is_cut_at_a_space() =>
        Assert.Equal("one two three four five six seven eight nine ten eleven ",
            Pieces("one two three four five six seven eight nine ten eleven twelve thirteen fourteen.", 7)[0]);

    [Fact]
    public void Text_without_spaces_is_cut_at_its_own_marks() =>
        Assert.Equal(["今日は天気がいいので、公園を散歩しましょう。", "明日も晴れるでしょうか。", "はい。"],
            Pieces("今日は天気がいいので、公園を散歩しましょう。明日も晴れるでしょうか。はい。", 1));

    [Fact]
    public void Pieces_put_together_are_the_text_and_none_is_too_long() =>
        Gen.Select(AnyText, Gen.Int[1, 40], Gen.Int[2, 50]).Sample((text, portion, longest) =>
        {
            List<string> pieces = Pieces(text, portion, longest);
            return string.IsNullOrWhiteSpace(text) ? pieces.Count == 0
                : string.Concat(pieces) == text && pieces.All(piece => piece.Trim().Length <= longest);
        });

    [Fact]
    public void Any_portions_give_the_same_pieces() =>
        Gen.Select(AnyText, Gen.Int[1, 40], Gen.Int[2, 50]).Sample((text, portion, longest) =>
            Pieces(text, portion, longest).SequenceEqual(Pieces(text, int.MaxValue, longest)));

    [Fact]
    public void A_stream_stands_ready_for_another_text()
    {
        ClauseStream stream = new();
        stream.Push("Some text that was");
        stream.Finish();
        Assert.Empty(stream.Push("New, "));
        Assert.Equal(["New, "], stream.Finish());
    }

    [Fact]
    public void A_million_characters_are_cut_in_one_go()
    {
        string text = string.Concat(Enumerable.Repeat("And so it goes, on and on, without an end. ", 25_000));
        Assert.Equal(text, string.Concat(Pieces(text, int.MaxValue)));
    }

    private static readonly Gen<string> AnyText = Gen.OneOf(
        Gen.String[Gen.Char["abcdefg   .,;!?\n'\"—Dr1A…。、"], 0, 200], Gen.String[0, 60]);

    private static List<string> Pieces(string text, int portion, int longest = 300)
    {
        ClauseStream stream = new() { Longest = longest, LongestFirst = Math.Min(longest, 60), ShortestFirst = Math.Min(longest, 20) };
        List<string> pieces = [];
        for (int at = 0; at < text.Length; at += Math.Min(portion, text.Length - at))
            pieces.AddRange(stream.Push(text.Substring(at, Math.Min(portion, text.Length - at))));
        pieces.AddRange(stream.Finish());
        return pieces;
    }
}
