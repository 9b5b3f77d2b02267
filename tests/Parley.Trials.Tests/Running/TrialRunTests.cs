using System.Diagnostics;
using System.Text.Json.Nodes;
using Parley.Trials.Measuring;
using Parley.Trials.Plans;
using Parley.Trials.Running;
using Parley.Trials.Screening;
using Parley.Trials.Verdicts;

namespace Parley.Trials.Tests.Running;

/// <summary>Whole trials, from the plan to the state they end in: programs and servers are real, only the speech of the servers is made up.</summary>
public sealed class TrialRunTests : IDisposable
{
    private const string Key = "a-secret-key-of-this-test", Espeak = "{command: [espeak-ng, -v, \"{voice}\", --stdout, \"{text}\"], voice: en-us}";

    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("parley-run-");

    private TrialFolder Folder => TrialFolder.Of(root.FullName, "first");

    public void Dispose() => root.Delete(recursive: true);

    [Fact]
    public async Task A_quick_candidate_wins_and_its_server_is_shut_down_step_by_step()
    {
        using FakeServer server = new();
        Plan(Candidate(server, $"start: [sleep, \"1000\"], stop: [{string.Join(", ", server.StopProgram.Select(word => $"'{word.Replace("'", "''", StringComparison.Ordinal)}'"))}], ready: \"{server.Address}/ready\""));

        TrialState state = await RunAsync();
        TrialResults results = await VerdictAsync();

        Assert.Equal(["candidate.stop_program", "candidate.sigterm", "candidate.sigkill", "candidate.port_closed", "candidate.memory_returned"], state.Teardown.Select(step => step.Step));
        Assert.All(state.Teardown.SkipLast(1), step => Assert.True(step.Ok, $"{step.Step}: {step.Detail}"));
        Assert.Empty(state.Pids);
        Assert.Equal(VerdictComputation.Swap, results.Verdict);
        Assert.All((string[])["A20", "A22", "A31", "A33", "A36", "A52", "A53"], id => Assert.Contains(results.Asserts, assert => assert.Id == id && assert.Ok));
        Assert.Empty(ResultsFile.Check(Folder.Results));
    }

    [Fact]
    public async Task Bracketed_the_baseline_comes_first_and_again_on_both_sides_of_the_candidate()
    {
        Plan(Espeak.Replace("en-us", "en-gb", StringComparison.Ordinal), "order: bracketed\nrepetitions: 2\n");

        TrialState state = await RunAsync();

        TrialResults results = await VerdictAsync();
        string[] order = [.. results.Records.Concat(results.OtherCalls.Where(call => call.Part.StartsWith("bracket", StringComparison.Ordinal))).OrderBy(call => call.AtUtc)
            .Select(call => call.Timed ? call.Engine : call.Part).Aggregate(new List<string>(), (runs, part) => [.. runs is [.., { } last] && last == part ? runs : [.. runs, part]])];
        Assert.Equal(["baseline", "bracket_before", "candidate", "bracket_after"], order);
        Assert.Equal(results.Records.OrderBy(call => call.AtUtc).Select(call => call.Order), Enumerable.Range(0, 16));
        Assert.Equal(4, results.OtherCalls.Count(call => call.Part == "bracket_before")); // all four cells: there are fewer than five
        Assert.Equal(
            results.OtherCalls.Where(call => call.Part == "bracket_before").Select(call => call.Utterance),
            results.OtherCalls.Where(call => call.Part == "bracket_after").Select(call => call.Utterance));
        Assert.NotNull(state.Drift);
    }

    [Fact]
    public async Task Several_candidates_are_measured_heard_and_decided_in_one_trial()
    {
        using FakeServer server = new();
        Plan($"{{quick: {Candidate(server)}, slow: {Espeak.Replace("en-us", "en-gb", StringComparison.Ordinal)}}}", "repetitions: 2\n", candidates: "candidates");

        await RunAsync();

        TrialResults results = await VerdictAsync();
        Assert.Equal((VerdictComputation.Swap, "quick"), (results.Verdict, results.Winner));
        Assert.Equal([VerdictComputation.Swap, VerdictComputation.Unverified], results.Candidates.Select(outcome => outcome.Verdict)); // espeak-ng does not stream
        Assert.All(results.Engines, engine => Assert.Equal(8, results.Records.Count(call => call.Engine == engine.Role)));
        Assert.Empty(ResultsFile.Check(Folder.Results));
    }

    [Fact]
    public async Task Recordings_of_the_texts_are_compared_with_every_clip()
    {
        // The recording of text a is what the engine makes of it: nothing is between them. That of b is another sentence, of c of another length.
        Plan(Espeak, "objective: {references: recordings, aligned: true}\n");
        Directory.CreateDirectory(Path.Combine(Folder.Folder, "recordings"));
        foreach ((string name, string text) in (ReadOnlySpan<(string, string)>)[("v1_a", "Good morning to you."), ("b", "I am glad that you could come at last.")])
            Process.Start("espeak-ng", ["-v", "en-us", "-w", Path.Combine(Folder.Folder, "recordings", name + ".wav"), text]).WaitForExit();

        await RunAsync();

        TrialResults results = await VerdictAsync();
        ReferenceMeasures same = Item("a")!, other = Item("b")!;
        Assert.True(same is { McdDb: < 0.01, F0RmseCents: 0, SiSdrDb: > 80 }); // what is left is the rounding of 16 bits
        Assert.True(same.Stoi > 0.9999);
        Assert.True(other.McdDb > 3);
        Assert.Null(other.SiSdrDb);
        Assert.StartsWith("not aligned: the recording has", other.Problem, StringComparison.Ordinal);
        Assert.Null(Item("c"));
        Assert.Equal((same.McdDb!.Value + other.McdDb!.Value) / 2, results.Objective!.McdDb["candidate"]!.Value, 1e-9);
        Assert.Empty(ResultsFile.Check(Folder.Results));

        ReferenceMeasures? Item(string text) => results.ObjectiveItems.Single(item => item.Engine == "candidate" && item.Utterance == text).Reference;
    }

    [Fact]
    public async Task The_third_call_that_times_out_ends_the_trial()
    {
        using FakeServer server = new() { Behaviour = call => call <= 7 ? Answer.Speak : Answer.Stall }; // a cold one, three for streaming, three to warm up
        Plan(Candidate(server), limits: "read: 300ms, warmup_calls: 3, warmup_at_most: 3");

        TrialState state = await RunAsync();

        Assert.Equal((TrialPhase.Aborted, AbortReason.TooManyTimeouts, TrialPhase.Benchmark), (state.Phase, state.Abort!.Reason, state.Abort.FromPhase));
        TrialResults results = await VerdictAsync();
        Assert.Equal([ErrorClass.ReadTimeout, ErrorClass.ReadTimeout, ErrorClass.ReadTimeout], results.Records.Where(call => call.Engine == "candidate").Select(call => call.ErrorClass));
        Assert.Equal(VerdictComputation.Aborted, results.Verdict);
    }

    [Fact]
    public async Task A_neighbour_that_answers_ten_times_slower_ends_the_trial_with_everything_torn_down()
    {
        using FakeServer server = new();
        server.NeighbourLatency = () => TimeSpan.FromMilliseconds(server.Calls > 4 ? 1300 : 120); // once the measurement has begun
        Plan(Candidate(server, "start: [sleep, \"1000\"]"),
            $"neighbour: {{get: \"{server.Address}/neighbour\", probes: 5, period: 150ms, watch_period: 700ms, settle: 0s, rounds: 1}}\nrepetitions: 20\n");

        TrialState state = await RunAsync();

        Assert.Equal((TrialPhase.Aborted, AbortReason.NeighbourSlow), (state.Phase, state.Abort!.Reason));
        Assert.Empty(state.Pids);
        Assert.Equal(["candidate.sigterm", "candidate.sigkill"], state.Teardown.Where(step => step.Ok).Select(step => step.Step).Take(2));
        Assert.DoesNotContain(ProcessTable.WithVariable(TrialProcess.RunVariable), entry => entry.Environment[TrialProcess.RunVariable] == state.RunId);
    }

    [Fact]
    public async Task A_baseline_that_is_not_there_is_deferred_filled_later_and_reused_by_other_trials()
    {
        int port = FakeServer.FreePort();
        string baseline = $"{{url: \"http://127.0.0.1:{port}/v1\", voice: x}}";
        Plan(Espeak, baseline: baseline);

        TrialState state = await RunAsync(new HastyTime());

        JsonArray deferred = JsonNode.Parse(File.ReadAllText(Folder.Deferred))!.AsArray();
        Assert.Equal(4, deferred.Count);
        Assert.Equal("refused", (string?)deferred.OrderByDescending(cell => (int?)cell!["attempts"]).First()!["reason"]);
        Assert.Equal(4, (int?)deferred.Max(cell => (int?)cell!["attempts"])); // at once, and after 5, 15 and 45 s
        Assert.True(state is { BaselineIncomplete: true, Phase: TrialPhase.Scoring });
        string measured = File.ReadAllText(Folder.Records);

        using FakeServer server = new(port);
        state = await RunAsync();
        Assert.False(state.BaselineIncomplete);
        Assert.Equal("[]", File.ReadAllText(Folder.Deferred));
        Assert.Equal(measured, File.ReadAllText(Folder.Records)); // only what was deferred was visited
        Assert.Equal(4, server.Calls);

        TrialFolder second = TrialFolder.Of(root.FullName, "second");
        Plan(Espeak, baseline: baseline, folder: second);
        await TrialRunner.RunAsync(second, Services(), TestContext.Current.CancellationToken);
        Assert.DoesNotContain("baseline_audio", File.ReadAllText(second.Warmup), StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(Path.Combine(Folder.Audio, "stored_v1_a.wav")), File.ReadAllBytes(Path.Combine(second.Audio, "stored_v1_a.wav")));

        TrialFolder third = TrialFolder.Of(root.FullName, "third");
        Plan(Espeak, baseline: baseline, folder: third, texts: ["Good morning to you!", "Where is the station?"]); // one character is another
        await TrialRunner.RunAsync(third, Services(), TestContext.Current.CancellationToken);
        Assert.Equal(1, File.ReadAllLines(third.Warmup).Count(line => line.Contains("baseline_audio", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_key_that_a_server_repeats_is_in_no_file()
    {
        using FakeServer server = new() { Behaviour = call => call == 6 ? Answer.Complain : Answer.Speak };
        Plan(Candidate(server, "key_variable: TTS_KEY"));

        await RunAsync();
        await VerdictAsync();

        Assert.Contains("Bearer [secret] is no key of ours", File.ReadAllText(Folder.Warmup) + File.ReadAllText(Folder.Records), StringComparison.Ordinal);
        Assert.All(Directory.EnumerateFiles(Folder.Folder, "*", SearchOption.AllDirectories), file => Assert.DoesNotContain(Key, File.ReadAllText(file), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_that_would_be_published_with_the_results_ends_the_trial()
    {
        using FakeServer server = new();
        Plan(Candidate(server, "key_variable: TTS_KEY"), texts: [$"The key is {Key}.", "Good morning."]);
        await RunAsync();

        Assert.Contains("nothing was written", (await Assert.ThrowsAsync<TrialException>(VerdictAsync)).Message, StringComparison.Ordinal);

        Assert.False(File.Exists(Folder.Results) || File.Exists(Folder.Report));
        Assert.Equal("assert_failed:A51", TrialControl.StateOf(Folder, TimeProvider.System)!.Abort!.Reason);
    }

    [Fact]
    public async Task A_key_in_an_argument_starts_nothing()
    {
        using FakeServer server = new();
        Plan(Candidate(server, $"key_variable: TTS_KEY, start: [sleep, \"1000\", {Key}]"));

        Assert.Contains("holds a secret", (await Assert.ThrowsAsync<TrialException>(() => RunAsync())).Message, StringComparison.Ordinal);
        Assert.Equal(0, server.Calls);
    }

    [Fact]
    public async Task A_paid_service_hears_every_clip_once_for_the_price_that_was_repeated()
    {
        using FakeServer server = new();
        PlanWithPrescreen(server, "0.5");
        await RunAsync();
        PaidPrescreen screen = PaidPrescreen.Of(Folder, TimeProvider.System);
        PrescreenQuote quote = screen.Quote();

        Assert.Equal((4, 0.4m, 0m, "pay 0.4000 EUR"), (quote.Clips, quote.Cost, quote.Spent, quote.Confirmation)); // four seconds at 6 a minute
        await Assert.ThrowsAsync<TrialException>(() => screen.RunAsync("yes", null, TestContext.Current.CancellationToken));
        Assert.Empty(server.Keys);
        await screen.RunAsync("pay 0.4000 EUR", null, TestContext.Current.CancellationToken);

        Assert.Equal(Enumerable.Repeat("Bearer " + Key, 4), server.Keys);
        Assert.Equal((0, 0m, 0.4m), (screen.Quote().Clips, screen.Quote().Cost, screen.Quote().Spent));
        TrialResults results = await VerdictAsync();
        Assert.Equal(0.4m, results.PaidPrescreen.Sum(item => item.Cost));
        Assert.All(results.PaidPrescreen, item => Assert.Equal("paid", item.Source));
        Assert.Equal(0, results.PaidPrescreen.Single(item => item is { Stage: PrescreenItem.Answered, Utterance: "a" }).WordErrors);
        Assert.DoesNotContain(results.ObjectiveItems, item => item.Heard is not null); // nothing that a rule can name
        Assert.DoesNotContain(Key, File.ReadAllText(Folder.Results) + File.ReadAllText(Folder.Prescreen), StringComparison.Ordinal);
        Assert.Contains("Paid pre-screen", File.ReadAllText(Folder.Report), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Beyond_the_budget_or_with_a_key_that_others_can_read_nothing_is_sent()
    {
        using FakeServer server = new();
        PlanWithPrescreen(server, "0.3");
        await RunAsync();
        PaidPrescreen screen = PaidPrescreen.Of(Folder, TimeProvider.System);
        Assert.Contains("budget", (await Assert.ThrowsAsync<TrialException>(Pay)).Message, StringComparison.Ordinal);

        Directory.Move(Folder.Run, Path.Combine(root.FullName, "aside"));
        PlanWithPrescreen(server, "0.5");
        await RunAsync();
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(Path.Combine(Folder.Folder, "secrets.env"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        screen = PaidPrescreen.Of(Folder, TimeProvider.System);
        Assert.Contains("chmod 600", (await Assert.ThrowsAsync<TrialException>(Pay)).Message, StringComparison.Ordinal);
        Assert.Empty(server.Keys);

        Task Pay() => screen.RunAsync(screen.Quote().Confirmation, null, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_refused_call_was_paid_for_and_its_key_is_not_repeated()
    {
        using FakeServer server = new() { Heard = null };
        PlanWithPrescreen(server, "0.5");
        await RunAsync();
        PaidPrescreen screen = PaidPrescreen.Of(Folder, TimeProvider.System);

        await screen.RunAsync(screen.Quote().Confirmation, null, TestContext.Current.CancellationToken);

        Assert.Equal(0.4m, screen.Quote().Spent);
        Assert.All(PaidPrescreen.Read(Folder).Where(item => item.Stage != PrescreenItem.Sent), item => Assert.Equal(PrescreenItem.Failed, item.Stage));
        Assert.DoesNotContain(Key, File.ReadAllText(Folder.Prescreen), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_word_in_the_plan_nothing_is_for_sale()
    {
        Plan(Espeak);
        await RunAsync();

        Assert.Throws<TrialException>(() => PaidPrescreen.Of(Folder, TimeProvider.System));
    }

    [Theory]
    [InlineData("../other/anna.wav")]
    [InlineData("/etc/hostname")]
    [InlineData("link.wav")]
    [InlineData("linked/anna.wav")]
    [InlineData("-i.wav")]
    [InlineData("c:anna.wav")]
    [InlineData("\u0430nna.wav")] // a Cyrillic letter
    public async Task A_reference_outside_the_trials_folder_is_refused_before_anything_begins(string reference)
    {
        Directory.CreateDirectory(Path.Combine(root.FullName, "first2"));
        Directory.CreateDirectory(Folder.Folder);
        File.CreateSymbolicLink(Path.Combine(Folder.Folder, "link.wav"), "/etc/hostname");
        Directory.CreateSymbolicLink(Path.Combine(Folder.Folder, "linked"), Path.Combine(root.FullName, "first2"));
        Plan($"{{engine: hibari, voices: {{v1: {{reference: \"{reference}\"}}}}}}");

        await Assert.ThrowsAsync<PlanException>(() => RunAsync());
        Assert.False(Directory.Exists(Folder.Run));
    }

    private static string Candidate(FakeServer server, string more = "") => $"{{url: \"{server.Address}/v1\", voice: x{(more.Length > 0 ? ", " + more : "")}}}";

    private void Plan(string candidate, string more = "", string baseline = Espeak, string limits = "", TrialFolder? folder = null, string[]? texts = null, string candidates = "candidate")
    {
        string[] said = texts ?? ["Good morning to you.", "Where is the station?", "It is late.", "I am glad that you could come at last."];
        folder ??= Folder;
        Directory.CreateDirectory(folder.Folder);
        File.WriteAllText(folder.Plan, $"""
            trial: 1
            baseline: {baseline}
            {candidates}: {candidate}
            utterances: [{string.Join(", ", said.Select((text, i) => $"{{id: {(char)('a' + i)}, text: \"{text}\"}}"))}]
            limits: {"{"}pause: 0ms, memory_reserve_mib: 0{(limits.Length > 0 ? ", " + limits : "")}{"}"}
            rule: candidate.ttfa.p50 <= 1s and candidate.timeouts == 0
            {more}
            """);
    }

    private void PlanWithPrescreen(FakeServer server, string budget)
    {
        Plan(Candidate(server), $"paid_prescreen: {{enabled: true, url: \"{server.Address}/v1\", model: m, key_variable: PAID_KEY, env_file: secrets.env, price_per_minute: 6, budget: {budget}, currency: EUR}}\n");
        string secrets = Path.Combine(Folder.Folder, "secrets.env");
        File.WriteAllText(secrets, $"PAID_KEY={Key}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(secrets, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private Task<TrialState> RunAsync(TimeProvider? time = null) => TrialRunner.RunAsync(Folder, Services(time), TestContext.Current.CancellationToken);

    private Task<TrialResults> VerdictAsync() => VerdictWriter.WriteAsync(Folder, TimeProvider.System, Secret);

    private static string? Secret(string name) => name == "TTS_KEY" ? Key : null;

    private static TrialServices Services(TimeProvider? time = null) => new()
    {
        Assemble = (engines, _) => throw new UnreachableException($"No engine of the house is in these plans: {string.Join(", ", engines)}."),
        AssembleEar = (ear, _) => throw new UnreachableException($"No ear is in these plans: {ear}."),
        Secret = Secret,
        Time = time ?? TimeProvider.System,
    };

    /// <summary>A clock whose waits end twenty times sooner, for pauses that are long by design.</summary>
    private sealed class HastyTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime <= TimeSpan.Zero ? dueTime : dueTime / 20, period);
    }
}
