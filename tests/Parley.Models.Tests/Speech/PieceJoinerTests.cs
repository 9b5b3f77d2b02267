using Parley.Models.Speech;

namespace Parley.Models.Tests.Speech;

public class PieceJoinerTests
{
    private const int Rate = 24_000;

    [Fact]
    public void The_first_piece_begins_forty_milliseconds_before_its_sound()
    {
        (float[] samples, long origin) = new PieceJoiner(Rate, Pauses.Conversational).Join(Tone(quiet: 7200, sound: 4800, after: 9600), PieceEnd.Sentence);
        Assert.Equal(-(7200 - 960), origin);
        Assert.Equal(960 + 4800 + 3840, samples.Length);
        Assert.All(samples[..960], sample => Assert.Equal(0, sample));
        Assert.NotEqual(0, samples[961]);
    }

    [Theory]
    [InlineData(PieceEnd.Sentence, 300)]
    [InlineData(PieceEnd.Clause, 120)]
    public void The_pause_at_a_joint_is_what_the_pauses_say(PieceEnd end, int milliseconds)
    {
        PieceJoiner joiner = new(Rate, Pauses.Conversational);
        float[] whole = [.. joiner.Join(Tone(6000, 4800, 12000), end).Samples, .. joiner.Join(Tone(9000, 4800, 12000), PieceEnd.Sentence).Samples];
        int firstEnd = 960 + 4800;
        int secondStart = Array.FindIndex(whole, firstEnd, sample => sample != 0);
        Assert.InRange(secondStart - firstEnd, milliseconds * 24, milliseconds * 24 + 2);
    }

    [Fact]
    public void Too_little_quiet_is_filled_with_zeros()
    {
        PieceJoiner joiner = new(Rate, Pauses.Conversational);
        (float[] first, _) = joiner.Join(Tone(0, 4800, 0), PieceEnd.Sentence);
        (float[] second, long origin) = joiner.Join(Tone(0, 4800, 0), PieceEnd.Sentence);
        Assert.Equal(960 + 4800 + 3840, first.Length);
        Assert.Equal(3360 + 4800 + 3840, second.Length);
        Assert.Equal(first.Length + 3360, origin);
    }

    [Fact]
    public void Without_pauses_pieces_stay_as_they_are()
    {
        PieceJoiner joiner = new(Rate, null);
        float[] wave = Tone(100, 200, 300);
        Assert.Equal(wave, joiner.Join(wave, PieceEnd.Sentence).Samples);
        (float[] second, long origin) = joiner.Join(wave, PieceEnd.Clause);
        Assert.Equal(wave, second);
        Assert.Equal(600, origin);
        Assert.Equal(1200, joiner.Position);
    }

    [Fact]
    public void Any_piece_joins_and_positions_add_up() =>
        Gen.Select(Gen.Float[-1f, 1f].Array[0, 2000].Array[1, 6], Gen.Bool).Sample((waves, isClause) =>
        {
            PieceJoiner joiner = new(8_000, Pauses.Conversational);
            long total = 0;
            foreach (float[] wave in waves)
            {
                total += joiner.Join(wave, isClause ? PieceEnd.Clause : PieceEnd.Sentence).Samples.Length;
                if (joiner.Position != total)
                    return false;
            }
            return true;
        });

    /// <summary>A constant, so that every sample of the sound is loud.</summary>
    private static float[] Tone(int quiet, int sound, int after) =>
        [.. new float[quiet], .. Enumerable.Repeat(0.25f, sound), .. new float[after]];
}
