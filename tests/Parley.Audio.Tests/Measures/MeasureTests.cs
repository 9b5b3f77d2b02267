using Parley.Audio.Measures;

namespace Parley.Audio.Tests.Measures;

public class MeasureTests
{
    [Fact]
    public void Si_sdr_of_a_known_mixture()
    {
        // Two tones of whole periods are orthogonal: the ratio is that of their amplitudes.
        float[] reference = Tone(440, 16_000, 1), estimate = [.. reference.Zip(Tone(1000, 16_000, 0.1f), (s, d) => 0.5f * s + d + 0.2f)];
        Assert.Equal(20 * Math.Log10(0.5 / 0.1), SiSdr.Of(reference, estimate), 1e-3);
    }

    [Fact]
    public void Si_sdr_does_not_hear_gain_or_offset() => Gen.Select(Gen.Float[-1f, 1f].Array[100, 400], Gen.Double[0.1, 10], Gen.Double[-1, 1]).Sample((noise, gain, offset) =>
    {
        float[] reference = Tone(440, noise.Length, 1), estimate = [.. reference.Zip(noise, (s, d) => s + d)];
        float[] other = [.. estimate.Select(x => (float)(gain * x + offset))];
        return Math.Abs(SiSdr.Of(reference, estimate) - SiSdr.Of(reference, other)) < 1e-3;
    });

    [Fact]
    public void Si_sdr_of_a_copy_has_no_end() => Assert.True(SiSdr.Of(Tone(440, 1000, 1), Tone(440, 1000, 1)) > 250);

    [Fact]
    public void Warping_finds_the_cheapest_path() =>
        Gen.Select(Gen.Float[-1f, 1f].Array[1, 7], Gen.Float[-1f, 1f].Array[1, 7]).Sample((a, b) =>
        {
            TimeWarp warp = TimeWarp.Align(a, b, width: 1);
            double along = warp.Path.Sum(pair => Math.Abs((double)a[pair.Reference] - b[pair.Other]));
            return Math.Abs(warp.Cost - along) < 1e-9 && Math.Abs(warp.Cost - Cheapest(a.Length - 1, b.Length - 1)) < 1e-9
                && warp.Path[0] == (0, 0) && warp.Path[^1] == (a.Length - 1, b.Length - 1)
                && warp.Path.Zip(warp.Path.Skip(1)).All(step => (step.Second.Reference - step.First.Reference, step.Second.Other - step.First.Other) is (0, 1) or (1, 0) or (1, 1));

            // All paths, by recursion.
            double Cheapest(int i, int j)
            {
                double here = Math.Abs((double)a[i] - b[j]);
                if (i == 0 && j == 0)
                    return here;
                double before = double.PositiveInfinity;
                if (i > 0)
                    before = Math.Min(before, Cheapest(i - 1, j));
                if (j > 0)
                    before = Math.Min(before, Cheapest(i, j - 1));
                if (i > 0 && j > 0)
                    before = Math.Min(before, Cheapest(i - 1, j - 1));
                return here + before;
            }
        });

    [Fact]
    public void Too_long_sequences_are_refused() =>
        Assert.Contains("too long", Assert.Throws<ArgumentException>(() => TimeWarp.Align(new float[20_000], new float[20_000], width: 1)).Message);

    [Fact]
    public void Mel_cepstral_distance_of_the_same_sound_is_zero_at_any_gain_and_pace()
    {
        AudioBuffer sound = Vowels(24_000, 150, 1);
        Assert.Equal(0, MelCepstralDistance.Of(sound, sound), 1e-6);
        Assert.True(MelCepstralDistance.Of(sound, new AudioBuffer([.. sound.Samples.Select(x => 0.5f * x)], 24_000)) < 0.5);
        double slower = MelCepstralDistance.Of(sound, Vowels(24_000, 150, 1.3)), other = MelCepstralDistance.Of(sound, Vowels(24_000, 260, 1));
        Assert.True(slower < other / 2, $"slower {slower}, another voice {other}");
    }

    [Fact]
    public void Mel_cepstra_leave_the_level_out()
    {
        AudioBuffer sound = Vowels(24_000, 150, 1);
        float[] cepstra = MelCepstralDistance.Cepstra(sound);
        Assert.Equal(0, cepstra.Length % 24);
        // A gain moves every band of a frame by the same amount, which only coefficient 0 sees.
        float[] louder = MelCepstralDistance.Cepstra(new AudioBuffer([.. sound.Samples.Select(x => 2 * x)], 24_000));
        for (int i = 0; i < cepstra.Length; i++)
            Assert.Equal(cepstra[i], louder[i], 1e-3);
        Assert.Contains("24000", Assert.Throws<ArgumentException>(() => MelCepstralDistance.Cepstra(new AudioBuffer(new float[100], 16_000))).Message);
    }

    // By an independent program, in double, from the definition in the docstring.
    [Theory]
    [InlineData(150, 1.3, 14.09410)]
    [InlineData(260, 1, 50.85674)]
    [InlineData(170, 0.8, 24.86588)]
    public void Mel_cepstral_distance_of_known_sounds(double f0, double pace, double expected)
    {
        Assert.Equal(expected, MelCepstralDistance.Of(Known(150, 1), Known(f0, pace)), 1e-3);

        static AudioBuffer Known(double f0, double pace)
        {
            float[] samples = new float[(int)(0.5 * pace * 24_000)];
            uint state = 12345;
            for (int n = 0; n < samples.Length; n++)
            {
                state = 1664525 * state + 1013904223;
                double t = n / (pace * 24_000), formant = 700 + 400 * Math.Sin(2 * Math.PI * 1.3 * t), voice = 0;
                for (int harmonic = 1; harmonic <= 10; harmonic++)
                    voice += Math.Sin(2 * Math.PI * harmonic * f0 * n / 24_000) * (0.02 + Math.Exp(-Math.Pow((harmonic * f0 - formant) / 500, 2)));
                samples[n] = (float)(0.2 * (0.05 + Math.Pow(Math.Sin(4 * Math.PI * t), 2)) * voice + 0.005 * 2 * ((state >> 8) / 16777216.0 - 0.5));
            }
            return new(samples, 24_000);
        }
    }

