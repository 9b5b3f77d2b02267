using Parley.Audio;
using Parley.Engines.Whisper;
using static Parley.Engines.Tests.Whisper.ScriptedDecoder;

namespace Parley.Engines.Tests.Whisper;

public class WhisperSessionTests
{
    private const int Rate = 16_000;

    [Fact]
    public async Task Segments_lie_between_timestamps_and_carry_the_figures_of_their_window()
    {
        ScriptedDecoder decoder = new(_ => Window("<0.00> Hello there.<2.00><2.50> And you?<4.00><end>", noSpeech: 0.02f));
        List<TranscriptSegment> segments = await Hear(decoder, Sound(5));
        Assert.Equal([" Hello there.", " And you?"], segments.Select(segment => segment.Text));
        Assert.Equal([(0.0, 2.0), (2.5, 4.0)], segments.Select(segment => (segment.Start.TotalSeconds, segment.End.TotalSeconds)));
        Assert.Equal([0, 1], segments.Select(segment => segment.Id));
        Assert.All(segments, segment =>
        {
            Assert.Equal(-0.1f, segment.AverageLogProbability, 5);
            Assert.Equal(0.02f, segment.NoSpeechProbability);
            Assert.Equal(0f, segment.Temperature);
            Assert.InRange(segment.CompressionRatio, 0.3f, 1.2f);
        });
        Assert.Equal(Vocabulary.FirstTimestamp, segments[0].Tokens[0]);
        Assert.Equal(Vocabulary.FirstTimestamp + 100, segments[0].Tokens[^1]);
    }

    [Fact]
    public async Task Text_without_a_last_timestamp_ends_with_the_window()
    {
        List<TranscriptSegment> segments = await Hear(new ScriptedDecoder(_ => Window("<0.00> Hello<end>")), Sound(3));
        Assert.Equal(3, segments.Single().End.TotalSeconds);
    }

    [Fact]
    public async Task Doubtful_text_is_decoded_again_at_higher_temperatures()
    {
        string loop = string.Concat(Enumerable.Repeat(" round and round", 20));
        ScriptedDecoder decoder = new(_ => Window($"<0.00>{loop}<4.00><end>"), _ => Window("<0.00> guessed<4.00><end>", logProbability: -1.5f),
            _ => Window("<0.00> Sure.<4.00><end>"));
        TranscriptSegment segment = (await Hear(decoder, Sound(4))).Single();
        Assert.Equal((" Sure.", 0.4f), (segment.Text, segment.Temperature));
        Assert.Equal([0f, 0.2f, 0.4f], decoder.Asked.Select(asked => asked.Request.Temperature));
    }

    [Fact]
    public async Task Beams_are_for_temperature_zero()
    {
        ScriptedDecoder decoder = new(_ => Window("<0.00> guessed<4.00><end>", logProbability: -2));
        await Hear(decoder, Sound(4), new WindowRequest { BeamSize = 5 });
        Assert.Equal([5, 1, 1, 1, 1, 1], decoder.Asked.Select(asked => asked.Request.BeamSize));
    }

    [Fact]
    public async Task Of_results_that_all_repeat_one_is_kept_without_its_loop()
    {
        string loop = " Oh" + string.Concat(Enumerable.Repeat(" my dear", 30));
        ScriptedDecoder decoder = new(_ => Window($"<0.00>{loop}<4.00><end>"));
        TranscriptSegment segment = (await Hear(decoder, Sound(4), new WindowRequest { Align = true })).Single();
        Assert.Equal(" Oh my dear", segment.Text);
        Assert.Equal(["Oh", "my", "dear"], segment.Words.Select(word => word.Text));
        Assert.Equal(6, decoder.Asked.Count);
    }

    [Fact]
    public async Task What_was_said_is_shown_to_the_next_window_only_where_that_is_asked_for()
    {
        ScriptedDecoder plain = new(_ => Window("<0.00> One.<10.00>"), _ => Window("<0.00> Two.<9.00><end>"));
        await Hear(plain, Sound(20));
        Assert.All(plain.Asked, asked => Assert.Empty(asked.Request.Previous));
        ScriptedDecoder continued = new(_ => Window("<0.00> One.<10.00>"), _ => Window("<0.00> Two.<9.00><end>"));
        await Hear(continued, Sound(20), new WindowRequest { ContinuesText = true });
        Assert.Equal(" One.", Vocabulary.Decode(continued.Asked[1].Request.Previous));
    }

