using System.Globalization;
using Parley.Audio;
using Parley.Audio.Effects;
using Parley.Audio.Measures;

namespace Parley.Benchmarks;

/// <summary>Resampling, time stretching, WAV, Opus, effects and measures, beside what sox and ffmpeg need for the same jobs.</summary>
internal static class AudioBenchmarks
{
    private const double Seconds = 30;      // of sound in each of our runs
    private const double PeerSeconds = 600; // long enough that starting a program does not count
    private const double MeasuredSeconds = 5; // a sentence

    public static void Run()
    {
        string folder = Directory.CreateTempSubdirectory("parley-benchmark-").FullName;
        try
        {
            string file24 = WriteSound(folder, 24_000), file44 = WriteSound(folder, 44_100);
            Resampling(file24, file44);
            Stretching(file24);
            Files(file24);
            Effects(file24);
            Measures();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Resampling(string file24, string file44)
    {
        Report.Table("Resampling, streamed in 20 ms");
        double ours = Resample(24_000, 16_000, ResamplingFilter.Default);
        double sox = Report.Peer("sox rate -v, 24 to 16 kHz", PeerSeconds, "sox", ToRaw(file24, "rate", "-v", "16000"));
        Report.Peer("ffmpeg soxr of 28 bits, 24 to 16 kHz", PeerSeconds, "ffmpeg", FfmpegToRaw(file24, "aresample=16000:resampler=soxr:precision=28"));
        Report.Peer("sox, reading and writing 24 kHz only", PeerSeconds, "sox", ToRaw(file24));
        Resample(44_100, 16_000, ResamplingFilter.Default);
        Report.Peer("sox rate -v, 44.1 to 16 kHz", PeerSeconds, "sox", ToRaw(file44, "rate", "-v", "16000"));
        Resample(48_000, 16_000, ResamplingFilter.Default);
        Resample(16_000, 24_000, ResamplingFilter.Default);
        Resample(22_050, 24_000, ResamplingFilter.Default);
        Resample(44_101, 16_000, ResamplingFilter.Default);
        Resample(24_000, 16_000, ResamplingFilter.LowLatency);
        Resample(24_000, 16_000, ResamplingFilter.Finest);
        Resample(24_000, 16_000, ResamplingFilter.TorchaudioTransform);
        Resample(22_050, 16_000, ResamplingFilter.TorchaudioFunctional);
        Console.WriteLine();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"24 to 16 kHz by the default filter: {ours / sox:F2} times as fast as sox rate -v."));
    }

    private static double Resample(int from, int to, ResamplingFilter filter)
    {
        Resampler resampler = new(from, to, filter);
        float[] sound = TestSound.Speechlike(from, Seconds).Samples;
        int portion = from / 50;
        float[] output = new float[resampler.MaxOutputSamples(portion)];
        return Report.Ours(string.Create(CultureInfo.InvariantCulture, $"{from} to {to} Hz, {filter.Name} filter"), Seconds, () =>
        {
            for (int at = 0; at + portion <= sound.Length; at += portion)
                resampler.Push(sound.AsSpan(at, portion), output);
        });
    }

    private static void Stretching(string file24)
    {
        Report.Table("Time stretching at 24 kHz, streamed in 20 ms");
        float[] sound = TestSound.Speechlike(24_000, Seconds).Samples;
        foreach (double speed in (ReadOnlySpan<double>)[0.5, 0.8, 1.25, 2])
        {
            string name = speed.ToString(CultureInfo.InvariantCulture);
            TimeStretcher stretcher = new(24_000, speed);
            float[] output = new float[stretcher.MaxOutputSamples(480)];
            Report.Ours($"speed {name}", Seconds, () =>
            {
                for (int at = 0; at < sound.Length; at += 480)
                    stretcher.Push(sound.AsSpan(at, 480), output);
            });
            Report.Peer($"sox tempo -s {name}", PeerSeconds, "sox", ToRaw(file24, "tempo", "-s", name));
            Report.Peer($"ffmpeg atempo={name}", PeerSeconds, "ffmpeg", FfmpegToRaw(file24, $"atempo={name}"));
        }
    }

