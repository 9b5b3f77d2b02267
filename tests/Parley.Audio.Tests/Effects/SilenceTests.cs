using Parley.Audio.Effects;

namespace Parley.Audio.Tests;

public class SilenceTests
{
    private const int Rate = 16_000;

    [Fact]
    public void Sound_is_found_between_silences() =>
        Gen.Select(Gen.Int[1000, 20_000], Gen.Int[2000, 20_000], Gen.Int[0, 20_000]).Sample((before, length, after) =>
        {
            float[] sound = [.. new float[before], .. ResamplerTests.Sine(300, Rate, length, 0), .. new float[after]];
            (int start, int found) = Silence.SustainedSound(sound, Rate).GetOffsetAndLength(sound.Length);
            return Math.Abs(start - before) <= 100 && Math.Abs(start + found - (before + length)) <= 100; // half a window: 5 ms
        });

    [Fact]
    public void Clicks_are_not_sound()
    {
        float[] sound = new float[Rate];
        sound[3000] = 1;
        Assert.Equal(0..0, Silence.SustainedSound(sound, Rate));
        Assert.Empty(Silence.Trim(new AudioBuffer(sound, Rate), TimeSpan.Zero).Samples);
    }

    [Fact]
    public void An_offset_is_not_sound() =>
        Assert.Equal(0..0, Silence.SustainedSound([.. Enumerable.Repeat(0.3f, Rate)], Rate));

    [Fact]
    public void Trimming_keeps_the_margin_that_is_there()
    {
        float[] sound = [.. new float[8000], .. ResamplerTests.Sine(300, Rate, 8000, 0), .. new float[400]];
        AudioBuffer trimmed = Silence.Trim(new AudioBuffer(sound, Rate), TimeSpan.FromMilliseconds(100));
        Assert.Equal(1600 + 8000 + 400, trimmed.Samples.Length, 100.0);
    }

    [Fact]
    public void Nothing_is_nothing()
    {
        Assert.Equal(0..0, Silence.SustainedSound([], Rate));
        Assert.Equal(0..0, Silence.LibrosaTrim([]));
    }

    [Fact]
    public void The_training_time_trim_works_in_whole_hops()
    {
        // Sound from 10,000 to 20,000. Frame i sees i * 512 +- 1024; with a gate of 20 dB, a frame counts from a hundredth of the loudest power on.
        float[] sound = new float[32_000];
        Array.Fill(sound, 0.5f, 10_000, 10_000);
        Range expected = (18 * 512)..(42 * 512); // frame 17 sees none of it, frame 18 sees 240 samples; frame 41 sees 32, which is 1.6 %
        Assert.Equal(expected, Silence.LibrosaTrim(sound, topDb: 20));
        Assert.Equal(0..32_000, Silence.LibrosaTrim(new float[32_000])); // silence as a whole is kept
    }
}