    [Fact]
    public async Task What_was_guessed_is_shown_to_nobody()
    {
        ScriptedDecoder decoder = new(request => request.Temperature < 0.6f ? Window("<0.00> guessed<10.00>", logProbability: -2) : Window("<0.00> One.<10.00>"),
            request => request.Temperature < 0.6f ? Window("<0.00> guessed<10.00>", logProbability: -2) : Window("<0.00> One.<10.00>"),
            request => request.Temperature < 0.6f ? Window("<0.00> guessed<10.00>", logProbability: -2) : Window("<0.00> One.<10.00>"),
            _ => Window("<0.00> One.<10.00>"), _ => Window("<0.00> Two.<9.00><end>"));
        await Hear(decoder, Sound(20), new WindowRequest { ContinuesText = true });
        Assert.Empty(decoder.Asked[^1].Request.Previous);
    }

    [Fact]
    public async Task A_temperature_that_was_asked_for_is_the_only_one()
    {
        ScriptedDecoder decoder = new(_ => Window("<0.00> guessed<4.00><end>", logProbability: -2));
        WhisperSession session = new(decoder, Vocabulary, new WindowRequest()) { SilenceIsCut = true, Temperatures = [0.7f] };
        Assert.Equal(0.7f, (await session.HearAsync(Sound(4), CancellationToken.None).ToListAsync()).Single().Temperature);
        Assert.Single(decoder.Asked);
    }

    [Fact]
    public async Task What_the_model_guesses_where_it_hears_no_speech_is_silence()
    {
        ScriptedDecoder decoder = new(_ => Window("<0.00> Thanks for watching!<9.00><9.00><end>", logProbability: -1.4f, noSpeech: 0.7f));
        Assert.Empty(await Hear(decoder, Sound(20), new WindowRequest { ContinuesText = true }));
        Assert.Single(decoder.Asked);
        Assert.Single(await Hear(new ScriptedDecoder(_ => Window("<0.00> Surely.<9.00><end>", noSpeech: 0.7f)), Sound(10)));
    }

    [Fact]
    public async Task A_short_sound_that_is_only_guessed_is_no_speech() =>
        Assert.Empty(await Hear(new ScriptedDecoder(_ => Window("<0.00> Thanks for watching!<0.40><end>", logProbability: -1.4f)), Sound(0.5)));

    [Theory]
    [InlineData("<0.00> [BLANK_AUDIO]<4.00><end>")]
    [InlineData("<0.00> (upbeat music)<4.00><end>")]
    [InlineData("<0.00> *sighs*<4.00><end>")]
    [InlineData("<0.00> ♪♪<4.00><end>")]
    [InlineData("<0.00> .<4.00><end>")]
    [InlineData("<0.00><4.00><end>")]
    [InlineData("")]
    public async Task What_is_no_speech_is_no_text(string window) => Assert.Empty(await Hear(new ScriptedDecoder(_ => Window(window)), Sound(4)));

    [Fact]
    public async Task Words_about_music_are_words() =>
        Assert.Equal(" He said (quietly) yes.", (await Hear(new ScriptedDecoder(_ => Window("<0.00> He said (quietly) yes.<4.00><end>")), Sound(4))).Single().Text);

    [Fact]
    public async Task A_window_that_ran_out_of_tokens_goes_on_at_its_last_timestamp()
    {
        ScriptedDecoder decoder = new(_ => Window("<0.00> One.<10.00>"), _ => Window("<0.00> Two.<10.00><end>"));
        List<TranscriptSegment> segments = await Hear(decoder, Sound(20));
        Assert.Equal([(0.0, 10.0), (10.0, 20.0)], segments.Select(segment => (segment.Start.TotalSeconds, segment.End.TotalSeconds)));
        Assert.Equal([20 * Rate, 10 * Rate], decoder.Asked.Select(asked => asked.Samples));
    }

    [Fact]
    public async Task A_pair_of_timestamps_at_the_end_says_that_more_is_to_come()
    {
        ScriptedDecoder decoder = new(_ => Window("<0.00> One.<10.00><10.00><end>"), _ => Window("<0.00> Two.<9.00><end>"));
        Assert.Equal(2, (await Hear(decoder, Sound(20))).Count);
    }

