using Parley.Audio;
using Parley.Audio.Loudness;
using Parley.Audio.Pitch;
using Parley.Audio.Spectra;

namespace Parley.Benchmarks;

/// <summary>Spectra, mel front ends, loudness and pitch, beside what sox and ffmpeg need for jobs like them.</summary>
internal static class SpectraBenchmarks
{
    private const double Seconds = 30;      // of sound in each of our runs: 2 to 6 MB, so that it comes from memory as in use
    private const double PeerSeconds = 600; // long enough that starting a program does not count

    public static void Run()
    {
        string folder = Directory.CreateTempSubdirectory("parley-benchmark-").FullName;
        try
        {
            Spectra(folder);
            Loudness(folder);
            Pitch();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Spectra(string folder)
    {
        Report.Table("Spectra");
        (string Name, MelRecipe Recipe)[] recipes =
        [
            ("log-mel, Whisper 80", MelRecipes.Whisper(80)), ("log-mel, Whisper 128", MelRecipes.Whisper(128)), ("log-mel, NeMo 128", MelRecipes.NeMo(128)),
            ("log-mel, XTTS", MelRecipes.XttsCloning), ("log-mel, Chatterbox vocoder", MelRecipes.ChatterboxVocoder), ("fbank, Kaldi 80", MelRecipes.KaldiFbank),
        ];
        foreach ((string name, MelRecipe recipe) in recipes)
        {
            float[] sound = TestSound.Speechlike(recipe.SampleRate, Seconds).Samples;
            MelFrontEnd frontEnd = new(recipe);
            float[] mel = new float[frontEnd.Bands * recipe.FrameCount(sound.Length)];
            Report.Ours(name, Seconds, () => frontEnd.Compute(sound, mel));
        }

        float[] speech = TestSound.Speechlike(16_000, Seconds).Samples;
        MelStream stream = new(MelRecipes.Whisper(80));
        float[] room = new float[stream.Bands * 3000];
        Report.Ours("log-mel, Whisper 80, streamed in 20 ms", Seconds, () =>
        {
            for (int at = 0; at < speech.Length; at += 320)
                stream.Push(speech.AsSpan(at, 320), room);
            stream.Finish(room);
        });

        Stft stft = new(1200, Window.Create(WindowShape.Hann, WindowPeriod.Periodic, 1200), Framing.Centred(1200, 300, SignalPadding.Reflect));
        float[] wide = TestSound.Speechlike(24_000, Seconds).Samples, back = new float[wide.Length];
        (float[] re, float[] im) = stft.Forward(wide);
        Report.Ours("STFT 1200/300 at 24 kHz", Seconds, () => stft.Forward(wide, re, im));
        Report.Ours("its inverse", Seconds, () => stft.Inverse(re, im, back));

        // 512 points every 160 samples, drawn: 100 pixels a second.
        string wav = Path.Combine(folder, "16k.wav");
        WavWriter.Write(wav, TestSound.Speechlike(16_000, PeerSeconds));
        Report.Peer("sox spectrogram, 257 bins, 100 a second", PeerSeconds, "sox", wav, "-n", "spectrogram", "-y", "257", "-X", "100", "-o", Path.Combine(folder, "sox.png"));
        Report.Peer("ffmpeg showspectrumpic, 1024 points", PeerSeconds, "ffmpeg", "-v", "error", "-threads", "1", "-i", wav,
            "-lavfi", "showspectrumpic=s=3000x256:legend=0", "-y", Path.Combine(folder, "ffmpeg.png"));
        Report.Peer("ffmpeg afftdn=nr=0.01 (a transform there and back)", PeerSeconds, "ffmpeg", "-v", "error", "-threads", "1", "-i", wav, "-af", "afftdn=nr=0.01", "-f", "null", "-");
    }

    private static void Loudness(string folder)
    {
        Report.Table("Loudness, 48 kHz mono");
        float[] sound = TestSound.Speechlike(48_000, Seconds).Samples;
        LoudnessMeter meter = new(48_000);
        Report.Ours("loudness, range and true peak", Seconds, () =>
        {
            meter.Reset();
            for (int at = 0; at < sound.Length; at += 4800)
                meter.Push(sound.AsSpan(at, 4800));
        });
        TruePeakMeter peak = new(48_000);
        Report.Ours("true peak alone", Seconds, () => peak.Push(sound));
        Report.Ours("RMS and sample peak", Seconds, () => GC.KeepAlive(Levels.RmsDbfs(sound) + Levels.PeakDbfs(sound) == 0 ? sound : null));

        string wav = Path.Combine(folder, "48k.wav");
        WavWriter.Write(wav, TestSound.Speechlike(48_000, PeerSeconds));
        Report.Peer("ffmpeg ebur128=peak=true", PeerSeconds, "ffmpeg", "-v", "error", "-threads", "1", "-i", wav, "-af", "ebur128=peak=true", "-f", "null", "-");
        Report.Peer("ffmpeg ebur128", PeerSeconds, "ffmpeg", "-v", "error", "-threads", "1", "-i", wav, "-af", "ebur128", "-f", "null", "-");
        Report.Peer("ffmpeg astats", PeerSeconds, "ffmpeg", "-v", "error", "-threads", "1", "-i", wav, "-af", "astats", "-f", "null", "-");
        Report.Peer("sox stat", PeerSeconds, "sox", wav, "-n", "stat");
        Report.Peer("ffmpeg decoding the file alone", PeerSeconds, "ffmpeg", "-v", "error", "-threads", "1", "-i", wav, "-f", "null", "-");
    }

    private static void Pitch()
    {
        Report.Table("Pitch, 16 kHz");
        float[] sound = TestSound.Speechlike(16_000, Seconds).Samples;
        Yin yin = new(16_000);
        Report.Ours("YIN every 10 ms", Seconds, () => yin.Track(sound));
        PYin pYin = new(16_000);
        Report.Ours("pYIN every 32 ms", Seconds, () => pYin.Track(sound));
    }
}
