using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Parley.Audio;
using Parley.Graphs;
using Parley.Models.Whisper;

namespace Parley.Cli.Commands;

/// <summary><c>bench whisper</c>: the ear beside whisper.cpp on the same files, or large models on random weights.</summary>
internal static class WhisperBench
{
    // Windows that the decoder and the encoder take at a time; 0 for as many as the batch allows.
    private static readonly (int Decoded, int Encoded)[] Together = [(1, 1), (8, 1), (8, 0), (16, 1), (16, 0)];

    public static Command Build(Terminal terminal)
    {
        Option<string[]> models = new("--model") { Description = "Models to measure: files of whisper.cpp (ggml-*.bin) also run in whisper.cpp itself", HelpName = "PATH", AllowMultipleArgumentsPerToken = true };
        Option<string[]> clips = new("--clip") { Description = "Recordings in WAV", HelpName = "WAV", AllowMultipleArgumentsPerToken = true };
        Option<string[]> precisions = new("--precision") { Description = "q8, f32; both by default", AllowMultipleArgumentsPerToken = true };
        Option<string?> peer = new("--peer") { Description = "A whisper-cli built on this machine, to run on the same files", HelpName = "PROGRAM" };
        Option<string[]> random = new("--random") { Description = "Published sizes on random weights: large-v3, large-v3-turbo ...", HelpName = "SIZE", AllowMultipleArgumentsPerToken = true };
        Option<int[]> batches = new("--batch") { Description = "Windows that a step of the decoder takes; 1, 4 and 8 by default", AllowMultipleArgumentsPerToken = true };
        Option<bool> words = new("--words") { Description = "Also count the words that 8 bit changes, on pieces of the recordings, with noise and at other speeds" };
        Option<int> callers = new("--callers") { Description = "Also serve so many callers at once, each with the first recording (up to 30 s)", HelpName = "N" };
        Option<double> hours = new("--hours") { Description = "Also hear the first recording over and over for so many hours, as 'hear' does: time and memory", HelpName = "H" };
        Option<int> rounds = new("--rounds") { Description = "Times that each recording is heard; the fastest counts", DefaultValueFactory = _ => 3 };
        Option<bool> alone = new("--no-peer") { Description = "Leave whisper.cpp out" };
        Option<string?> folder = new("--folder") { Description = "Where compiled graphs are kept; by default in the temporary folder", HelpName = "FOLDER" };
        Option<bool> json = SharedOptions.Json();
        Command command = new("whisper", "Whisper: seconds of processor time beside whisper.cpp, tokens, memory") { models, clips, precisions, peer, random, batches, words, callers, hours, rounds, alone, folder, json };
        command.SetAction((parsed, cancel) => Task.Run(async () =>
        {
            int[] sizes = parsed.GetValue(batches) is { Length: > 0 } given ? given : [1, 4, 8];
            if (sizes.Any(size => size is < 1 or > 64))
                throw new CommandException(ExitCodes.Usage, "--batch is from 1 to 64.");
            Precision[] wanted = [.. (parsed.GetValue(precisions) is { Length: > 0 } names ? names : ["q8", "f32"]).Select(Precision.Parse)];
            int times = parsed.GetValue(rounds);
            if (times is < 1 or > 100)
                throw new CommandException(ExitCodes.Usage, "--rounds is from 1 to 100.");
            string place = parsed.GetValue(folder) ?? Path.Combine(Path.GetTempPath(), "parley-bench");
            MachineLimits limits = MachineLimits.Measure(cancel);
            List<WhisperBenchRow> rows = [];
            List<WhisperPartRow> parts = [];
            List<WhisperWordRow> changes = [];
            List<WhisperCallerRow> crowd = [];
            string[] recordings = parsed.GetValue(clips) ?? [];
            List<WhisperHourRow> hoursHeard = [];
            if ((parsed.GetValue(words) || parsed.GetValue(callers) > 0 || parsed.GetValue(hours) > 0) && recordings.Length == 0)
                throw new CommandException(ExitCodes.Usage, "--words, --callers and --hours need a recording: --clip WAV.");
            if (parsed.GetValue(hours) is < 0 or > 100)
                throw new CommandException(ExitCodes.Usage, "--hours is from 0 to 100.");
            foreach (string path in parsed.GetValue(models) ?? [])
            {
                if (parsed.GetValue(words))
                    changes.Add(WhisperWordBench.Run(path, recordings, place, terminal, cancel));
                if (parsed.GetValue(callers) is > 0 and int count)
                    crowd.AddRange(Crowd(path, recordings[0], count, wanted[0], place, terminal, cancel));
                if (parsed.GetValue(hours) is > 0 and double length)
                    hoursHeard.Add(await WhisperHourBench.RunAsync(path, recordings[0], length, wanted[0], place, terminal, cancel));
                Measure(path, recordings, wanted, place, sizes, times, terminal, rows, parts, cancel);
                if (!parsed.GetValue(alone) && GgmlWhisperFile.IsOne(path))
                    MeasurePeers(path, recordings, parsed.GetValue(peer), times, rows, cancel);
            }
            foreach (string size in parsed.GetValue(random) ?? [])
                parts.Add(MeasureRandom(size, wanted[0], place, sizes, terminal, cancel));
            WhisperBenchReport report = new(limits.Cores, limits.ReadBytesPerSecond / 1e9, limits.FlopsPerSecond / 1e9, rows, parts, changes, crowd, hoursHeard);
            if (parsed.GetValue(json))
                DataJson.Write(terminal, report);
            else
                WriteTables(terminal, report);
            return ExitCodes.Success;
        }, cancel));
        return command;
    }