    [Fact]
    public async Task Speech_that_was_not_written_down_is_heard_again()
    {
        ScriptedDecoder decoder = new(_ => Window("<0.00> One.<10.00><end>"), _ => Window("<0.00> Two.<9.90><end>"));
        Assert.Equal([" One.", " Two."], (await Hear(decoder, Sound(20))).Select(segment => segment.Text));
        decoder = new(_ => Window("<0.00> One.<10.00><end>"));
        Assert.Single(await Hear(decoder, Sound(20), silenceIsCut: false)); // it may be silence
        Assert.Single(decoder.Asked);
    }

    [Fact]
    public async Task A_model_that_does_not_come_forward_does_not_hold_up_the_session()
    {
        ScriptedDecoder decoder = new(_ => Window("<0.00> a<0.00><0.00><end>"));
        Assert.Single(await Hear(decoder, Sound(20)));
        Assert.Single(decoder.Asked);
    }

    [Fact]
    public async Task The_language_of_the_first_words_is_kept()
    {
        ScriptedDecoder decoder = new(_ => Window("", language: null), _ => Window("<0.00> Hallo.<2.00><end>", language: "de"), _ => Window("<0.00> Ja.<2.00><end>", language: "de"));
        WhisperSession session = new(decoder, Vocabulary, new WindowRequest()) { SilenceIsCut = true };
        for (int chunk = 0; chunk < 3; chunk++)
            await session.HearAsync(Sound(2), CancellationToken.None).ToListAsync();
        Assert.Equal([null, null, "de"], decoder.Asked.Select(asked => asked.Request.Language));
        Assert.Equal("de", session.Language);
    }

    [Fact]
    public async Task Times_are_those_of_the_recording()
    {
        // Speech from 5 to 7 s and from 20 to 22 s of the recording, each with 0.2 s of silence around it.
        SoundChunk chunk = new(Loud((int)(4.8 * Rate)), Rate,
        [
            new SoundPiece(0, (long)(4.8 * Rate), (int)(2.4 * Rate), 5 * Rate, 7 * Rate),
            new SoundPiece((int)(2.4 * Rate), (long)(19.8 * Rate), (int)(2.4 * Rate), 20 * Rate, 22 * Rate),
        ]);
        ScriptedDecoder decoder = new(_ => Window("<0.00> First words.<2.40><2.40> Second ones.<4.80><end>"));
        List<TranscriptSegment> segments = await Hear(decoder, chunk);
        Assert.Equal([(5.0, 7.0), (20.0, 22.0)], segments.Select(segment => (segment.Start.TotalSeconds, segment.End.TotalSeconds)));
    }

    [Fact]
    public async Task Words_are_in_order_inside_their_segments_whatever_the_model_says() =>
        await Gen.Select(Gen.Int[0, 1000].Array[1, 8], Gen.OneOf(" a", " bc", " d.", " “e", "é ", "日").Array[1, 6]).SampleAsync(async (times, texts) =>
        {
            string script = string.Concat(times.Select((time, i) => FormattableString.Invariant($"<{time * 0.02:F2}>{texts[i % texts.Length]}"))) + "<end>";
            List<TranscriptSegment> segments = await Hear(new ScriptedDecoder(_ => Window(script)), Sound(25), new WindowRequest { Align = true });
            TimeSpan last = TimeSpan.Zero;
            foreach (TranscriptSegment segment in segments)
            {
                Assert.True(segment.Start >= last && segment.End > segment.Start);
                last = segment.End;
                TimeSpan word = segment.Start;
                foreach (WordTiming timing in segment.Words)
                {
                    Assert.True(timing.Start >= word && timing.End > timing.Start && timing.End <= segment.End);
                    word = timing.End;
                }
            }
        });

    private static SoundChunk Sound(double seconds)
    {
        int samples = (int)(seconds * Rate);
        return new(Loud(samples), Rate, [new SoundPiece(0, 0, samples, 0, samples)]);
    }

    private static float[] Loud(int samples)
    {
        float[] sound = new float[samples];
        Array.Fill(sound, 0.1f);
        return sound;
    }

    private static async Task<List<TranscriptSegment>> Hear(
        ScriptedDecoder decoder, SoundChunk chunk, WindowRequest? request = null, bool silenceIsCut = true)
    {
        WhisperSession session = new(decoder, Vocabulary, request ?? new WindowRequest()) { SilenceIsCut = silenceIsCut };
        return await session.HearAsync(chunk, TestContext.Current.CancellationToken).ToListAsync();
    }
}
