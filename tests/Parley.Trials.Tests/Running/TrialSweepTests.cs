using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using Parley.Trials.Running;

namespace Parley.Trials.Tests.Running;

public sealed class TrialSweepTests : IDisposable
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("parley-sweep-");
    private readonly List<Process> started = [];
    private readonly string run = Guid.NewGuid().ToString("N");

    public void Dispose()
    {
        foreach (Process process in started)
        {
            process.Kill();
            process.Dispose();
        }
        root.Delete(recursive: true);
    }

    [Fact]
    public async Task Only_what_a_dead_trial_started_long_ago_is_ended()
    {
        using TrialLock held = TrialLock.Take(TrialFolder.Of(root.FullName, "alive").Lock);
        Process orphan = Sleep("dead"), ofALiveTrial = Sleep("alive"), nobodys = Sleep(null);

        IReadOnlyList<string> young = await TrialSweep.RunAsync(null, TimeSpan.FromHours(4), TimeProvider.System);
        Assert.False(orphan.HasExited); // seconds old, and four hours are wanted
        Assert.DoesNotContain(young, sentence => sentence.Contains(run, StringComparison.Ordinal));

        // Five hours later, for these three alone: other marked processes on the machine keep their age.
        IReadOnlyList<string> done = await TrialSweep.RunAsync(
            null, TimeSpan.FromHours(4), process => started.Exists(child => child.Id == process.Pid) ? TimeSpan.FromHours(5) : TimeSpan.Zero, TimeProvider.System);

        await orphan.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Contains(done, sentence => sentence.StartsWith($"process {orphan.Id} of run {run}", StringComparison.Ordinal) && sentence.EndsWith("ended", StringComparison.Ordinal));
        Assert.False(ofALiveTrial.HasExited);
        Assert.False(nobodys.HasExited);
    }

    [Fact]
    public async Task Half_written_files_of_dead_trials_go_after_an_hour()
    {
        TrialFolder folder = TrialFolder.Of(root.FullName, "dead");
        Directory.CreateDirectory(folder.Audio);
        File.WriteAllText(folder.Plan, "");
        string[] names = ["a.wav.tmp", "b.part", "c.wav"];
        foreach (string name in names)
            File.WriteAllText(Path.Combine(folder.Audio, name), "");
        FakeTimeProvider time = new(DateTimeOffset.UtcNow + TimeSpan.FromMinutes(59));

        Assert.Empty(await TrialSweep.RunAsync(root.FullName, TimeSpan.FromHours(4), time));
        time.Advance(TimeSpan.FromMinutes(2));
        await TrialSweep.RunAsync(root.FullName, TimeSpan.FromHours(4), time);

        Assert.Equal(["c.wav"], Directory.EnumerateFiles(folder.Audio).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_program_that_ignores_the_request_is_killed_with_all_that_it_started()
    {
        FakeTimeProvider time = new();
        using TrialProcess process = new("bash", ["-c", "trap '' TERM; sleep 1000 & sleep 1000; sleep 1000"], $"{run}\t{root.FullName}", isPiped: false);
        process.Start();
        await UntilAsync(() => Marked() >= 3);

        Task<bool> ending = process.EndAsync(TimeSpan.FromSeconds(10), time);
        time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(ending.IsCompleted);
        Assert.Equal(3, Marked());
        time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.False(await ending); // it did not go by itself
        await UntilAsync(() => Marked() == 0);
    }

    private int Marked() => ProcessTable.WithVariable(TrialProcess.RunVariable).Count(entry => entry.Environment[TrialProcess.RunVariable] == run);

    private Process Sleep(string? trial)
    {
        ProcessStartInfo start = new("sleep", ["1000"]);
        if (trial is not null)
        {
            start.Environment[TrialProcess.RunVariable] = run;
            start.Environment[TrialProcess.FolderVariable] = Path.Combine(root.FullName, trial);
        }
        Process process = Process.Start(start)!;
        started.Add(process);
        return process;
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(20));
        while (!condition())
            await Task.Delay(10, patience.Token);
    }
}