    private static void Measure(
        string path, string[] clips, Precision[] precisions, string folder, int[] sizes, int rounds, Terminal terminal,
        List<WhisperBenchRow> rows, List<WhisperPartRow> parts, CancellationToken cancel)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(path));
        foreach (Precision precision in precisions)
        {
            (WhisperModel model, TimeSpan opened) = Open(WhisperCheckpoint.Open(path), precision, folder, terminal, cancel);
            using (model)
            {
                parts.Add(Part(name, precision, model, opened, sizes, cancel));
                foreach (string clip in clips)
                {
                    float[] samples = WavReader.Read(clip).Samples;
                    WhisperClipTimes times = WhisperBenchmark.Clip(model, samples, rounds, cancel);
                    rows.Add(Row($"parley {precision}", name, clip, samples, times));
                }
            }
        }
    }

    private static void MeasurePeers(string path, string[] clips, string? peer, int rounds, List<WhisperBenchRow> rows, CancellationToken cancel)
    {
        string name = Path.GetFileName(path);
        foreach (string clip in clips)
        {
            float[] samples = WavReader.Read(clip).Samples;
            rows.Add(Row("Whisper.net", name, clip, samples, WhisperPeer.Run(path, samples, rounds, cancel)));
            if (peer is not null)
                rows.Add(Row("whisper.cpp, built here", name, clip, samples, WhisperPeer.RunProgram(peer, path, clip, rounds)));
        }
    }

    private static List<WhisperCallerRow> Crowd(
        string path, string clip, int callers, Precision precision, string folder, Terminal terminal, CancellationToken cancel)
    {
        (WhisperModel model, _) = Open(WhisperCheckpoint.Open(path), precision, folder, terminal, cancel);
        using (model)
        {
            float[] samples = WavReader.Read(clip).Samples;
            return
            [
                .. Together.Select(way => WhisperBenchmark.Callers(model, samples, callers, way.Decoded, way.Encoded, cancel)).Select(times => new WhisperCallerRow(
                    Path.GetFileName(path), times.Callers, times.Together, times.Encoded, times.Clock.TotalSeconds, callers * samples.Length / 16_000.0 / times.Clock.TotalSeconds,
                    times.Median.TotalSeconds, times.NinetyFifth.TotalSeconds)),
            ];
        }
    }

    internal static (WhisperModel Model, TimeSpan Opened) Open(WhisperCheckpoint checkpoint, Precision precision, string folder, Terminal terminal, CancellationToken cancel)
    {
        long begin = Stopwatch.GetTimestamp();
        WhisperModel model = WhisperModel.Open(
            checkpoint, WhisperPrecision.Of(precision, checkpoint.Config), new GraphCache(folder, checkpoint.Identity), new CompileNotice(terminal.Error, terminal.IsErrorInteractive), cancel);
        return (model, Stopwatch.GetElapsedTime(begin));
    }

    private static WhisperPartRow MeasureRandom(string size, Precision precision, string folder, int[] sizes, Terminal terminal, CancellationToken cancel)
    {
        WhisperConfig config = WhisperConfig.Published(size) ?? throw new CommandException(ExitCodes.Usage, $"No published Whisper has the size '{size}'.");
        (WhisperModel model, TimeSpan opened) = Open(WhisperCheckpoint.Random(size, config, seed: 1), precision, folder, terminal, cancel);
        using (model)
            return Part($"{size}, random", precision, model, opened, sizes, cancel);
    }

    private static WhisperPartRow Part(string name, Precision precision, WhisperModel model, TimeSpan opened, int[] sizes, CancellationToken cancel)
    {
        WhisperPartTimes times = WhisperBenchmark.Parts(model, sizes, cancel);
        return new(name, precision.Name, opened.TotalSeconds, model.EncoderBytes / 1e6, model.StepBytes / 1e6, times.Features.TotalMilliseconds,
            times.Encode.TotalSeconds, times.EncodeProcessor.TotalSeconds, PeakMemory.Bytes / 1e9,
            [.. times.Steps.Select(step => new WhisperStepRow(step.Windows, step.Clock.TotalMilliseconds, step.Processor.TotalMilliseconds))]);
    }

    private static WhisperBenchRow Row(string engine, string model, string clip, float[] samples, WhisperClipTimes times)
    {
        double seconds = samples.Length / 16_000.0;
        return new(engine, model, Path.GetFileNameWithoutExtension(clip), seconds, times.Processor.TotalSeconds, times.Clock.TotalSeconds,
            times.Clock.TotalSeconds / seconds, times.Tokens, times.Text.Trim());
    }

    private static void WriteTables(Terminal terminal, WhisperBenchReport report)
    {
        terminal.Out.WriteLine(Invariant($"{report.Cores} cores, {report.ReadGbPerSecond:F1} GB/s read, {report.GflopPerSecond:F0} GFLOP/s f32, measured now."));
        DataTable parts = new("model", "precision", "opened in", "encoder", "decoder", "mel", "a window", "processor", "a token (windows together)", "its processor", "times the limits", "peak memory");
        foreach (WhisperPartRow row in report.Parts)
        {
            parts.Add(row.Model, row.Precision, Invariant($"{row.OpenSeconds:F1} s"), Invariant($"{row.EncoderMb:F0} MB"), Invariant($"{row.DecoderMb:F0} MB"),
                Invariant($"{row.FeaturesMs:F0} ms"), Invariant($"{row.EncodeSeconds:F3} s"), Invariant($"{row.EncodeProcessorSeconds:F3} s"),
                string.Join(", ", row.Steps.Select(step => Invariant($"{step.ClockMs / step.Windows:F2} ms ({step.Windows})"))),
                string.Join(", ", row.Steps.Select(step => Invariant($"{step.ProcessorMs / step.Windows:F2}"))),
                Invariant($"P {row.EncodeProcessorSeconds * report.GflopPerSecond / report.Cores:F0}, R {row.Steps[0].ProcessorMs / row.Steps[0].Windows * report.ReadGbPerSecond / report.Cores / 1000:F3}"),
                Invariant($"{row.PeakGb:F2} GB"));
        }
        parts.Write(terminal);
        if (report.Words.Count > 0)
        {
            DataTable words = new("model", "pieces", "words", "changed by 8 bit", "share", "pieces touched");
            foreach (WhisperWordRow row in report.Words)
                words.Add(row.Model, Invariant($"{row.Pieces}"), Invariant($"{row.Words}"), Invariant($"{row.Changed}"), Invariant($"{(double)row.Changed / row.Words:P2}"), Invariant($"{row.Touched}"));
            words.Write(terminal);
        }
        if (report.Callers.Count > 0)
        {
            DataTable callers = new("model", "callers", "decoded together", "encoded together", "all served in", "times real time", "median wait", "95 % within");
            foreach (WhisperCallerRow row in report.Callers)
                callers.Add(row.Model, Invariant($"{row.Callers}"), Invariant($"{row.Together}"), Invariant($"{row.Encoded}"), Invariant($"{row.Seconds:F2} s"), Invariant($"{row.TimesRealTime:F1}"), Invariant($"{row.MedianSeconds:F2} s"), Invariant($"{row.NinetyFifthSeconds:F2} s"));
            callers.Write(terminal);
        }
        if (report.Hours.Count > 0)
        {
            DataTable hours = new("model", "precision", "hours", "heard in", "processor", "real-time factor", "words", "memory after a tenth", "at most");
            foreach (WhisperHourRow row in report.Hours)
                hours.Add(row.Model, row.Precision, Invariant($"{row.Hours:0.##}"), Invariant($"{row.ClockSeconds:F0} s"), Invariant($"{row.ProcessorSeconds:F0} s"), Invariant($"{row.ClockSeconds / (3600 * row.Hours):F4}"), Invariant($"{row.Words}"), Invariant($"{row.SettledMb:F0} MB"), Invariant($"{row.MostMb:F0} MB"));
            hours.Write(terminal);
        }
        if (report.Clips.Count == 0)
            return;
        DataTable clips = new("engine", "model", "recording", "processor", "times the limit", "clock", "real-time factor", "tokens", "words as Parley f32");
        foreach (WhisperBenchRow row in report.Clips)
        {
            WhisperBenchRow? reference = report.Clips.FirstOrDefault(other => other.Engine == "parley f32" && other.Model == row.Model && other.Clip == row.Clip);
            clips.Add(row.Engine, row.Model, Invariant($"{row.Clip}, {row.Seconds:F0} s"), Invariant($"{row.ProcessorSeconds:F3} s"),
                Invariant($"P {row.ProcessorSeconds * report.GflopPerSecond / report.Cores:F0}"), Invariant($"{row.ClockSeconds:F3} s"), Invariant($"{row.Rtf:F3}"),
                row.Tokens > 0 ? Invariant($"{row.Tokens}") : "", reference is null ? "" : SameWords(row.Text, reference.Text) ? "yes" : "no");
        }
        clips.Write(terminal);
        terminal.Out.WriteLine("P is processor seconds times the f32 limit of one core, in GFLOP, and R those of a token times what one core reads, in GB: they carry over to other machines. Greedy, timestamps on, one attempt a window.");
    }

    private static bool SameWords(string a, string b) =>
        Parley.Text.ErrorRate.OfWords(a, b, Parley.Text.WhisperEnglishNormalizer.Instance).Errors == 0;

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

internal sealed record WhisperBenchReport(
    int Cores, double ReadGbPerSecond, double GflopPerSecond, IReadOnlyList<WhisperBenchRow> Clips, IReadOnlyList<WhisperPartRow> Parts,
    IReadOnlyList<WhisperWordRow> Words, IReadOnlyList<WhisperCallerRow> Callers, IReadOnlyList<WhisperHourRow> Hours);

internal sealed record WhisperWordRow(string Model, int Pieces, int Words, int Changed, int Touched);

internal sealed record WhisperCallerRow(
    string Model, int Callers, int Together, int Encoded, double Seconds, double TimesRealTime, double MedianSeconds, double NinetyFifthSeconds);

internal sealed record WhisperBenchRow(
    string Engine, string Model, string Clip, double Seconds, double ProcessorSeconds, double ClockSeconds, double Rtf, int Tokens, string Text);

internal sealed record WhisperPartRow(
    string Model, string Precision, double OpenSeconds, double EncoderMb, double DecoderMb, double FeaturesMs, double EncodeSeconds,
    double EncodeProcessorSeconds, double PeakGb, IReadOnlyList<WhisperStepRow> Steps);

internal sealed record WhisperStepRow(int Windows, double ClockMs, double ProcessorMs);
