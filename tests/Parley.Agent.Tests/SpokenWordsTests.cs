using Parley.Engines;

namespace Parley.Agent.Tests;

public class SpokenWordsTests
{
    [Fact]
    public void Times_of_the_engine_are_taken_where_it_spoke_the_words_as_they_are_written()
    {
        WordTiming[] timings = [Timing("hello", 0.1, 0.5), Timing("world", 0.6, 1)];

        Assert.Equal([(6, 0.5), (13, 1)], Ends("Hello, world!", timings, 1.2));
    }

    [Fact]
    public void Where_other_words_are_spoken_the_written_ones_share_their_times_by_syllables()
    {
        WordTiming[] timings = [Timing("it", 0, 0.2), Timing("costs", 0.2, 0.6), Timing("forty", 0.6, 1), Timing("two", 1, 1.2)];

        (int End, double At)[] ends = Ends("It costs 42", timings, 1.2);

        Assert.Equal([2, 8, 11], ends.Select(end => end.End));
        Assert.True(ends[0].At < ends[1].At && ends[1].At < ends[2].At);
        Assert.Equal(1.2, ends[2].At, 6);
    }

    [Fact]
    public void Without_times_the_sound_is_shared_by_syllables_and_pauses()
    {
        (int End, double At)[] ends = Ends("Well, banana", [], 5.5);

        Assert.Equal([(5, 2.5), (12, 5.5)], ends); // 1 syllable and a pause of 1.5; 3 syllables
    }

    [Fact]
    public void While_the_clause_is_made_only_words_with_times_can_have_been_heard() =>
        Assert.Equal([(5, 0.5)], Ends("Hello world again", [Timing("hello", 0.1, 0.5)], null));

    [Fact]
    public void Until_the_length_is_known_a_usual_speed_is_taken() =>
        Assert.Equal(3 / 3.83, Ends("banana", [], null)[0].At, 6);

    [Fact]
    public void Scripts_without_spaces_are_cut_at_characters() =>
        Assert.Equal([1, 2, 3], Ends("日本語", [], 3).Select(end => end.End));

    [Fact]
    public void Word_ends_rise_to_the_end_of_any_text() =>
        Gen.Select(Gen.String, Gen.Double[0.1, 10]).Sample((text, seconds) =>
        {
            (int End, double At)[] ends = Ends(text, [], seconds);
            Assert.Equal(ends.OrderBy(end => end.At).ThenBy(end => end.End), ends);
            Assert.True(ends.Length == 0 || (Math.Abs(ends[^1].At - seconds) < 1e-5 && ends[^1].End == text.TrimEnd().Length));
        });

    private static WordTiming Timing(string word, double from, double to) => new(word, TimeSpan.FromSeconds(from), TimeSpan.FromSeconds(to));

    private static (int End, double At)[] Ends(string text, WordTiming[] timings, double? length) =>
        [.. SpokenWords.Ends(text, timings, length is { } known ? TimeSpan.FromSeconds(known) : null).Select(word => (word.End, Math.Round(word.At.TotalSeconds, 6)))];
}
