using System.Diagnostics;
using Parley.Audio;
using Parley.Trials.Publishing;
using Parley.Trials.Running;
using Parley.Trials.Tests.Measuring;
using Parley.Trials.Tests.Verdicts;
using Parley.Trials.Verdicts;

namespace Parley.Trials.Tests.Publishing;

public sealed class TrialPublisherTests : IDisposable
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("parley-publish-");
    private readonly TrialFolder trial;
    private readonly string work;

    public TrialPublisherTests()
    {
        string remote = Path.Combine(root.FullName, "remote.git");
        work = Path.Combine(root.FullName, "work");
        Git(root.FullName, "init", "--quiet", "--bare", "-b", "main", remote);
        Git(root.FullName, "clone", "--quiet", remote, work);
        Git(work, "config", "user.name", "Anna");
        Git(work, "config", "user.email", "anna@example.org");
        File.WriteAllText(Path.Combine(work, "README"), "ours");
        Git(work, "add", "README");
        Git(work, "commit", "--quiet", "-m", "First");
        Git(work, "push", "--quiet", "origin", "HEAD:main");
        Git(work, "switch", "--quiet", "-c", "something-else");
        trial = TrialFolder.Of(Path.Combine(work, "trials"), "voices");
        Directory.CreateDirectory(trial.Audio);
        File.WriteAllText(trial.Plan, "trial: 1\n");
        WavWriter.Write(Path.Combine(trial.Audio, "candidate_v1_u01_1.wav"), Wavs.Tone(0.1));
        File.WriteAllBytes(trial.Results, ResultsFile.Write(VerdictComputation.Of(VerdictTests.Evidence() with
        {
            Engines = [.. VerdictTests.Evidence().Engines.Select(engine => engine with { InstallPath = "/home/anna/models", Launch = ["/opt/secret-place/serve", "--port", "1"] })],
        })));
    }

    public void Dispose() => root.Delete(recursive: true);

    [Fact]
    public async Task A_branch_of_its_own_from_the_remotes_main_and_nothing_else_is_touched()
    {
        string branch = await PublishAsync(isPushed: false);

        Assert.Equal("trial/voices-20260101-120000-0a1b2c3d", branch);
        Assert.Equal("something-else", Git(work, "branch", "--show-current"));
        Assert.Equal("First", Git(work, "log", "-1", "--format=%s", branch + "~1"));
        string[] files = Git(work, "ls-tree", "-r", "--name-only", branch).Split('\n');
        Assert.Contains("trials/voices/20260101-120000-0a1b2c3d/results.json", files);
        Assert.Contains("trials/voices/20260101-120000-0a1b2c3d/audio/candidate_v1_u01_1.wav", files);
        Assert.Equal("", Git(work, "ls-remote", "origin", branch)); // not pushed
        Assert.Single(Git(work, "worktree", "list").Split('\n'));

        string published = Git(work, "show", $"{branch}:trials/voices/20260101-120000-0a1b2c3d/results.json");
        Assert.DoesNotContain("/home/anna", published, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-place", published, StringComparison.Ordinal);
        string file = Path.Combine(root.FullName, "published.json");
        File.WriteAllText(file, published);
        Assert.Empty(ResultsFile.Check(file));
    }

    [Fact]
    public async Task It_is_pushed_when_told_to()
    {
        string branch = await PublishAsync(isPushed: true);

        Assert.Contains(branch, Git(work, "ls-remote", "origin", branch), StringComparison.Ordinal);
        Assert.Equal("First", Git(work, "log", "-1", "--format=%s", "origin/main"));
    }

    [Fact]
    public async Task What_was_looked_at_first_can_be_pushed_afterwards()
    {
        string branch = await PublishAsync(isPushed: false), commit = Git(work, "rev-parse", branch);

        Assert.Equal(branch, await PublishAsync(isPushed: true));

        Assert.StartsWith(commit, Git(work, "ls-remote", "origin", branch), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_outside_any_repository_is_said_so() => Assert.Contains("--repository", (await Assert.ThrowsAsync<TrialException>(
        () => TrialPublisher.PublishAsync(trial, root.FullName, "origin", false, [], TestContext.Current.CancellationToken))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_secret_in_what_would_be_published_stops_it_and_leaves_no_branch()
    {
        File.WriteAllText(trial.Plan, "trial: 1\n# key top-secret-word\n");

        await Assert.ThrowsAsync<TrialException>(() => PublishAsync(isPushed: true, "top-secret-word"));

        Assert.DoesNotContain("trial/", Git(work, "branch", "--list"), StringComparison.Ordinal);
        Assert.Single(Git(work, "worktree", "list").Split('\n'));
    }

    [Fact]
    public async Task A_verdict_that_does_not_follow_from_its_measurements_is_not_published()
    {
        File.WriteAllText(trial.Results, File.ReadAllText(trial.Results).Replace("\"mean_candidate\": 4", "\"mean_candidate\": 5", StringComparison.Ordinal));

        await Assert.ThrowsAsync<TrialException>(() => PublishAsync(isPushed: false));
    }

    private Task<string> PublishAsync(bool isPushed, params string[] secrets) => TrialPublisher.PublishAsync(trial, work, "origin", isPushed, secrets, TestContext.Current.CancellationToken);

    private static string Git(string folder, params string[] arguments)
    {
        using Process git = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true })!;
        string output = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        Assert.Equal(0, git.ExitCode);
        return output.Trim();
    }
}
