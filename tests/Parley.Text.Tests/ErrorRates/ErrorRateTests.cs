namespace Parley.Text.Tests.ErrorRates;

public class ErrorRateTests
{
    private static readonly ITextNormalizer Basic = new WhisperBasicNormalizer();

    [Theory]
    [InlineData("the cat sat on the mat", "the cat sat on the mat", 0, 0, 0)]
    [InlineData("the cat sat on the mat", "the hat sat on mat", 1, 1, 0)]
    [InlineData("the cat sat", "well the cat sat down", 0, 0, 2)]
    [InlineData("a b", "b c", 0, 1, 1)]
    [InlineData("a b c", "", 0, 3, 0)]
    public void Errors_are_counted_by_kind(string reference, string hypothesis, int substitutions, int deletions, int insertions)
    {
        ErrorRate rate = ErrorRate.OfWords(reference, hypothesis, Basic);
        Assert.Equal((substitutions, deletions, insertions), (rate.Substitutions, rate.Deletions, rate.Insertions));
        Assert.Equal("whisper-basic", rate.Normalizer);
    }

    [Fact]
    public void A_spoken_number_is_no_error() =>
        Assert.Equal(0, ErrorRate.OfWords("It costs forty-two dollars, doesn't it?", "it costs $42 does not it", WhisperEnglishNormalizer.Instance).Rate);

    [Fact]
    public void Characters_are_counted_without_spaces_where_none_are_written() =>
        Assert.Equal(1.0 / 5, ErrorRate.OfCharacters("今日は晴れ", "今日 は 雨れ", Basic, keepsSpaces: false).Rate);

    [Fact]
    public void An_empty_reference_has_no_rate() =>
        Assert.Throws<ArgumentException>(() => ErrorRate.OfWords(" (aside) ", "words", Basic));

    [Fact]
    public void A_set_counts_all_words_alike()
    {
        ErrorRate together = ErrorRate.Together([ErrorRate.OfWords("a", "b", Basic), ErrorRate.OfWords("a b c", "a b c", Basic)]);
        Assert.Equal(0.25, together.Rate);
    }

    [Fact]
    public void Errors_are_the_edit_distance() =>
        Gen.Select(Sentence, Sentence).Where((reference, _) => reference.Length > 0).Sample((reference, hypothesis) =>
        {
            ErrorRate rate = ErrorRate.Compare<string>(reference, hypothesis, "");
            return rate.Errors == Distance(reference, hypothesis)
                && rate.Insertions - rate.Deletions == hypothesis.Length - reference.Length
                && rate.Hits >= 0 && rate.Hits + rate.Substitutions + rate.Insertions == hypothesis.Length;
        });

    [Fact]
    public void Swapped_texts_swap_insertions_and_deletions() =>
        Gen.Select(Sentence, Sentence).Where((one, other) => one.Length > 0 && other.Length > 0).Sample((one, other) =>
        {
            ErrorRate there = ErrorRate.Compare<string>(one, other, ""), back = ErrorRate.Compare<string>(other, one, "");
            return (there.Substitutions, there.Deletions, there.Insertions) == (back.Substitutions, back.Insertions, back.Deletions);
        });

    [Fact]
    public void A_detour_is_never_shorter() =>
        Gen.Select(Sentence, Sentence, Sentence).Where((a, b, _) => a.Length > 0 && b.Length > 0).Sample((a, b, c) =>
            ErrorRate.Compare<string>(a, c, "").Errors <= ErrorRate.Compare<string>(a, b, "").Errors + ErrorRate.Compare<string>(b, c, "").Errors);

    private static readonly Gen<string[]> Sentence = Gen.OneOf("a", "b", "c").Array[0, 8];

    // The definition, without memory.
    private static int Distance(ReadOnlySpan<string> a, ReadOnlySpan<string> b)
    {
        if (a.IsEmpty || b.IsEmpty)
            return a.Length + b.Length;
        if (a[0] == b[0])
            return Distance(a[1..], b[1..]);
        return 1 + Math.Min(Distance(a[1..], b[1..]), Math.Min(Distance(a[1..], b), Distance(a, b[1..])));
    }
}
