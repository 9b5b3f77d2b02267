using System.CommandLine;
using System.Globalization;
using Parley.Engines;

namespace Parley.Cli.Commands;

/// <summary><c>bench brain</c>: a language model beside llama.cpp alone.</summary>
internal static class BrainBench
{
    public static Command Build(Terminal terminal)
    {
        Option<string?> model = new("--model") { Description = "A GGUF file", HelpName = "FILE" };
        Option<bool> random = new("--random") { Description = "Full-size random weights (Llama 3.2 1B): they take as long as trained ones and need no download" };
        Option<string> type = new("--type") { Description = "Of the random weights: q4_0 (0.7 GB, the default) or q8_0 (1.3 GB)", DefaultValueFactory = _ => "q4_0" };
        Option<string?> folder = new("--folder") { Description = "Where the random weights are written and kept; by default in the temporary folder", HelpName = "FOLDER" };
        Option<int[]> batches = new("--batch") { Description = "Conversations at a time; 1, 4 and 16 by default", AllowMultipleArgumentsPerToken = true };
        Option<int?> threads = new("--threads") { Description = "Threads of both; the cores by default", HelpName = "N" };
        Option<int?> runs = new("--runs") { Description = "Runs of each, by turns; 3 by default", HelpName = "N" }, prompt = new("--prompt") { Description = "Tokens of a prompt; 512 by default", HelpName = "N" };
        Option<int?> answer = new("--answer") { Description = "Tokens of an answer; 64 by default", HelpName = "N" };
        Option<bool> json = SharedOptions.Json();
        Command command = new("brain", "A language model: prefill, decode, a guard's verdict, beside llama.cpp alone") { model, random, type, folder, batches, threads, runs, prompt, answer, json };
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            string? file = parsed.GetValue(model);
            if (file is null == !parsed.GetValue(random))
                throw new CommandException(ExitCodes.Usage, "Name a file with --model, or take --random weights.");
            BrainBenchmarkOptions options = new()
            {
                Batches = Within(parsed.GetValue(batches) is { Length: > 0 } given ? given : [1, 4, 16], 1, 64, "--batch"),
                Threads = Within([parsed.GetValue(threads) ?? Environment.ProcessorCount], 1, 256, "--threads")[0],
                Runs = Within([parsed.GetValue(runs) ?? 3], 1, 100, "--runs")[0],
                Prompt = Within([parsed.GetValue(prompt) ?? 512], 2, 8192, "--prompt")[0],
                Answer = Within([parsed.GetValue(answer) ?? 64], 2, 4096, "--answer")[0],
            };
            Progress<string>? progress = terminal.IsErrorInteractive ? new(terminal.Error.WriteLine) : null;
            file ??= RandomGguf.Write(parsed.GetValue(folder) ?? Path.Combine(Path.GetTempPath(), "parley-bench"), parsed.GetValue(type)!, cancel);
            BrainBenchmarkResult result = BrainBenchmark.Run(file, options, progress, cancel);
            BrainBenchReport report = new(result.Model, result.Memory.WeightBytes / 1e9, result.Memory.CacheBytes / 1e9, result.Threads,
                [.. result.Batches.Select(speed => new BrainBenchRow(speed.Batch, speed.Prefill, speed.PeerPrefill, speed.Prefill / speed.PeerPrefill, speed.Decode, speed.PeerDecode, speed.Decode / speed.PeerDecode))],
                result.Guard.CachedTokens, result.Guard.NewTokens, result.Guard.Verdict.TotalMilliseconds, result.Guard.Prefill.TotalMilliseconds);
            if (parsed.GetValue(json))
                DataJson.Write(terminal, report);
            else
                Write(terminal, report);
            return ExitCodes.Success;
        }, cancel));
        return command;
    }

    private static void Write(Terminal terminal, BrainBenchReport report)
    {
        terminal.Out.WriteLine(Invariant($"{report.Model}: {report.WeightsGb:0.00} GB of weights, {report.CacheGb:0.00} GB of keys and values, {report.Threads} threads"));
        DataTable table = new("batch", "prefill tokens/s", "llama.cpp", "ratio", "decode tokens/s", "llama.cpp", "ratio");
        foreach (BrainBenchRow row in report.Batches)
        {
            table.Add(Invariant($"{row.Batch}"), Invariant($"{row.Prefill:0.0}"), Invariant($"{row.LlamaPrefill:0.0}"), Invariant($"{row.PrefillRatio:0.000}"),
                Invariant($"{row.Decode:0.00}"), Invariant($"{row.LlamaDecode:0.00}"), Invariant($"{row.DecodeRatio:0.000}"));
        }
        table.Write(terminal);
        terminal.Out.WriteLine(Invariant($"A guard's verdict with {report.GuardCachedTokens} tokens in the cache and {report.GuardNewTokens} new ones: {report.VerdictMs:0.0} ms; llama.cpp reads the new ones in {report.LlamaPrefillMs:0.0} ms."));
        terminal.Out.WriteLine("llama.cpp: the same library, file and threads without this program's scheduler and choice of tokens, in turn with it; the best run of each.");
    }

    private static int[] Within(int[] values, int least, int most, string option) =>
        values.All(value => value >= least && value <= most) ? values : throw new CommandException(ExitCodes.Usage, Invariant($"{option} is from {least} to {most}."));

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
