using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Parley.Graphs;
using Parley.Models.Whisper;
using Whisper.net;

namespace Parley.Cli.Commands;

/// <summary>whisper.cpp on the same file, for comparison only: through Whisper.net, and as a program built on this machine.</summary>
internal static partial class WhisperPeer
{
    public static WhisperClipTimes Run(string model, float[] samples, int rounds, CancellationToken cancel)
    {
        using WhisperFactory factory = WhisperFactory.FromPath(model, new WhisperFactoryOptions { UseGpu = false, UseFlashAttention = true });
        WhisperClipTimes best = new(TimeSpan.MaxValue, TimeSpan.MaxValue, 0, "");
        for (int round = -1; round < rounds; round++)
        {
            (long clock, TimeSpan processor) = (Stopwatch.GetTimestamp(), ProcessorTime.Own);
            string text = TranscribeAsync(factory, samples, cancel).GetAwaiter().GetResult();
            (TimeSpan took, TimeSpan spent) = (Stopwatch.GetElapsedTime(clock), ProcessorTime.Own - processor);
            if (round >= 0)
                best = new(took < best.Clock ? took : best.Clock, spent < best.Processor ? spent : best.Processor, 0, text);
        }
        return best;
    }

    /// <summary>whisper-cli, greedy, one attempt a window. The time that it says it took to load the model is left out.</summary>
    public static WhisperClipTimes RunProgram(string program, string model, string clip, int rounds)
    {
        WhisperClipTimes best = new(TimeSpan.MaxValue, TimeSpan.MaxValue, 0, "");
        for (int round = 0; round < rounds; round++)
        {
            string[] arguments =
            [
                "-m", model, "-f", clip, "-t", Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture), "-bs", "1", "-bo", "1", "-nf", "-nt", "-l", "en",
            ];
            (long clock, TimeSpan before) = (Stopwatch.GetTimestamp(), ProcessorTime.Children);
            using Process child = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })
                ?? throw new CommandException(ExitCodes.Usage, $"'{program}' could not be started.");
            StringBuilder error = new();
            child.ErrorDataReceived += (_, line) => error.AppendLine(line.Data);
            child.BeginErrorReadLine();
            string text = child.StandardOutput.ReadToEnd();
            child.WaitForExit();
            if (child.ExitCode != 0)
                throw new CommandException(ExitCodes.Usage, $"'{program}' ended with {child.ExitCode}: {error.ToString().Trim()}");
            TimeSpan loading = Loading(error.ToString());
            (TimeSpan took, TimeSpan spent) = (Stopwatch.GetElapsedTime(clock) - loading, ProcessorTime.Children - before - loading);
            best = new(took < best.Clock ? took : best.Clock, spent < best.Processor ? spent : best.Processor, 0, text.ReplaceLineEndings(" "));
        }
        return best;
    }

    private static TimeSpan Loading(string report)
    {
        Match match = LoadTime().Match(report);
        return match.Success ? TimeSpan.FromMilliseconds(double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture)) : TimeSpan.Zero;
    }

    [GeneratedRegex(@"load time =\s*([0-9.]+) ms")]
    private static partial Regex LoadTime();

    private static async Task<string> TranscribeAsync(WhisperFactory factory, float[] samples, CancellationToken cancel)
    {
        await using WhisperProcessor processor = factory.CreateBuilder()
            .WithThreads(Environment.ProcessorCount).WithLanguage("en").WithNoContext().WithTemperature(0).WithTemperatureInc(0).Build();
        StringBuilder text = new();
        await foreach (SegmentData segment in processor.ProcessAsync(samples, cancel))
            text.Append(segment.Text);
        return text.ToString();
    }
}
