namespace Parley.Engines.Tests.Live;

public class LocalAgreementTests
{
    [Fact]
    public void What_two_recognitions_agree_on_is_committed()
    {
        LocalAgreement agreement = new();
        Assert.Equal("", Push(agreement, "And so my"));
        Assert.Equal(" And", Push(agreement, "And so, my fellow"));
        Assert.Equal(" so, my fellow", Push(agreement, "And so, my fellow Americans"));
        Assert.Equal(" Americans", SpokenUnit.Join(agreement.Tentative));
    }

    [Theory]
    [InlineData("I am here", "I'm here now", " now")]
    [InlineData("a b c", "x b c d", " d")]
    [InlineData("no no no", "no no no no", " no")]
    [InlineData("a b c", "", "")]
    [InlineData("a b c", "a b", "")]
    public void What_follows_the_committed_words_is_found_though_they_are_heard_otherwise(string committed, string heard, string added)
    {
        LocalAgreement agreement = new();
        agreement.Finish(SpokenUnit.Split(committed));
        Assert.Equal(added, SpokenUnit.Join(agreement.Finish(SpokenUnit.Split(heard))));
    }

    [Fact]
    public void A_recognition_that_hears_too_little_makes_no_word_come_twice()
    {
        LocalAgreement agreement = new();
        agreement.Finish(SpokenUnit.Split("one two three four five"));
        Assert.Equal("", Push(agreement, "one two"));
        Assert.Equal(" six", SpokenUnit.Join(agreement.Finish(SpokenUnit.Split("one two three four five six"))));
    }

    /// <summary>A text grows, and the last word of every recognition may be wrong, each time otherwise: at the end the text stands there, every word once.</summary>
    [Fact]
    public void A_text_whose_growing_end_is_misheard_comes_out_whole() =>
        Gen.Select(Gen.Int[0, 4].Array[1, 40], Gen.Int[0, 4].Array[1, 30], Gen.Bool.Array[30]).Sample((words, steps, wrong) =>
        {
            string[] text = [.. words.Select(i => "abcde"[i].ToString())];
            LocalAgreement agreement = new();
            List<SpokenUnit> committed = [];
            int length = 0;
            foreach ((int i, int step) in steps.Index())
            {
                length = Math.Min(length + step, text.Length);
                string[] heard = text[..length];
                if (wrong[i] && length > 0)
                    heard[^1] = $"wrong{i}";
                committed.AddRange(agreement.Push(SpokenUnit.Split(string.Join(' ', heard))).Committed);
                Assert.Equal(text[..committed.Count], committed.Select(unit => unit.Text));
            }
            committed.AddRange(agreement.Finish(SpokenUnit.Split(string.Join(' ', text))));
            Assert.Equal(text, committed.Select(unit => unit.Text));
        }, iter: 5_000);

    private static string Push(LocalAgreement agreement, string heard) => SpokenUnit.Join(agreement.Push(SpokenUnit.Split(heard)).Committed);
}
