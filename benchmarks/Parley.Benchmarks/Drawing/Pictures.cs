using Parley.Audio;
using Parley.Audio.Loudness;
using Parley.Audio.Pitch;
using Parley.Audio.Spectra;

namespace Parley.Benchmarks.Drawing;

/// <summary>The pictures of docs/audio.md.</summary>
internal static class Pictures
{
    /// <param name="recording">A WAV file of speech.</param>
    /// <param name="folder">Where the pictures go.</param>
    public static void Draw(string recording, string folder)
    {
        Directory.CreateDirectory(folder);
        AudioBuffer speech = Resampler.Convert(WavReader.Read(recording), 16_000);
        Spectrogram(speech, Path.Combine(folder, "spectrogram.svg"));
        LogMel(speech, Path.Combine(folder, "log-mel.svg"));
        PitchTrack(speech, Path.Combine(folder, "pitch.svg"));
        MelFilters(Path.Combine(folder, "mel-filters.svg"));
        KWeightingResponse(Path.Combine(folder, "k-weighting.svg"));
        ResamplerResponse(Path.Combine(folder, "resampler.svg"));
    }

    private static void Spectrogram(AudioBuffer speech, string path)
    {
        const int Length = 640, Hop = 160; // bins every 25 Hz, columns every 10 ms: the harmonics of a voice stand apart
        Stft stft = new(Length, Window.Create(WindowShape.Hann, WindowPeriod.Periodic, Length), Framing.Centred(Length, Hop, SignalPadding.Reflect));
        (float[] re, float[] im) = stft.Forward(speech.Samples);
        int frames = stft.FrameCount(speech.Samples.Length), rows = Length / 4; // the lower half, to 4 kHz
        double[] levels = new double[rows * frames];
        for (int i = 0; i < levels.Length; i++)
            levels[i] = 10 * Math.Log10((double)re[i] * re[i] + (double)im[i] * im[i] + 1e-12);
        Plot plot = new("Spectrogram: windows of 40 ms every 10 ms, 60 dB from black to white", Time(speech), new("kHz", 0, 4, [0, 1, 2, 3, 4]));
        plot.Image(Shade(levels, frames, range: 60));
        plot.Save(path);
    }

    private static void LogMel(AudioBuffer speech, string path)
    {
        MelFrontEnd whisper = new(MelRecipes.Whisper(80));
        float[] mel = whisper.Compute(speech.Samples);
        Plot plot = new("What Whisper sees: 80 mel bands, the upper 80 dB", Time(speech), new("mel band", 0, 80, [0, 20, 40, 60, 80]));
        plot.Image(Shade([.. mel.Select(value => (double)value)], mel.Length / 80, range: 2)); // normalised: 2 is 80 dB
        plot.Save(path);
    }

    private static void PitchTrack(AudioBuffer speech, string path)
    {
        Plot plot = new("Fundamental frequency of the same recording", Time(speech), new("Hz", 50, 500, [50, 100, 200, 300, 400, 500], IsLogarithmic: true));
        PitchRange range = new();
        double middle = range.FrameSamples / 2.0 / speech.SampleRate; // an estimate of YIN counts from the beginning of its frame
        PitchEstimate[] plain = new Yin(speech.SampleRate, range).Track(speech.Samples);
        VoicedPitch[] probable = new PYin(speech.SampleRate).Track(speech.Samples);
        plot.Dots("YIN", plain.Select((estimate, t) => (t * 0.01 + middle, estimate.IsVoiced ? estimate.F0Hz : double.NaN)));
        plot.Curve("pYIN", probable.Select((estimate, t) => (t * 0.032, estimate.F0Hz)));
        plot.Save(path);
    }

    private static void MelFilters(string path)
    {
        const int FftLength = 4096, Every = 8; // finer than any model's transform, so that the triangles are seen
        Plot plot = new("Every eighth of 80 mel filters", new("Hz", 0, 8000, [0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000]), new("weight", 0, 1.05, [0, 0.5, 1]));
        foreach ((string name, MelFilterBank bank) in (ReadOnlySpan<(string, MelFilterBank)>)
        [
            ("Slaney scale (Whisper), without its norm", MelRecipes.Whisper(80).Filters with { Norm = MelNorm.None }),
            ("HTK scale (Kaldi)", MelRecipes.KaldiFbank.Filters),
        ])
        {
            float[] weights = bank.Weights(16_000, FftLength);
            const int Bins = FftLength / 2 + 1;
            List<(double, double)> points = [];
            for (int mel = 0; mel < bank.Count; mel += Every)
            {
                ReadOnlySpan<float> filter = weights.AsSpan(mel * Bins, Bins);
                int first = filter.IndexOfAnyExcept(0f), last = filter.LastIndexOfAnyExcept(0f);
                for (int bin = Math.Max(first - 1, 0); bin <= Math.Min(last + 1, Bins - 1); bin++)
                    points.Add((bin * 16_000.0 / FftLength, filter[bin]));
                points.Add((0, double.NaN)); // the next triangle is another line
            }
            plot.Curve(name, points);
        }
        plot.Save(path);
    }

