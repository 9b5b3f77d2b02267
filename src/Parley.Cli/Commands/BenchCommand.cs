using System.CommandLine;
using System.Globalization;
using Parley.Graphs;
using Parley.Models.Voxtral;

namespace Parley.Cli.Commands;

/// <summary><c>bench</c>: how fast a model is here, beside what the machine can do at best.</summary>
internal static class BenchCommand
{
    public static Command Build(Terminal terminal) =>
        new("bench", "Measure a model beside the machine's limits") { BuildVoxtral(terminal), BrainBench.Build(terminal), WhisperBench.Build(terminal) };

    private static Command BuildVoxtral(Terminal terminal)
    {
        Option<bool> random = new("--random") { Description = "Full-size random weights: they take as long as trained ones and need no download" };
        Option<string?> model = new("--model") { Description = "With --errors, the weights of a published folder", HelpName = "FOLDER" };
        Option<bool> errors = new("--errors") { Description = "Instead of times, what each precision adds to every stage of f32; takes 15 GB of memory and of disk" };
        Option<string[]> precisions = new("--precision") { Description = "q8, q4, q4-fast, f32; all three quantised ones by default", AllowMultipleArgumentsPerToken = true };
        Option<int[]> batches = new("--batch") { Description = "Utterances at a time; 1, 2 and 4 by default", AllowMultipleArgumentsPerToken = true };
        Option<string?> folder = new("--folder") { Description = "Where the random weights are written and kept, 2.5 to 4.5 GB each, f32 14 GB; by default in the temporary folder", HelpName = "FOLDER" };
        Option<bool> json = SharedOptions.Json();
        Command command = new("voxtral", "Voxtral-4B-TTS: prefill, frames, codec, real-time factor; errors of the precisions") { random, model, precisions, batches, errors, folder, json };
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            Precision[] wanted = [.. (parsed.GetValue(precisions) is { Length: > 0 } names ? names : ["q8", "q4", "q4-fast"]).Select(Precision.Parse)];
            CheckTogether(parsed.GetValue(random), parsed.GetValue(model), parsed.GetValue(errors), parsed.GetValue(batches));
            if (wanted.Any(precision => precision == Precision.F16 || precision == Precision.BF16))
                throw new CommandException(ExitCodes.Usage, "f16 and bf16 are for CUDA: --precision is q8, q4, q4-fast or f32.");
            int[] sizes = parsed.GetValue(batches) is { Length: > 0 } given ? given : [1, 2, 4];
            if (sizes.Any(size => size is < 1 or > 64))
                throw new CommandException(ExitCodes.Usage, "--batch is from 1 to 64.");
            string place = parsed.GetValue(folder) ?? Path.Combine(Path.GetTempPath(), "parley-bench");
            if (parsed.GetValue(errors))
            {
                BenchErrorReport found = VoxtralErrorBench.Run(parsed.GetValue(model), wanted, place, new CompileNotice(terminal.Error, terminal.IsErrorInteractive), cancel);
                if (parsed.GetValue(json))
                    DataJson.Write(terminal, found);
                else
                    VoxtralErrorBench.WriteTable(terminal, found);
                return ExitCodes.Success;
            }
            MachineLimits limits = MachineLimits.Measure(cancel);
            List<BenchRow> rows = [];
            foreach (Precision precision in wanted)
                rows.Add(Row(VoxtralBenchmark.Run(VoxtralConfig.Published, precision, sizes, place, new CompileNotice(terminal.Error, terminal.IsErrorInteractive), cancel)));
            BenchReport report = new(limits.Cores, limits.ReadBytesPerSecond / 1e9, limits.FlopsPerSecond / 1e9, rows);
            if (parsed.GetValue(json))
                DataJson.Write(terminal, report);
            else
                WriteTables(terminal, report);
            return ExitCodes.Success;
        }, cancel));
        return command;
    }

    private static void CheckTogether(bool random, string? model, bool errors, int[]? batches)
    {
        if (random == model is not null)
            throw new CommandException(ExitCodes.Usage, "Take --random weights or, with --errors, those of a published folder: --model FOLDER.");
        if (model is not null && !errors)
            throw new CommandException(ExitCodes.Usage, "--model needs --errors: times are measured on --random weights, which take as long.");
        if (errors && batches is { Length: > 0 })
            throw new CommandException(ExitCodes.Usage, "--batch is for times: --errors compares one utterance.");
    }

    private static BenchRow Row(VoxtralBenchmarkResult result)
    {
        TimeSpan frame = TimeSpan.FromSeconds(1 / VoxtralConfig.Published.AudioModel.AudioEncodingArgs.FrameRate);
        return new(
            result.Precision.Name, result.Compile.TotalSeconds, result.DecoderBytes / 1e9, result.PrefillTokensPerSecond,
            result.TimeToFirstAudio.TotalMilliseconds, result.PeakBytes / 1e9, result.CpuShare,
            [.. result.Batches.Select(batch => new BenchBatchRow(
                batch.Batch, batch.DecoderStep.TotalMilliseconds, result.DecoderBytes / batch.DecoderStep.TotalSeconds / batch.ReadBytesPerSecond,
                batch.Acoustic.TotalMilliseconds, batch.Codec.TotalMilliseconds, batch.Frame.TotalMilliseconds, batch.RealTimeFactor(frame),
                batch.ReadBytesPerSecond / 1e9, batch.ReadAheadBytesPerSecond / 1e9))]);
    }

    private static void WriteTables(Terminal terminal, BenchReport report)
    {
        terminal.Out.WriteLine(Invariant($"{report.Cores} cores, {report.ReadGbPerSecond:F1} GB/s read, {report.GflopPerSecond:F0} GFLOP/s f32, measured now."));
        DataTable models = new("precision", "opened in", "decoder", "prefill", "first audio", "peak memory", "cores got");
        DataTable frames = new("precision", "batch", "decoder", "of the bandwidth", "acoustic", "codec", "whole frame", "real-time factor", "read", "read ahead");
        foreach (BenchRow row in report.Results)
        {
            models.Add(row.Precision, Invariant($"{row.CompileSeconds:F1} s"), Invariant($"{row.DecoderGb:F2} GB"), Invariant($"{row.PrefillTokensPerSecond:F0} tokens/s"),
                Invariant($"{row.FirstAudioMs:F0} ms"), Invariant($"{row.PeakGb:F2} GB"), Invariant($"{row.CpuShare:P0}"));
            foreach (BenchBatchRow batch in row.Batches)
            {
                frames.Add(row.Precision, Invariant($"{batch.Batch}"), Invariant($"{batch.DecoderMs:F0} ms"), Invariant($"{batch.DecoderShareOfBandwidth:P0}"),
                    Invariant($"{batch.AcousticMs:F0} ms"), Invariant($"{batch.CodecMs:F0} ms"), Invariant($"{batch.FrameMs:F0} ms"), Invariant($"{batch.Rtf:F2}"), Invariant($"{batch.ReadGbPerSecond:F1} GB/s"), Invariant($"{batch.ReadAheadGbPerSecond:F1} GB/s"));
            }
        }
        models.Write(terminal);
        frames.Write(terminal);
        terminal.Out.WriteLine("'read' is this machine's memory read plainly, measured in turns with the decoder steps: what their bandwidth is compared with. Asked for ahead of time, as the steps do, it can be faster.");
        terminal.Out.WriteLine("A frame is 80 ms of sound; times are for all utterances of a batch together. Below a real-time factor of 1 is faster than real time.");
        if (report.Results.Any(row => row.CpuShare < 0.85))
            terminal.Out.WriteLine("Other programs used the machine meanwhile ('cores got'): measure again when it is idle.");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
