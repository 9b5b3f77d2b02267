using Parley.Trials.Plans;
using Parley.Trials.Running;

namespace Parley.Trials.Guarding;

/// <summary>Stops the neighbour for the time of the trial by the operator's own program, and starts it again, whatever happens in between.</summary>
internal static class NeighbourPause
{
    /// <exception cref="TrialException">The program failed.</exception>
    public static Task StopAsync(PausePlan plan, TimeProvider time, CancellationToken cancel) => RunAsync(plan.Stop, "stop", plan.Timeout, time, cancel);

    /// <exception cref="TrialException">The program failed: the operator must start the neighbour.</exception>
    public static Task StartAsync(PausePlan plan, TimeProvider time) => RunAsync(plan.Start, "start", plan.Timeout, time, CancellationToken.None);

    private static async Task RunAsync(IReadOnlyList<string> program, string verb, TimeSpan timeout, TimeProvider time, CancellationToken cancel)
    {
        using CancellationTokenSource patience = new(timeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
        // Not marked as the run's: what it starts is the neighbour, and no sweep may end it.
        System.Diagnostics.ProcessStartInfo start = new(program[0], program.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove(TrialProcess.RunVariable);
        start.Environment.Remove(TrialProcess.FolderVariable);
        try
        {
            using System.Diagnostics.Process process = System.Diagnostics.Process.Start(start)!;
            process.StandardInput.Close();
            process.OutputDataReceived += static (_, _) => { };
            process.BeginOutputReadLine();
            System.Text.StringBuilder errors = new();
            process.ErrorDataReceived += (_, line) =>
            {
                if (errors.Length < 2000)
                    errors.Append(line.Data).Append(' ');
            };
            process.BeginErrorReadLine();
            await WaitAsync(process, either.Token);
            if (process.ExitCode != 0)
                throw new TrialException($"The program that is to {verb} the neighbour ({string.Join(' ', program)}) ended with {process.ExitCode}. {errors}".TrimEnd());
        }
        catch (System.ComponentModel.Win32Exception fault)
        {
            throw new TrialException($"The program that is to {verb} the neighbour ({program[0]}) cannot be run: {fault.Message}", fault);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new TrialException($"The program that is to {verb} the neighbour ({string.Join(' ', program)}) did not end within {timeout.TotalSeconds:0} s.");
        }
    }

    // A daemon that it leaves behind may hold its output open: only the program itself is waited for.
    private static async Task WaitAsync(System.Diagnostics.Process process, CancellationToken cancel)
    {
        while (!process.HasExited)
            await Task.Delay(50, cancel);
    }
}
