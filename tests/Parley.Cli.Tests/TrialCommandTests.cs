using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Parley.Cli.Configuration;

namespace Parley.Cli.Tests;

/// <summary>Trials between two real engines of the clone, with a real neighbour beside them, run as a user runs them: in processes of their own.</summary>
public sealed class TrialCommandTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("parley-trial-");
    private readonly HttpListener neighbour = new();
    private readonly StringWriter output = new(), error = new();
    private readonly string address;
    private string input = "";

    public TrialCommandTests()
    {
        // A neighbour that works for a while on every question.
        for (int port = 20_000 + Environment.ProcessId % 20_000; ; port++)
        {
            try
            {
                neighbour.Prefixes.Clear();
                neighbour.Prefixes.Add($"http://127.0.0.1:{port}/");
                neighbour.Start();
                address = $"http://127.0.0.1:{port}/";
                break;
            }
            catch (HttpListenerException)
            {
                // taken
            }
        }
        _ = AnswerAsync();
    }

    public void Dispose()
    {
        neighbour.Close();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task From_an_empty_folder_to_a_verdict_through_kills_at_random_points()
    {
        Assert.Equal(0, await RunAsync("trial", "new", "voices"));
        string plan = In("trials/voices/plan.yaml");
        File.WriteAllText(plan, $$$"""
            trial: 1
            baseline: {engine: espeak, voices: {v1: en-us, v2: en-gb}}
            candidate: {engine: hibari, voices: {v1: heart, v2: heart}}
            utterances:
              - {id: one, text: "Sure, I can do that right now."}
              - {id: two, text: "Would you like me to read the whole message, or only the last part?"}
              - {id: three, text: "Please bring a passport, two recent photos, and something warm."}
            seed: 7
            limits: {pause: 40ms}
            neighbour: {get: "{{{address}}}", probes: 5, period: 160ms, watch_period: 200ms, settle: 0s, rounds: 1, abort_ratio: 100, recovery_ratio: 100}
            rule: candidate.score.mean >= baseline.score.mean + 0.5 and candidate.rtf.p50 < 1 and neighbour.post_ratio <= 100

            """);
        string records = In("trials/voices/run/records.jsonl");
        int seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"Seed of the kills: {seed}");
        Random random = new(seed);
        List<string> seen = [];
        for (int kill = 0; kill < 7; kill++)
        {
            // Killed when a few lines more are on the disk: somewhere in the neighbour's baseline, the warm-up, a cell, the recovery.
            // Every restart probes and warms up again, so the later ones are given longer: they reach the cells.
            await KillAsync(writes: random.Next(1, 15 * (kill + 1)));
            foreach (string line in File.Exists(records) ? File.ReadAllLines(records).Where(line => line.EndsWith('}') && !seen.Contains(line)) : [])
                seen.Add(line);
        }
        Assert.Equal(0, await RunAsync("trial", "run", "voices"));

        JsonElement[] calls = [.. File.ReadAllLines(records).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(12, calls.Length); // two engines, three texts, two voices
        Assert.Equal(12, calls.Select(call => (call.GetProperty("engine").GetString(), call.GetProperty("condition").GetString(), call.GetProperty("utterance").GetString())).Distinct().Count());
        Assert.Equal(seen, File.ReadAllLines(records).Take(seen.Count)); // what was measured before a kill is still what counts
        Assert.All(calls, call => Assert.Equal(JsonValueKind.Null, call.GetProperty("error_class").ValueKind));
        Assert.Contains(calls, call => call.GetProperty("resumed").GetBoolean());
        Assert.True(File.ReadAllLines(In("trials/voices/run/warmup.jsonl")).Count(line => line.Contains("\"baseline_audio\"", StringComparison.Ordinal)) <= 6); // nor was the baseline's sound made twice

        Assert.Equal(1, await RunAsync("trial", "verdict", "voices")); // the rule needs ears
        Assert.Contains("nobody has listened", error.ToString(), StringComparison.Ordinal);
        input = string.Concat(Enumerable.Repeat("a\nb\n3 4 b it is clearer\n", 4)) + "q\n";
        Assert.Equal(0, await RunAsync("trial", "listen", "voices", "--no-player", "--listener", "anna"));
        Assert.Equal(1, await RunAsync("trial", "verdict", "voices"));
        input = "3 4\na\nb\n3 9\n" + string.Concat(Enumerable.Repeat("a\nb\n4 4\n", 6)); // too early, out of range, then the rest
        Assert.Equal(0, await RunAsync("trial", "listen", "voices", "--no-player", "--listener", "anna"));
        Assert.Contains("heard to their end", output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("hibari", output.ToString().Split("Pair 1 of")[1], StringComparison.Ordinal);
        Assert.Equal(0, await RunAsync("trial", "verdict", "voices"));
        Assert.Equal(0, await RunAsync("trial", "verdict", "voices")); // the same again

        string results = In("trials/voices/run/results.json");
        Assert.Equal(0, await RunAsync("trial", "verdict", "--check", results));
        JsonElement json = JsonDocument.Parse(File.ReadAllText(results)).RootElement;
        Assert.Equal(10, json.GetProperty("answers").GetArrayLength());
        Assert.Contains(json.GetProperty("verdict").GetString(), new[] { "keep", "unverified" });
        Assert.True(json.GetProperty("neighbour").GetProperty("live").GetProperty("n").GetInt32() > 0);
        Assert.Equal("idle", JsonDocument.Parse(File.ReadAllText(In("trials/voices/run/state.json"))).RootElement.GetProperty("phase").GetString());
        File.WriteAllText(results, File.ReadAllText(results).Replace("\"n\": 6", "\"n\": 7", StringComparison.Ordinal));
        Assert.Equal(1, await RunAsync("trial", "verdict", "--check", results));
    }

    [Fact]
    public async Task A_plan_changed_after_the_first_measurement_is_refused()
    {
        string plan = WritePlan("first", "");
        Assert.Equal(0, await RunAsync("trial", "run", "first"));
        File.AppendAllText(plan, "# a word more\n");

        Assert.Equal(1, await RunAsync("trial", "run", "first"));
        Assert.Contains("was changed after the first measurement", error.ToString(), StringComparison.Ordinal);
        File.WriteAllText(plan, File.ReadAllText(plan).Replace("candidate.timeouts == 0", "candidate.timeouts <= 1", StringComparison.Ordinal));
        Assert.Equal(0, await RunAsync("trial", "verdict", "first"));
        Assert.Contains("rule_changed", output.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, await RunAsync("trial", "reset", "first"));
        Assert.Equal(0, await RunAsync("trial", "run", "first"));
    }

    [Fact]
    public async Task A_stopped_neighbour_comes_back_whatever_happens()
    {
        string flag = In("neighbour-is-up");
        File.WriteAllText(flag, "");
        WritePlan("first", $"neighbour: {{get: \"{address}\", pause: {{stop: [rm, \"{flag}\"], start: [touch, \"{flag}\"]}}}}\n");
        Assert.Equal(0, await RunAsync("trial", "run", "first"));
        Assert.True(File.Exists(flag));

        WritePlan("second", $"neighbour: {{get: \"{address}\", pause: {{stop: [rm, \"{flag}\"], start: [touch, \"{flag}\"]}}}}\n", candidate: "{command: [no-such-program, \"{text}\"]}");
        Assert.Equal(69, await RunAsync("trial", "run", "second"));
        Assert.True(File.Exists(flag));
    }

    [Theory]
    [InlineData("stop")]
    [InlineData("sweep")]
    public async Task After_a_kill_stop_and_sweep_bring_the_neighbour_back_and_stop_ends_the_candidates_server(string command)
    {
        string flag = In("neighbour-is-up");
        File.WriteAllText(flag, "");
        // The server never answers, so the kill comes while it is being waited for.
        WritePlan("first", $"neighbour: {{get: \"{address}\", pause: {{stop: [rm, \"{flag}\"], start: [touch, \"{flag}\"]}}}}\n",
            candidate: $"{{url: \"{address}v1\", voice: x, start: [sleep, \"1000\"], ready: \"{address}never\"}}");
        using (Process run = Start("trial", "run", "first"))
        {
            await UntilAsync(() => !File.Exists(flag) && SeqOf("first") > 0 && StateOf("first").GetProperty("pids").GetArrayLength() > 0);
            run.Kill();
            await run.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        int server = StateOf("first").GetProperty("pids")[0].GetProperty("pid").GetInt32();
        Assert.False(File.Exists(flag));
        await UntilAsync(() => File.ReadAllText($"/proc/{server}/cmdline") == "sleep\01000\0"); // it outlives the trial

        Assert.Equal(0, command == "stop" ? await RunAsync("trial", "stop", "first") : await RunAsync("trial", "sweep"));

        Assert.True(File.Exists(flag));
        if (command == "sweep")
        {
            Assert.NotEmpty(File.ReadAllText($"/proc/{server}/cmdline")); // it is not four hours old
            Assert.Equal(0, await RunAsync("trial", "stop", "first"));
        }
        await UntilAsync(() => !File.Exists($"/proc/{server}/cmdline") || File.ReadAllText($"/proc/{server}/cmdline").Length == 0);
    }

    [Fact]
    public async Task A_watch_is_taken_up_again_by_another_and_ends_with_the_trial()
    {
        WritePlan("first", "limits: {pause: 300ms}\nrepetitions: 5\n");
        Assert.Equal(0, await RunProcessAsync("trial", "run", "first", "--detach"));
        using (Process watch = Start("trial", "watch", "first"))
        {
            await UntilAsync(() => File.Exists(In("trials/first/run/records.jsonl")));
            watch.Kill(); // the connection drops
            await watch.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        Assert.True(File.Exists(In("trials/first/lock"))); // the trial goes on

        Assert.Equal(0, await RunAsync("trial", "watch", "first"));

        Assert.Contains("Measured.", output.ToString(), StringComparison.Ordinal);
        Assert.Matches("[0-9]/10] (baseline|candidate) v1/a", error.ToString());
        Assert.Equal(10, File.ReadAllLines(In("trials/first/run/records.jsonl")).Length);
    }

    [Fact]
    public async Task A_trial_in_the_background_is_stopped_with_all_that_it_started()
    {
        WritePlan("first", "limits: {pause: 2s}\n");
        Assert.Equal(0, await RunProcessAsync("trial", "run", "first", "--detach"));
        Assert.Equal(0, await RunProcessAsync("trial", "stop", "first"));

        Assert.Contains("user_cancel", File.ReadAllText(In("trials/first/run/state.json")), StringComparison.Ordinal);
        Assert.False(File.Exists(In("trials/first/lock")));
    }

    [Fact]
    public async Task Rolling_captions_of_a_film_give_each_sentence_one_clip()
    {
        string film = TestData.SharedOrSkip("cases/inputs/subs/film.mp4"), subtitles = TestData.SharedOrSkip("cases/inputs/subs/rolling.vtt");

        Assert.Equal(0, await RunAsync("voices", "extract", "--video", film, "--subtitles", subtitles, "--output", In("clips")));

        string[] clips = Directory.GetFiles(In("clips"), "*.wav");
        Assert.InRange(clips.Length, 1, 6);
        JsonElement[] metadata = [.. Directory.GetFiles(In("clips"), "metadata*.json").Select(file => JsonDocument.Parse(File.ReadAllText(file)).RootElement)];
        Assert.Equal(clips.Length, metadata.Select(clip => clip.GetProperty("text").GetString()).Distinct().Count());
        Assert.All(metadata, clip => Assert.InRange(clip.GetProperty("duration_s").GetDouble(), 3, 12));
        Assert.All(metadata, clip => Assert.DoesNotContain("<", clip.GetProperty("text").GetString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Faults_are_told_in_the_users_words()
    {
        Assert.Equal(66, await RunAsync("trial", "run", "none"));
        Assert.Equal(64, await RunAsync("trial", "new", "../out"));
        Assert.Equal(66, await RunAsync("trial", "verdict", "--check", "none.json"));
        Assert.Equal(0, await RunAsync("trial", "new", "first"));
        Assert.Equal(73, await RunAsync("trial", "new", "first"));
        File.AppendAllText(In("trials/first/plan.yaml"), "sed: 1\n");
        Assert.Equal(65, await RunAsync("trial", "run", "first"));
        Assert.Contains("did you mean 'seed'?", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error.ToString(), StringComparison.Ordinal);
    }

    private string WritePlan(string name, string more, string candidate = "{command: [espeak-ng, -v, \"{voice}\", --stdout, \"{text}\"], voice: en-gb}")
    {
        string plan = In($"trials/{name}/plan.yaml");
        Directory.CreateDirectory(Path.GetDirectoryName(plan)!);
        string limits = more.StartsWith("limits", StringComparison.Ordinal) ? "" : "limits: {pause: 0ms}\n";
        File.WriteAllText(plan, $"trial: 1\nbaseline: {{engine: espeak, voice: en-us}}\ncandidate: {candidate}\nutterances: [{{id: a, text: \"Good morning to you.\"}}]\nrule: candidate.timeouts == 0\n{limits}{more}");
        return plan;
    }

    /// <summary>Runs the trial until it has written so often, and kills it; its count of writes must not have fallen.</summary>
    private async Task KillAsync(int writes)
    {
        long seq = SeqOf("voices"), before = Writes();
        using Process process = Start("trial", "run", "voices");
        while (!process.HasExited && Writes() < before + writes)
            await Task.Delay(2, TestContext.Current.CancellationToken);
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(SeqOf("voices") >= seq);

        long Writes() => SeqOf("voices") + new[] { "records", "warmup", "neighbour" }.Select(name => In($"trials/voices/run/{name}.jsonl")).Where(File.Exists).Sum(file => File.ReadLines(file).Count());
    }

    private long SeqOf(string name) => File.Exists(In($"trials/{name}/run/state.json")) ? StateOf(name).GetProperty("seq").GetInt64() : 0;

    // The file is replaced in one step: whenever it is read, it is whole.
    private JsonElement StateOf(string name) => JsonDocument.Parse(File.ReadAllText(In($"trials/{name}/run/state.json"))).RootElement;

    private async Task UntilAsync(Func<bool> condition)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        while (!condition())
            await Task.Delay(5, patience.Token);
    }

    private async Task<int> RunProcessAsync(params string[] arguments)
    {
        using Process process = Start(arguments);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return process.ExitCode;
    }

    private Process Start(params string[] arguments) => Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "parley.dll"), .. arguments])
    {
        WorkingDirectory = folder.FullName,
        Environment = { ["PARLEY_HOME"] = folder.FullName, ["OMP_WAIT_POLICY"] = "PASSIVE" },
    })!;

    private async Task<int> RunAsync(params string[] arguments)
    {
        Terminal terminal = new()
        {
            Out = output, Error = error, OpenInput = () => new MemoryStream(Encoding.UTF8.GetBytes(input)), OpenOutput = () => new MemoryStream(),
        };
        ConfigurationInput configuration = new() { Environment = new Dictionary<string, string> { ["PARLEY_HOME"] = folder.FullName }, CurrentFolder = folder.FullName };
        string[] all = arguments[0] == "trial" ? [.. arguments, "--trials", In("trials")] : arguments;
        return await CommandLine.RunAsync(all, terminal, configuration, TestContext.Current.CancellationToken);
    }

    private string In(string name) => Path.Combine(folder.FullName, name);

    private async Task AnswerAsync()
    {
        while (neighbour.IsListening)
        {
            try
            {
                HttpListenerContext context = await neighbour.GetContextAsync();
                _ = Task.Run(async () =>
                {
                    if (context.Request.Url!.AbsolutePath == "/never")
                        await Task.Delay(Timeout.Infinite);
                    await Task.Delay(150); // long beside the noise of a busy machine: an unsteady neighbour is refused as a baseline
                    context.Response.OutputStream.Write("well"u8);
                    context.Response.Close();
                });
            }
            catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
        }
    }
}
