using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Parley.Trials.Plans;
using Parley.Trials.Running;
using Parley.Trials.Verdicts;

namespace Parley.Trials.Publishing;

/// <summary>
/// Puts a finished trial on a git branch of its own, made from the remote's main branch, in a working tree of its own: the user's checkout and
/// branch stay as they are. Pushes only when told to.
/// </summary>
public static class TrialPublisher
{
    /// <param name="folder">A trial with a verdict, inside the repository or not.</param>
    /// <param name="repository">A folder of the git repository.</param>
    /// <param name="remote">Whose main branch it starts from.</param>
    /// <param name="isPushed">True to push the branch.</param>
    /// <param name="secrets">Values that may not appear in anything that is published.</param>
    /// <param name="cancel">Ends it; the working tree is removed.</param>
    /// <returns>The branch; one that is there already from the same run is taken as it is.</returns>
    /// <exception cref="TrialException">There is no verdict, git refuses, or a secret was found.</exception>
    public static async Task<string> PublishAsync(
        TrialFolder folder, string repository, string remote, bool isPushed, IReadOnlyList<string?> secrets, CancellationToken cancel)
    {
        if (!File.Exists(folder.Results))
            throw new TrialException($"There is no verdict to publish yet: parley trial verdict {folder.Name}");
        if (ResultsFile.Check(folder.Results) is [string difference, ..])
            throw new TrialException($"{folder.Results} is not what was measured ({difference}); it is not published.");
        TrialResults results = Published(ResultsFile.Read(folder.Results));
        string branch = $"trial/{folder.Name}-{results.RunId}";
        string start = await MainOfAsync(repository, remote, cancel);
        if (await TryGitAsync(repository, cancel, "rev-parse", "--verify", "--quiet", $"refs/heads/{branch}") is not (0, _))
            await CommitAsync(folder, repository, start, branch, results, secrets, cancel);
        if (isPushed)
            await GitAsync(repository, cancel, "push", "--quiet", "--set-upstream", remote, branch);
        return branch;
    }

    private static async Task CommitAsync(
        TrialFolder folder, string repository, string start, string branch, TrialResults results, IReadOnlyList<string?> secrets, CancellationToken cancel)
    {
        string target = $"trials/{folder.Name}/{results.RunId}", tree = Path.Combine(Path.GetTempPath(), $"parley-publish-{Guid.NewGuid():N}");
        await GitAsync(repository, cancel, "worktree", "add", "--quiet", "-b", branch, tree, start);
        try
        {
            string to = Path.Combine(tree, target);
            Directory.CreateDirectory(Path.Combine(to, "audio"));
            Put(Path.Combine(to, "results.json"), ResultsFile.Write(results), secrets);
            Put(Path.Combine(to, "report.html"), Encoding.UTF8.GetBytes(HtmlReport.Write(results)), secrets);
            Put(Path.Combine(to, "plan.yaml"), File.ReadAllBytes(folder.Plan), secrets);
            foreach (string file in Directory.EnumerateFiles(folder.Audio, "*.wav"))
                File.Copy(file, Path.Combine(to, "audio", Path.GetFileName(file)));
            if (await HasLfsAsync(repository, cancel))
                await File.WriteAllTextAsync(Path.Combine(to, ".gitattributes"), "*.wav filter=lfs diff=lfs merge=lfs -text\n", cancel);
            await GitAsync(tree, cancel, "add", "--", target);
            await GitAsync(tree, cancel, "commit", "--quiet", "-m", $"Trial {folder.Name}: {results.Verdict}\n\nplan {results.ConfigSha256}\nrule {results.RuleSha256}");
        }
        catch
        {
            await RemoveAsync(repository, tree);
            await GitAsync(repository, CancellationToken.None, "branch", "-D", branch);
            throw;
        }
        await RemoveAsync(repository, tree);
    }

    /// <summary>Without where things lie on this machine; everything is computed again, so that the published file checks too.</summary>
    internal static TrialResults Published(TrialResults results)
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return VerdictComputation.Of(results with
        {
            Engines = [.. results.Engines.Select(engine => engine with
            {
                InstallPath = null,
                Launch = [.. engine.Launch.Select(word => home.Length > 1 && word.StartsWith(home + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? "~" + word[home.Length..]
                    : Path.IsPathRooted(word) ? Path.GetFileName(word) : word)],
            })],
        });
    }

    private static void Put(string path, byte[] bytes, IReadOnlyList<string?> secrets)
    {
        if (SecretGuard.Holds(Encoding.UTF8.GetString(bytes), secrets))
            throw new TrialException($"{Path.GetFileName(path)} holds a secret; nothing is published. Take it out of the plan.");
        File.WriteAllBytes(path, bytes);
    }

    private static async Task<string> MainOfAsync(string repository, string remote, CancellationToken cancel)
    {
        if (await TryGitAsync(repository, cancel, "rev-parse", "--git-dir") is not (0, _))
            throw new TrialException($"{Path.GetFullPath(repository)} is in no git repository. Name one with --repository.");
        await GitAsync(repository, cancel, "fetch", "--quiet", "--end-of-options", remote);
        foreach (string branch in (string[])["main", "master"])
        {
            if (await TryGitAsync(repository, cancel, "rev-parse", "--verify", "--quiet", $"refs/remotes/{remote}/{branch}") is (0, _))
                return $"refs/remotes/{remote}/{branch}";
        }
        throw new TrialException($"The remote '{remote}' has neither a branch main nor master to start from.");
    }

    private static async Task<bool> HasLfsAsync(string repository, CancellationToken cancel) => (await TryGitAsync(repository, cancel, "lfs", "version")).Code == 0;

    private static Task RemoveAsync(string repository, string tree) => GitAsync(repository, CancellationToken.None, "worktree", "remove", "--force", tree);

    private static async Task GitAsync(string folder, CancellationToken cancel, params string[] arguments)
    {
        (int code, string errors) = await TryGitAsync(folder, cancel, arguments);
        if (code != 0)
            throw new TrialException($"git {arguments[0]} failed in {folder}: {errors.Trim()}");
    }

    private static async Task<(int Code, string Errors)> TryGitAsync(string folder, CancellationToken cancel, params string[] arguments)
    {
        ProcessStartInfo start = new("git", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["GIT_TERMINAL_PROMPT"] = "0"; // a question that nobody sees would hang
        try
        {
            using Process git = Process.Start(start)!;
            git.StandardInput.Close();
            Task<string> output = git.StandardOutput.ReadToEndAsync(cancel), errors = git.StandardError.ReadToEndAsync(cancel);
            await git.WaitForExitAsync(cancel);
            await output;
            return (git.ExitCode, await errors);
        }
        catch (Win32Exception fault)
        {
            throw new TrialException($"git cannot be run: {fault.Message}", fault);
        }
    }
}
