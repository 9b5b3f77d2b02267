using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Engines;
using Parley.Engines.Whisper;

namespace Parley.Benchmarks;

/// <summary>
/// The ear beside the original whisper.cpp: the same native library, driven by a small C program (whisper_peer.c, compiled here) on
/// the same recording with as many threads. Rounds alternate, so that a busy machine slows both; the fastest round of each counts.
/// </summary>
internal static class WhisperBenchmarks
{
    private const int Rounds = 4;
    private const double Bar = 0.03; // what wrapping the original may cost

    public static void Run()
    {
        StarterModels models = StarterModels.Locate();
        string model = models.Verified("whisper/ggml-base-q5_1.bin"), voiceActivity = models.Verified("silero/silero_vad.onnx");
        string folder = Directory.CreateTempSubdirectory("parley-benchmark-").FullName;
        try
        {
            string peer = CompilePeer(folder);
            Console.WriteLine();
            Console.WriteLine("## Whisper base q5_1, beside the original whisper.cpp");
            Console.WriteLine();
            Console.WriteLine("| recording | threads | clock | ours s | original s | overhead | our RTF | words |");
            Console.WriteLine("| --- | --: | --- | --: | --: | --: | --: | --- |");
            foreach ((string name, float[] sound) in Recordings())
            {
                foreach (int threads in new[] { 1, Environment.ProcessorCount }.Distinct())
                    Compare(name, sound, threads, peer, model, voiceActivity, folder);
            }
            SilenceCut(model, voiceActivity);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Compare(string name, float[] sound, int threads, string peer, string model, string voiceActivity, string folder)
    {
        string samples = Path.Combine(folder, "samples.f32");
        File.WriteAllBytes(samples, MemoryMarshal.AsBytes<float>(sound).ToArray());
        byte[] pcm = new byte[2 * sound.Length];
        Pcm16.FromFloat(sound, pcm);
        using ISpeechToTextClient ear = Open(model, voiceActivity, threads);
        SpeechToTextOptions options = new() { SpeechSampleRate = 16_000, SpeechLanguage = "en", CutSilence = false };
        (double Clock, double Processor) ours = (double.PositiveInfinity, double.PositiveInfinity), original = ours;
        string ourText = "", originalText = "";
        ear.GetTextAsync(new MemoryStream(pcm), options).GetAwaiter().GetResult(); // warm: code compiled, weights in memory
        for (int round = 0; round < Rounds; round++)
        {
            (double clock, double processor, originalText) = RunPeer(peer, model, samples, threads);
            original = (Math.Min(original.Clock, clock), Math.Min(original.Processor, processor));
            TimeSpan before = ProcessorTime.Own;
            Stopwatch watch = Stopwatch.StartNew();
            ourText = ear.GetTextAsync(new MemoryStream(pcm), options).GetAwaiter().GetResult().Text;
            ours = (Math.Min(ours.Clock, watch.Elapsed.TotalSeconds), Math.Min(ours.Processor, (ProcessorTime.Own - before).TotalSeconds));
        }
        double seconds = sound.Length / 16_000.0; // our windows are cut at quiet places, the original's follow its timestamps
        string words = ourText.Trim() == originalText.Trim() ? "the same text" : "another text";
        Row("processor", ours.Processor, original.Processor);
        Row("wall", ours.Clock, original.Clock);

        void Row(string clock, double our, double other) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {name}, {seconds:F0} s | {threads} | {clock} | {our:F3} | {other:F3} | {Math.Round(100 * (our / other - 1), 1):+0.0;-0.0;0.0} %{(our / other - 1 > Bar ? " above the bar" : "")} | {our / seconds:F3} | {words} |"));
    }

    /// <summary>What finding the speech costs and saves: one minute with 11 s of speech, whole and with its silence cut away.</summary>
    private static void SilenceCut(string model, string voiceActivity)
    {
        float[] minute = [.. Jfk(), .. new float[49 * 16_000]];
        byte[] pcm = new byte[2 * minute.Length];
        Pcm16.FromFloat(minute, pcm);
        using ISpeechToTextClient ear = Open(model, voiceActivity, threads: 1);
        Console.WriteLine();
        Console.WriteLine("| one minute with 11 s of speech, one thread | processor s | RTF |");
        Console.WriteLine("| --- | --: | --: |");
        foreach (bool cuts in new[] { false, true })
        {
            SpeechToTextOptions options = new() { SpeechSampleRate = 16_000, SpeechLanguage = "en", CutSilence = cuts };
            double fastest = double.PositiveInfinity;
            for (int round = 0; round < 3; round++)
            {
                TimeSpan before = ProcessorTime.Own;
                ear.GetTextAsync(new MemoryStream(pcm), options).GetAwaiter().GetResult();
                fastest = Math.Min(fastest, (ProcessorTime.Own - before).TotalSeconds);
            }
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {(cuts ? "silence cut away" : "heard whole")} | {fastest:F3} | {fastest / 60:F3} |"));
        }
    }

    private static IEnumerable<(string Name, float[] Sound)> Recordings()
    {
        yield return ("jfk", Jfk());
        string data = Environment.GetEnvironmentVariable("PARLEY_TEST_DATA") is { Length: > 0 } given ? given : Path.Combine(Root(), "..", "shared");
        string cities = Path.Combine(data, "models", "whisper", "two_cities_16k.wav");
        if (File.Exists(cities))
            yield return ("two_cities", WavReader.Read(cities).Samples);
    }

    private static float[] Jfk() => WavReader.Read(Path.Combine(Root(), "tests", "goldens", "audio", "third-party", "jfk.wav")).Samples;

    private static ISpeechToTextClient Open(string model, string voiceActivity, int threads) =>
        (ISpeechToTextClient)WhisperEngine.Register("whisper:base", model, voiceActivity, threads).Open(CancellationToken.None).GetAwaiter().GetResult();

    private static string CompilePeer(string folder)
    {
        string program = Path.Combine(folder, "whisper_peer"), source = Path.Combine(Root(), "benchmarks", "Parley.Benchmarks", "whisper_peer.c");
        Run("gcc", "-O2", "-o", program, source, "-ldl");
        return program;
    }

    private static (double Clock, double Processor, string Text) RunPeer(string peer, string model, string samples, int threads)
    {
        string libraries = Path.Combine(AppContext.BaseDirectory, "runtimes", $"linux-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}");
        string output = Run(peer, libraries, model, samples, threads.ToString(CultureInfo.InvariantCulture), "2");
        string[] columns = output.TrimEnd('\n').Split('\n')[^1].Split('\t', 2); // the first round warms up, as ours did
        double[] times = [.. columns[0].Split(' ').Select(time => double.Parse(time, CultureInfo.InvariantCulture))];
        return (times[0], times[1], columns[1]);
    }

    private static string Run(string program, params string[] arguments)
    {
        using Process child = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        return child.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} ended with {child.ExitCode}.");
    }

    private static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Parley.slnx")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("Run the benchmarks inside the checkout.");
    }
}