    private static void Files(string file24)
    {
        Report.Table("WAV and Opus at 24 kHz");
        AudioBuffer sound = TestSound.Speechlike(24_000, Seconds);
        byte[] bytes = WavWriter.ToBytes(sound);
        byte[] portion = new byte[16 * 1024];
        float[] samples = new float[portion.Length / 2];
        Report.Ours("read 16 bit WAV whole", Seconds, () => WavReader.Read(bytes));
        Report.Ours("read 16 bit WAV, streamed", Seconds, () =>
        {
            WavDecoder decoder = new();
            for (int at = 0; at < bytes.Length; at += portion.Length)
            {
                ReadOnlySpan<byte> rest = bytes.AsSpan(at, Math.Min(portion.Length, bytes.Length - at));
                while (!rest.IsEmpty)
                    decoder.Decode(ref rest, samples);
            }
        });
        Report.Ours("write 16 bit WAV whole", Seconds, () => WavWriter.ToBytes(sound));
        Report.Peer("sox, 16 bit WAV to raw floats", PeerSeconds, "sox", ToRaw(file24));
        Report.Ours("write Ogg Opus, 32 kbit/s", Seconds, () =>
        {
            using OggOpusWriter writer = new(Stream.Null, 24_000);
            for (int at = 0; at < sound.Samples.Length; at += 480)
                writer.Write(sound.Samples.AsSpan(at, 480));
        });
        Report.Peer("ffmpeg libopus, complexity 5, 32 kbit/s", PeerSeconds, "ffmpeg",
            "-v", "error", "-i", file24, "-c:a", "libopus", "-b:a", "32k", "-compression_level", "5", "-f", "ogg", "-y", "/dev/null");
    }

    private static void Effects(string file24)
    {
        Report.Table("Effects and G.711 at 24 kHz");
        float[] sound = TestSound.Speechlike(24_000, Seconds).Samples, other = [.. sound];
        byte[] codes = new byte[sound.Length];
        DcBlocker blocker = new(24_000);
        Report.Ours("gain, 3 dB up and down", Seconds, () =>
        {
            Gain.Apply(other, 3);
            Gain.Apply(other, -3);
        });
        Report.Peer("sox gain 3 gain -3", PeerSeconds, "sox", ToRaw(file24, "gain", "3", "gain", "-3"));
        Report.Ours("mixing into another sound, and out again", Seconds, () =>
        {
            Mix.Into(other, sound);
            Gain.Apply(other, -6.0205999132796239);
        });
        Report.Ours("cross-fade over the whole", Seconds, () => Fade.Cross(sound, sound, other));
        Report.Ours("finding sustained sound", Seconds, () => Silence.SustainedSound(sound, 24_000));
        Report.Ours("removing an offset", Seconds, () => blocker.Process(other));
        Report.Peer("sox highpass -1 20", PeerSeconds, "sox", ToRaw(file24, "highpass", "-1", "20"));
        Report.Ours("mu-law there and back", Seconds, () =>
        {
            G711.EncodeMuLaw(sound, codes);
            G711.DecodeMuLaw(codes, other);
        });
        SpeechSegmenter segmenter = new(new(), sampleRate: 16_000, windowSamples: 512);
        Report.Ours("segmenting given probabilities, 32 ms windows", Seconds, () =>
        {
            for (int window = 0; window < Seconds * 16_000 / 512; window++)
            {
                segmenter.Push(window % 80 < 50 ? 0.9f : 0.1f);
                while (segmenter.TryTake(out _))
                {
                }
            }
        });
    }

    private static void Measures()
    {
        Report.Table("Measures");
        AudioBuffer clean = TestSound.Speechlike(24_000, MeasuredSeconds), other = TestSound.Speechlike(24_000, MeasuredSeconds, seed: 2);
        AudioBuffer clean10 = TestSound.Speechlike(10_000, MeasuredSeconds), other10 = TestSound.Speechlike(10_000, MeasuredSeconds, seed: 2);
        Report.Ours("SI-SDR at 24 kHz", MeasuredSeconds, () => SiSdr.Of(clean.Samples, other.Samples));
        Report.Ours("STOI at 10 kHz", MeasuredSeconds, () => Stoi.Of(clean10, other10));
        Report.Ours("mel-cepstral distance of sentences", MeasuredSeconds, () => MelCepstralDistance.Of(clean, other));
    }

    private static string WriteSound(string folder, int rate)
    {
        string path = Path.Combine(folder, $"sound{rate}.wav");
        WavWriter.Write(path, TestSound.Speechlike(rate, PeerSeconds));
        return path;
    }

    private static string[] ToRaw(string file, params string[] effect) => [file, "-t", "raw", "-e", "floating-point", "-b", "32", "/dev/null", .. effect];

    private static string[] FfmpegToRaw(string file, string filter) => ["-v", "error", "-i", file, "-af", filter, "-f", "f32le", "-y", "/dev/null"];
}