    // By an independent program, in double, that takes pystoi's steps one after another.
    [Theory]
    [InlineData(10_000, 0.01, 0.9546422, 0.7537331)]
    [InlineData(10_000, 0.05, 0.8786420, 0.5329453)]
    [InlineData(10_000, 0.3, 0.7259325, 0.3331837)]
    [InlineData(16_000, 0.01, 0.9628330, 0.7612535)]
    [InlineData(16_000, 0.05, 0.9004544, 0.5436320)]
    [InlineData(16_000, 0.3, 0.7756297, 0.3650085)]
    public void Stoi_of_vowels_in_noise(int rate, double level, double expected, double extended)
    {
        float[] clean = new float[2 * rate], noisy = new float[clean.Length];
        uint state = 12345;
        for (int n = 0; n < clean.Length; n++)
        {
            double t = (double)n / rate, envelope = t is >= 0.9 and < 1.2 ? 0 : Math.Pow(Math.Sin(4 * Math.PI * t), 2), voice = 0;
            double formant = 700 + 400 * Math.Sin(2 * Math.PI * 1.3 * t);
            for (int harmonic = 1; harmonic <= 20; harmonic++)
                voice += Math.Sin(2 * Math.PI * harmonic * 140 * t) * (0.02 + Math.Exp(-Math.Pow((harmonic * 140 - formant) / 500, 2)));
            state = 1664525 * state + 1013904223;
            clean[n] = (float)(0.2 * envelope * voice);
            noisy[n] = (float)(0.7 * clean[n] + level * 2 * ((state >> 8) / 16777216.0 - 0.5));
        }
        // The vowels have nothing above 2.8 kHz: there the transform's f32 shows.
        Assert.Equal(expected, Stoi.Of(new(clean, rate), new(noisy, rate)), 5e-5);
        Assert.Equal(extended, Stoi.Extended(new(clean, rate), new(noisy, rate)), 5e-5);
    }

    [Theory]
    [InlineData(10_000), InlineData(16_000), InlineData(24_000), InlineData(22_050)]
    public void Stoi_of_a_copy_is_one_and_falls_with_noise(int rate)
    {
        AudioBuffer clean = Vowels(rate, 140, 1.5);
        Assert.Equal(1, Stoi.Of(clean, clean), 1e-6);
        Assert.Equal(1, Stoi.Extended(clean, clean), 1e-6);
        double last = 1, lastExtended = 1;
        foreach (double level in (double[])[0.01, 0.1, 1, 10])
        {
            Random random = new(5);
            AudioBuffer noisy = new([.. clean.Samples.Select(x => (float)(x + level * (random.NextDouble() - 0.5)))], rate);
            double stoi = Stoi.Of(clean, noisy), extended = Stoi.Extended(clean, noisy);
            Assert.InRange(stoi, -0.2, last);
            Assert.InRange(extended, -0.2, lastExtended);
            (last, lastExtended) = (stoi, extended);
        }
        Assert.True(last < 0.5, $"{last} in noise 20 dB above the speech");
    }

    [Fact]
    public void Stoi_does_not_hear_gain()
    {
        AudioBuffer clean = Vowels(16_000, 140, 1);
        Random random = new(6);
        float[] noisy = [.. clean.Samples.Select(x => (float)(x + 0.1 * (random.NextDouble() - 0.5)))];
        Assert.Equal(Stoi.Of(clean, new(noisy, 16_000)), Stoi.Of(clean, new([.. noisy.Select(x => 3 * x)], 16_000)), 1e-6);
    }

    [Fact]
    public void Stoi_of_too_little_speech_is_next_to_nothing() =>
        Assert.Equal(1e-5, Stoi.Of(new AudioBuffer(Tone(440, 3000, 1), 10_000), new AudioBuffer(Tone(440, 3000, 1), 10_000)));

    private static float[] Tone(double hz, int count, float amplitude) =>
        [.. Enumerable.Range(0, count).Select(n => amplitude * (float)Math.Sin(2 * Math.PI * hz * n / 16_000))];

    // Two seconds of harmonics under a formant that moves, drawn out by the pace, in a little noise.
    private static AudioBuffer Vowels(int rate, double f0, double pace)
    {
        float[] samples = new float[(int)(2 * pace * rate)];
        Random random = new(9);
        double phase = 0;
        for (int n = 0; n < samples.Length; n++)
        {
            samples[n] = (float)(0.005 * (random.NextDouble() - 0.5));
            double t = n / (pace * rate), envelope = 0.05 + Math.Pow(Math.Sin(2 * Math.PI * 2 * t), 2), formant = 700 + 400 * Math.Sin(2 * Math.PI * 1.3 * t);
            phase += 2 * Math.PI * f0 / rate;
            for (int harmonic = 1; harmonic * f0 < 4000; harmonic++)
            {
                double distance = (harmonic * f0 - formant) / 500;
                samples[n] += (float)(0.2 * envelope * Math.Sin(harmonic * phase) * (0.02 + Math.Exp(-distance * distance)));
            }
        }
        return new(samples, rate);
    }
}
