using Parley.Audio.Spectra;

namespace Parley.Audio.Tests.Spectra;

public class StftTests
{
    [Fact]
    public void Every_column_is_the_transform_of_its_window() => Cases.Sample(c =>
    {
        (float[] signal, Stft stft, float[] window, int length) = Make(c);
        (float[] re, float[] im) = stft.Forward(signal);
        int frames = stft.FrameCount(signal.Length);
        float[] frame = new float[length];
        for (int t = 0; t < frames; t++)
        {
            for (int n = 0; n < window.Length; n++)
                frame[(length - window.Length) / 2 + n] = Padded(signal, stft.Framing.Start(t) + n, stft.Framing.Padding) * window[n];
            (double[] plainRe, double[] plainIm) = PlainDft.Forward(frame);
            for (int k = 0; k < stft.Bins; k++)
            {
                Assert.Equal(plainRe[k], re[k * frames + t], 1e-4);
                Assert.Equal(plainIm[k], im[k * frames + t], 1e-4);
            }
        }
    }, iter: 50);

    [Theory]
    [InlineData(1200, 1200, 300, SignalPadding.Reflect)]
    [InlineData(16, 16, 4, SignalPadding.Reflect)]
    [InlineData(400, 400, 160, SignalPadding.Zeros)]
    [InlineData(2048, 1024, 256, SignalPadding.Reflect)]
    [InlineData(512, 400, 100, SignalPadding.Zeros)]
    public void Inverse_of_forward_is_the_signal(int length, int windowSamples, int hop, SignalPadding padding) =>
        Gen.Int[windowSamples, 4 * windowSamples].SelectMany(n => Gen.Float[-1f, 1f].Array[n]).Sample(signal =>
        {
            Stft stft = new(length, Window.Create(WindowShape.Hann, WindowPeriod.Periodic, windowSamples), Framing.Centred(windowSamples, hop, padding));
            (float[] re, float[] im) = stft.Forward(signal);
            float[] back = new float[signal.Length];
            stft.Inverse(re, im, back);
            // Beyond the centre of the last window only its falling half reaches: there the division magnifies rounding.
            int sure = (stft.FrameCount(signal.Length) - 1) * hop;
            for (int n = 0; n < sure; n++)
                Assert.Equal(signal[n], back[n], 2e-5);
        }, iter: 20);

    [Fact]
    public void Where_no_window_reaches_the_inverse_is_silent()
    {
        Stft stft = new(16, Window.Create(WindowShape.Hann, WindowPeriod.Periodic, 16), Framing.Inside(16, 4));
        float[] signal = new float[100], one = [.. Enumerable.Repeat(1f, stft.Bins)];
        stft.Inverse(one, new float[stft.Bins], signal);
        Assert.All(signal[16..], sample => Assert.Equal(0, sample));
    }

    [Fact]
    public void The_first_frames_can_be_asked_for_alone()
    {
        Stft stft = new(400, Window.Create(WindowShape.Hann, WindowPeriod.Periodic, 400), Framing.Centred(400, 160, SignalPadding.Reflect));
        float[] signal = [.. Enumerable.Range(0, 4000).Select(n => MathF.Sin(n * 0.05f))];
        (float[] all, _) = stft.Forward(signal);
        int frames = stft.FrameCount(4000);
        float[] re = new float[stft.Bins * 11], im = new float[stft.Bins * 11];
        stft.Forward(signal, re, im);
        for (int k = 0; k < stft.Bins; k++)
            Assert.Equal(all[(k * frames)..(k * frames + 11)], re[(k * 11)..(k * 11 + 11)]);
    }

    [Fact]
    public void A_signal_too_short_to_be_mirrored_is_refused()
    {
        Stft stft = new(400, Window.Create(WindowShape.Hann, WindowPeriod.Periodic, 400), Framing.Centred(400, 160, SignalPadding.Reflect));
        Assert.Contains("201", Assert.Throws<ArgumentException>(() => stft.Forward(new float[200])).Message);
        Assert.Equal(2 * stft.Bins, stft.Forward(new float[201]).Re.Length);
    }

    [Fact]
    public void Both_directions_allocate_nothing()
    {
        Stft stft = new(1200, Window.Create(WindowShape.Hann, WindowPeriod.Periodic, 1200), Framing.Centred(1200, 300, SignalPadding.Reflect));
        float[] signal = new float[24_000];
        (float[] re, float[] im) = stft.Forward(signal);
        stft.Inverse(re, im, signal);
        Assert.Equal(0, SteadyState.AllocatedBytes(() =>
        {
            stft.Forward(signal, re, im);
            stft.Inverse(re, im, signal);
        }));
    }

    private static readonly Gen<(int Seed, int Length, int Window, int Hop, int Padding, bool Reflects, int Samples)> Cases =
        from seed in Gen.Int[0, int.MaxValue]
        from half in Gen.Int[1, 60]
        from window in Gen.Int[1, 2 * half]
        from hop in Gen.Int[1, 40]
        from padding in Gen.Int[0, 70]
        from reflects in Gen.Bool
        from samples in Gen.Int[padding + 1, 400]
        select (seed, RealFft.NextSupported(2 * half), window, hop, padding, reflects, samples);

    private static (float[] Signal, Stft Stft, float[] Window, int Length) Make(
        (int Seed, int Length, int Window, int Hop, int Padding, bool Reflects, int Samples) c)
    {
        Random random = new(c.Seed);
        float[] signal = [.. Enumerable.Range(0, c.Samples).Select(_ => (float)(random.NextDouble() * 2 - 1))];
        float[] window = Window.Create(WindowShape.Hamming, WindowPeriod.Periodic, c.Window);
        SignalPadding padding = c.Reflects ? SignalPadding.Reflect : SignalPadding.Zeros;
        return (signal, new Stft(c.Length, window, new Framing(c.Window, c.Hop, c.Padding, padding)), window, c.Length);
    }

    private static float Padded(float[] signal, long at, SignalPadding padding)
    {
        if (padding == SignalPadding.Reflect)
        {
            if (at < 0)
                at = -at;
            if (at >= signal.Length)
                at = 2 * (signal.Length - 1) - at;
        }
        return at >= 0 && at < signal.Length ? signal[at] : 0;
    }
}
