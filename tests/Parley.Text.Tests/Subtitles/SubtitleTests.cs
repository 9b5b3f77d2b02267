using System.Text;

namespace Parley.Text.Tests.Subtitles;

public class SubtitleTests
{
    private static readonly SubtitleCue[] Two =
    [
        new(TimeSpan.FromSeconds(5.02), TimeSpan.FromSeconds(7.5), " Five & <six> --> seven\n\nwords"),
        new(TimeSpan.FromSeconds(3723.4), TimeSpan.FromSeconds(3724), "Später"),
    ];

    [Fact]
    public void Srt_is_numbered_with_hours_and_commas() =>
        Assert.Equal("1\n00:00:05,020 --> 00:00:07,500\nFive & <six> -> seven\nwords\n\n2\n01:02:03,400 --> 01:02:04,000\nSpäter\n\n", SubtitleWriter.Srt(Two));

    [Fact]
    public void Vtt_has_a_heading_points_and_escapes() =>
        Assert.Equal("WEBVTT\n\n00:05.020 --> 00:07.500\nFive &amp; &lt;six&gt; -&gt; seven\nwords\n\n01:02:03.400 --> 01:02:04.000\nSpäter\n\n", SubtitleWriter.Vtt(Two));

    [Fact]
    public void A_cue_out_of_order_is_refused()
    {
        Assert.Throws<ArgumentException>(() => SubtitleWriter.Srt(Two.Reverse()));
        Assert.Throws<ArgumentException>(() => SubtitleWriter.Vtt([new(TimeSpan.FromSeconds(-1), TimeSpan.FromSeconds(1), "a")]));
        Assert.Throws<ArgumentException>(() => SubtitleWriter.Vtt([new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), "a")]));
    }

    [Fact]
    public void What_is_written_is_read_back() =>
        GenCues.Sample(cues =>
        {
            SubtitleCue[] srt = [.. SubtitleReader.Read(Encoding.UTF8.GetBytes(SubtitleWriter.Srt(cues))).Cues];
            SubtitleCue[] vtt = [.. SubtitleReader.Read(Encoding.UTF8.GetBytes(SubtitleWriter.Vtt(cues))).Cues];
            return Same(cues, srt) && Same(cues, vtt);
        });

    [Theory]
    [InlineData("WEBVTT\n\n1\n00:01.000 --> 00:02.000 align:start\nHello\n<b>bold</b> &lt;x&gt;&nbsp;y\n", "1-2 Hello|bold <x>\u00A0y")]
    [InlineData("WEBVTT - title\nkind: captions\n\nNOTE a comment\nof two lines\n\nSTYLE\n::cue { }\n\n00:01.000-->00:02.000\na\n00:03.000 --> 00:04.000\nb", "1-2 a/3-4 b")]
    [InlineData("WEBVTT\r\n\r\n100:00:01.000 --> 100:00:02.500\r\nlate\r\n", "360001-360002.5 late")]
    [InlineData("WEBVTT\n\n00:01,000 --> 00:02,000\ncomma\n\n0:00:01.0 --> 0:00:02.000\nshort\n\n00:60.000 --> 00:61.000\nsixty\n", "")]
    [InlineData("WEBVTT", "")]
    [InlineData("WEBVTT\n\n00:02.000 --> 00:03.000\nsecond\n\n00:01.000 --> 00:01.500\nfirst", "1-1.5 first/2-3 second")]
    [InlineData("WEBVTT\n\n00:01.000 --> 00:02.000\nan <unclosed", "1-2 an")]
    [InlineData("1\n00:00:01,000 --> 00:00:02,000\n<i>One</i> {\\an8}two\n\n2\n00:00:03,500 --> 00:00:04,000\n42 is a number\n\n\nand goes on\n", "1-2 One two/3.5-4 42 is a number|and goes on")]
    [InlineData("7\r\n0:0:1.5 --> 0:0:2.20 X1:1 X2:2\r\nloose\r\n9\r\n00:00:03,000 --> 00:00:04,000\r\nno blank line before\r\n5 apples", "1.005-2.02 loose/3-4 no blank line before|5 apples")]
    [InlineData("1\n00:00:01,000 --> 00:00:02,000\n2\n00:00:03,000 --> 00:00:04,000\n3 pigs\n00:00:05,000 --> 00:00:06,000\nlast", "1-2 /3-4 3 pigs/5-6 last")]
    public void Files_of_the_wild_are_read(string file, string expected)
    {
        Text.Subtitles subtitles = SubtitleReader.Read(Encoding.UTF8.GetBytes(file));
        Assert.Equal(expected, string.Join('/', subtitles.Cues.Select(cue =>
            FormattableString.Invariant($"{cue.Start.TotalSeconds}-{cue.End.TotalSeconds} {cue.Text.Replace('\n', '|')}"))));
    }

    [Fact]
    public void Voices_of_a_cue_are_its_speakers()
    {
        SubtitleCue cue = VttReader.Read("WEBVTT\n\n00:01.000 --> 00:02.000\n<v.loud Mary  Jane>Run! <i>Now</i></v> she said\n").Cues[0];
        Assert.Equal("Run! Now she said", cue.Text);
        Assert.Equal([new SpokenRun("Mary Jane", "Run! Now"), new SpokenRun(null, " she said")], cue.Speakers);
    }

    [Fact]
    public void Old_encodings_are_understood()
    {
        const string srt = "1\n00:00:01,000 --> 00:00:02,000\nÄrger – naïve\n";
        byte[] western = CodePagesEncodingProvider.Instance.GetEncoding(1252)!.GetBytes(srt);
        byte[] marked = [0xFF, 0xFE, .. Encoding.Unicode.GetBytes(srt)];
        byte[] withMark = [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(srt)];
        foreach (byte[] bytes in new[] { western, marked, withMark })
            Assert.Equal("Ärger – naïve", SubtitleReader.Read(bytes).Cues[0].Text);
    }

    [Fact]
    public void Faults_are_told()
    {
        Text.Subtitles subtitles = SrtReader.Read("1\n00:00:05,000 --> 00:00:04,000\nbackwards\n\n2\n00:00:01,000 --> 00:00:03,000\na\n\n3\n00:00:02,000 --> 20:00:04,000\nb\n");
        Assert.Equal(2, subtitles.Cues.Count);
        Assert.Equal(3, subtitles.Problems.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Just a text.")]
    [InlineData("WEBVTTX\n\n00:01.000 --> 00:02.000\na")]
    public void Other_files_are_named(string file) =>
        Assert.Throws<SubtitleException>(() => SubtitleReader.Read(Encoding.UTF8.GetBytes(file)));

    [Fact]
    public void No_bytes_break_the_readers() =>
        Gen.OneOf(Gen.Byte.Array[0, 200], Fragments.Select(Encoding.UTF8.GetBytes)).Sample(bytes =>
        {
            try
            {
                Text.Subtitles subtitles = SubtitleReader.Read(bytes);
                return subtitles.Cues.All(cue => cue.End > cue.Start);
            }
            catch (SubtitleException)
            {
                return true;
            }
        });

    private static readonly Gen<string> Fragments = Gen.OneOf(
        "WEBVTT", "\n", "\n\n", "\r\n", "1", "42", "00:01.000", " --> ", "-->", "00:00:01,000 --> 00:00:02,000", "99999999999:00:00.000", "2147483647:59:59,999",
        "<v Bob>", "</v>", "<", ">", "&amp;", "&", "&#x110000;", "NOTE", "STYLE", "text", "-5", "{\\an8}", "\0").Array[0, 20].Select(string.Concat)
        .Select(Gen.Bool, (text, isVtt) => isVtt ? "WEBVTT\n\n" + text : "1\n00:00:01,000 --> 00:00:02,000\n" + text);

    private static readonly Gen<SubtitleCue[]> GenCues = Gen.Select(Gen.Int[0, 4_000_000], Gen.Int[1, 20_000], Gen.OneOf(
        "Hello", "two\nlines", "1 & 2 < 3 > 2", "- Yes.\n- No.", "今日は", "“Quotes” & more")).Array[1, 12].Select(rows =>
    {
        int start = 0;
        return rows.Select(row => new SubtitleCue(
            TimeSpan.FromMilliseconds(start += row.Item1), TimeSpan.FromMilliseconds(start + row.Item2), row.Item3)).ToArray();
    });

    private static bool Same(SubtitleCue[] expected, SubtitleCue[] read) =>
        expected.Select(cue => (cue.Start, cue.End, cue.Text)).SequenceEqual(read.Select(cue => (cue.Start, cue.End, cue.Text)));
}
