using Parley.Models.Hibari;

namespace Parley.Models.Tests.Hibari;

public class HibariVocoderTests
{
    private const int Bins = HibariVocoder.Bins;

    [Theory]
    [InlineData(3)]
    [InlineData(16)]
    [InlineData(19)]
    public void The_wave_is_that_of_the_plain_definition(int frames)
    {
        Random random = new(frames);
        float[] lh = Draw(random, frames, -6, 0), theta = Draw(random, frames, -2, 2), ln = Draw(random, frames, -9, -4);
        float[] lr = Draw(random, frames, -9, -3), phi = Draw(random, frames, -4, 4), f0 = new float[frames];
        for (int frame = 0; frame < frames; frame++)
            f0[frame] = frame % 5 == 4 ? 3 : 90 + 200 * random.NextSingle();
        float[] noiseRe = Draw(random, frames, -1, 1), noiseIm = Draw(random, frames, -1, 1);

        float[] wave = new float[frames * HibariVocoder.Hop];
        new HibariVocoder().Render(new(frames, lh, theta, ln, lr, phi, f0), (first, lanes, re, im) =>
        {
            for (int i = 0; i < re.Length; i++)
            {
                int frame = first + i % lanes;
                (re[i], im[i]) = frame < frames ? (noiseRe[i / lanes * frames + frame], noiseIm[i / lanes * frames + frame]) : (0, 0);
            }
        }, wave);

        double[] plain = PlainVocoder.Render(frames, lh, theta, ln, lr, phi, f0, noiseRe, noiseIm);
        double worst = wave.Select((sample, i) => Math.Abs(sample - plain[i])).Max();
        Assert.True(worst < 5e-5, $"largest difference {worst:G4}");
    }

    [Fact]
    public void Without_noise_and_voice_only_the_remainder_sounds()
    {
        const int frames = 8;
        float[] silent = Enumerable.Repeat(-40f, Bins * frames).ToArray(), zero = new float[Bins * frames], wave = new float[frames * 300];
        new HibariVocoder().Render(new(frames, silent, zero, silent, silent, zero, new float[frames]), null, wave);
        Assert.All(wave, sample => Assert.InRange(sample, -1e-12f, 1e-12f));
    }

    [Fact]
    public void A_second_piece_allocates_nothing()
    {
        const int frames = 50;
        float[] spectrum = Draw(new(1), frames, -8, -1), f0 = Enumerable.Repeat(180f, frames).ToArray(), wave = new float[frames * 300];
        HibariVocoder vocoder = new();
        HibariNoise noise = SeededNoise.Of(1, 0);
        vocoder.Render(new(frames, spectrum, spectrum, spectrum, spectrum, spectrum, f0), noise, wave);
        Assert.Equal(0, SteadyState.AllocatedBytes(() => vocoder.Render(new(frames, spectrum, spectrum, spectrum, spectrum, spectrum, f0), noise, wave)));
    }

    [Fact]
    public void A_longer_piece_before_leaves_no_trace()
    {
        float[] longer = Draw(new(2), 40, -8, 0), shorter = Draw(new(3), 21, -8, 0);
        float[] Render(HibariVocoder vocoder, float[] s, int frames)
        {
            float[] wave = new float[frames * 300], f0 = Enumerable.Repeat(150f, frames).ToArray();
            vocoder.Render(new(frames, s, s, s, s, s, f0), null, wave);
            return wave;
        }
        HibariVocoder used = new();
        Render(used, longer, 40);
        Assert.Equal(Render(new HibariVocoder(), shorter, 21), Render(used, shorter, 21));
    }

    [Fact]
    public void Lengths_that_do_not_fit_are_refused()
    {
        float[] spectrum = new float[Bins * 4];
        HibariVocoder vocoder = new();
        Assert.Throws<ArgumentException>(() => vocoder.Render(new(4, spectrum, spectrum, spectrum, spectrum, spectrum, new float[4]), null, new float[1199]));
        Assert.Throws<ArgumentException>(() => vocoder.Render(new(2, spectrum, spectrum, spectrum, spectrum, spectrum, new float[2]), null, new float[600]));
        Assert.Throws<ArgumentException>(() => vocoder.Render(new(4, spectrum, spectrum, new float[7], spectrum, spectrum, new float[4]), null, new float[1200]));
    }

    private static float[] Draw(Random random, int frames, float low, float high)
    {
        float[] values = new float[Bins * frames];
        for (int i = 0; i < values.Length; i++)
            values[i] = low + (high - low) * random.NextSingle();
        return values;
    }
}