    private static void KWeightingResponse(string path)
    {
        Plot plot = new("K-weighting of BS.1770 at three sample rates", new("Hz", 20, 20_000, [20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000], IsLogarithmic: true), new("dB", -16, 6, [-15, -10, -5, 0, 5]));
        foreach ((int rate, double width) in (ReadOnlySpan<(int, double)>)[(48_000, 7), (24_000, 4), (16_000, 1.4)]) // they lie on one another
        {
            KWeighting weighting = KWeighting.Standard(rate);
            plot.Curve($"{rate / 1000} kHz", Enumerable.Range(0, 400).Select(i => 20 * Math.Pow(1000, i / 399.0)).Where(hz => hz < rate / 2.0)
                .Select(hz => (hz, Gain(weighting.Shelf, hz / rate) + Gain(weighting.HighPass, hz / rate))), width);
        }
        plot.Save(path);

        static double Gain(Biquad filter, double turns)
        {
            System.Numerics.Complex z = System.Numerics.Complex.FromPolarCoordinates(1, -2 * Math.PI * turns);
            return 20 * Math.Log10(((filter.B0 + z * (filter.B1 + z * filter.B2)) / (1 + z * (filter.A1 + z * filter.A2))).Magnitude);
        }
    }

    private static void ResamplerResponse(string path)
    {
        Plot plot = new("From 16 to 48 kHz: what lies above 8 is an image", new("kHz", 5, 11, [5, 6, 7, 8, 9, 10, 11]), new("dB", -150, 10, [-150, -120, -90, -60, -30, 0]));
        foreach (ResamplingFilter filter in (ReadOnlySpan<ResamplingFilter>)[ResamplingFilter.Default, ResamplingFilter.LowLatency, ResamplingFilter.Finest, ResamplingFilter.TorchaudioTransform])
            plot.Curve(filter.Name, Response(filter, 16_000, 48_000).Where(point => point.Kilohertz is >= 5 and <= 11));
        plot.Save(path);
    }

    // An impulse that is brought to a multiple of its rate is the filter's whole impulse response, as many times too strong.
    private static IEnumerable<(double Kilohertz, double Decibels)> Response(ResamplingFilter filter, int from, int to)
    {
        const int Length = 9600;
        float[] impulse = new float[Length * from / to];
        impulse[impulse.Length / 2] = 1;
        RealFft fft = new(Length);
        float[] re = new float[fft.Bins], im = new float[fft.Bins];
        fft.Forward(Resampler.Convert(impulse, from, to, filter), re, im);
        for (int bin = 0; bin < fft.Bins; bin++)
            yield return (bin * (to / 1000.0) / Length, 20 * Math.Log10(Math.Max(double.Hypot(re[bin], im[bin]) * from / to, 1e-9)));
    }

    private static Axis Time(AudioBuffer sound) =>
        new("s", 0, sound.Duration.TotalSeconds, [.. Enumerable.Range(0, (int)sound.Duration.TotalSeconds + 1).Select(second => (double)second)]);

    // Levels [rows, columns] as an image with row 0 at the bottom; black is a range below the loudest.
    private static byte[] Shade(double[] levels, int columns, double range)
    {
        int rows = levels.Length / columns;
        double loudest = levels.Max();
        byte[] pixels = new byte[levels.Length];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
                pixels[(rows - 1 - row) * columns + column] = (byte)(Steps * Math.Clamp(1 - (loudest - levels[row * columns + column]) / range, 0, 1));
        }
        return Png.Write(pixels, columns, [.. Enumerable.Range(0, Steps + 1).Select(step => Warmth((double)step / Steps))]);
    }

    private const int Steps = 63; // shades; more are hardly seen and compress worse

    // From black over violet and orange to pale yellow.
    private static (byte, byte, byte) Warmth(double t) => ((byte)(255 * Math.Clamp(2.2 * t - 0.15, 0, 1)),
        (byte)(255 * Math.Clamp(1.9 * t - 0.85, 0, 1)), (byte)(255 * Math.Clamp(t < 0.45 ? 1.2 * t : 0.54 - 1.5 * (t - 0.45) + 3.2 * Math.Max(0, t - 0.7), 0, 1)));
}
