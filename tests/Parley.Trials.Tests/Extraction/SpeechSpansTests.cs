using System.Text;
using Parley.Text;
using Parley.Trials.Extraction;

namespace Parley.Trials.Tests.Extraction;

public class SpeechSpansTests
{
    [Fact]
    public void Rolling_captions_say_every_sentence_once()
    {
        string vtt = """
            WEBVTT

            00:00:02.000 --> 00:00:06.500
             
            Good<00:00:02.321><c> evening,</c><00:00:02.643><c> and welcome to the house.</c>

            00:00:06.500 --> 00:00:06.510
            Good evening, and welcome to the house.
             

            00:00:07.000 --> 00:00:11.500
            Good evening, and welcome to the house.
            The<00:00:07.321><c> road was long, but here you are.</c>

            00:00:11.500 --> 00:00:11.510
            The road was long, but here you are.
             

            00:00:12.000 --> 00:00:16.500
            The road was long, but here you are.
            Come<00:00:12.300><c> in and sit by the fire.</c>

            """;

        (SpeakerMarks marks, IReadOnlyList<SpeechSpan> spans) = Find(vtt);

        Assert.Equal(SpeakerMarks.Gap, marks);
        Assert.Equal(["Good evening, and welcome to the house.", "The road was long, but here you are.", "Come in and sit by the fire."], spans.Select(span => span.Text));
        Assert.All(spans, span => Assert.True(span.Length >= SpeechSpans.Shortest));
    }

    [Fact]
    public void Somebody_who_repeats_himself_is_not_rolling()
    {
        SubtitleCue[] cues = [Cue(0, 4, "No."), Cue(4.5, 8, "No."), Cue(8.5, 12, "Yes."), Cue(12.5, 16, "Well."), Cue(16.5, 20, "Good."), Cue(20.5, 24, "Fine.")];

        Assert.Equal(cues, RollingCaptions.Unroll(cues));
    }

    [Fact]
    public void Voice_spans_name_the_speaker_and_cues_of_two_are_left_out()
    {
        (SpeakerMarks marks, IReadOnlyList<SpeechSpan> spans) = Find("WEBVTT\n\n00:01.000 --> 00:03.000\n<v.loud Mary  Ann>Good evening, my friend.</v>\n\n00:03.100 --> 00:05.000\n<v Mary Ann>Sit down.\n\n"
            + "00:05.100 --> 00:09.000\n<v Mary Ann>You? <v Bob>Me.\n\n00:09.500 --> 00:13.000\n<v Bob>I have not eaten since morning.\n\n");

        Assert.Equal(SpeakerMarks.Voice, marks);
        Assert.Equal([("Mary Ann", "Good evening, my friend. Sit down."), ("Bob", "I have not eaten since morning.")], spans.Select(span => (span.Speaker!, span.Text)));
        Assert.Equal((0.9, 5.1), (spans[0].Start.TotalSeconds, spans[0].End.TotalSeconds)); // the margin ends where the next cue begins
    }

    [Fact]
    public void Cues_with_two_dashes_part_what_is_before_from_what_is_behind()
    {
        (SpeakerMarks marks, IReadOnlyList<SpeechSpan> spans) = Find("1\n00:00:01,000 --> 00:00:05,000\nI came by the old road.\n\n2\n00:00:05,100 --> 00:00:07,000\n- Alone?\n\u2013 Alone.\n\n3\n00:00:07,100 --> 00:00:11,000\n- So it was you after all.\n\n");

        Assert.Equal(SpeakerMarks.Dash, marks);
        Assert.Equal(["I came by the old road.", "So it was you after all."], spans.Select(span => span.Text));
    }

    [Theory]
    [InlineData("[door slams]")]
    [InlineData("(laughter)")]
    [InlineData("\u266A La la la \u266A")]
    [InlineData("# La la la #")]
    [InlineData("This text is much too long to be read in the four seconds that it is shown, so its times must be wrong somewhere in the file.")]
    public void What_is_no_speech_is_no_span(string text) => Assert.Empty(SpeechSpans.Find(new Subtitles([Cue(1, 5, text)], []), null).Spans);

    [Fact]
    public void A_label_names_the_speaker_and_is_not_spoken() =>
        Assert.Equal(("Captain Hart", "The letters are here."), SpeechSpans.Find(new Subtitles([Cue(1, 5, "CAPTAIN HART: The letters [sighs] are here.")], []), null).Spans.Select(span => (span.Speaker!, span.Text)).Single());

    [Fact]
    public void Overlapping_cues_and_the_end_of_the_film_are_minded()
    {
        Assert.Empty(SpeechSpans.Find(new Subtitles([Cue(1, 5, "One."), Cue(4, 8, "Two.")], []), null).Spans);
        Assert.Equal(5, SpeechSpans.Find(new Subtitles([Cue(1, 5, "One.")], []), TimeSpan.FromSeconds(5)).Spans.Single().End.TotalSeconds);
        Assert.Equal(0, SpeechSpans.Find(new Subtitles([Cue(0.05, 5, "One.")], []), null).Spans.Single().Start.TotalSeconds);
    }

    [Theory]
    [InlineData("M\u00e4ry Ann O'Neill", "mary-ann-o-neill")]
    [InlineData(null, "speaker")]
    [InlineData("../../etc", "etc")]
    [InlineData("\u738b", "speaker")]
    [InlineData("A very long name of somebody important", "a-very-long-name-of-some")]
    public void A_speakers_name_becomes_part_of_a_files_name(string? speaker, string slug) => Assert.Equal(slug, ReferenceExtractor.Slug(speaker));

    [Fact]
    public void Garbage_gives_no_spans_or_our_exception()
    {
        string[] parts = ["WEBVTT", "\n", "\n\n", "00:01.000", " --> ", "00:05.000", "1", "<v Bob>", "</v>", "<00:00:01.000>", "- ", "text ", "&amp;", "\0", "\r", ":", "<", "\u266A", "00:00:01,000 --> 00:00:09,000\n"];
        Gen.Int[0, parts.Length - 1].Array[0, 60].Select(picks => string.Concat(picks.Select(i => parts[i]))).Sample(text =>
        {
            try
            {
                Find(text);
            }
            catch (SubtitleException)
            {
                // not a file of subtitles
            }
        }, iter: 5_000);
    }

    private static (SpeakerMarks Marks, IReadOnlyList<SpeechSpan> Spans) Find(string text) => SpeechSpans.Find(SubtitleReader.Read(Encoding.UTF8.GetBytes(text)), null);

    private static SubtitleCue Cue(double start, double end, string text) => new(TimeSpan.FromSeconds(start), TimeSpan.FromSeconds(end), text);
}
