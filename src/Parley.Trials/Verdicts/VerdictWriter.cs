using System.Reflection;
using System.Text;
using Parley.Trials.Guarding;
using Parley.Trials.Listening;
using Parley.Trials.Plans;
using Parley.Trials.Running;

namespace Parley.Trials.Verdicts;

/// <summary>Ends a trial: gathers the evidence of a run, computes the verdict, writes results and report.</summary>
public static class VerdictWriter
{
    /// <summary>Evaluates the rule of a trial whose measurement is over.</summary>
    /// <param name="folder">Of the trial.</param>
    /// <param name="time">Clock of the labels.</param>
    /// <param name="secret">Reads a secret by the name of its variable: none may stand in what is written.</param>
    /// <returns>What was written to <see cref="TrialFolder.Results"/>.</returns>
    /// <exception cref="TrialException">It is not over, listening that the rule needs is not complete, or a secret would be written.</exception>
    public static async Task<TrialResults> WriteAsync(TrialFolder folder, TimeProvider time, Func<string, string?> secret)
    {
        TrialPlan plan = PlanReader.Read(folder.Plan);
        using TrialLock held = TrialLock.Take(folder.Lock);
        TrialStore store = TrialStore.Find(folder, time) ?? throw new TrialException($"The trial has not been run yet: parley trial run {folder.Name}");
        TrialState state = store.State;
        if (state.Phase is TrialPhase.Idle && File.Exists(folder.Results))
            return ResultsFile.Read(folder.Results);
        if (state.Phase is not (TrialPhase.Scoring or TrialPhase.PostFlight or TrialPhase.Aborted))
            throw new TrialException($"The trial stands in phase {state.Phase}: 'parley trial run {folder.Name}' goes on from there.");
        if (state.Abort is null && state.RuleSha256 != plan.Rule.Sha256)
            Abort(store, AbortReason.RuleChanged, "the rule was changed after the first measurement", time);
        else if (state.Abort is null && state.ConfigSha256 != plan.Sha256)
            throw new TrialException($"{folder.Plan} was changed after the first measurement (its hash was {state.ConfigSha256![..12]}...). Restore it.");

        ListeningSession? listening = ListeningSession.Find(folder, time);
        IReadOnlyList<UnblindedScore> answers = [];
        if (listening is { IsComplete: true, IsClosed: false } && store.State.Abort is null)
            listening.Close();
        if (listening is { IsClosed: true })
            answers = listening.Unblind();
        else if (store.State.Abort is null && plan.Rule.Metrics.Any(metric => metric.NeedsListening))
        {
            string standing = listening is null ? "nobody has listened" : $"{listening.Judged} of {listening.Wanted} judgements are there";
            throw new TrialException($"The rule needs the blind listening, and {standing}: parley trial listen {folder.Name}");
        }
        if (store.State.Phase == TrialPhase.Scoring)
        {
            store.Assert("A44", true, plan.Rule.Sha256, "the rule is unchanged");
            store.MoveTo(TrialPhase.PostFlight);
        }
        if (store.State.Phase == TrialPhase.PostFlight)
            await VerifyAsync(plan, store, time);
        TrialResults results = VerdictComputation.Of(Gather(folder, plan, store, answers, time));
        byte[] json = ResultsFile.Write(results), page = Encoding.UTF8.GetBytes(HtmlReport.Write(results));
        IReadOnlyList<string?> secrets = SecretGuard.Of(plan, folder, secret);
        if (SecretGuard.Holds(Encoding.UTF8.GetString(json), secrets) || SecretGuard.Holds(Encoding.UTF8.GetString(page), secrets))
        {
            Abort(store, AbortReason.AssertFailed("A51"), "a secret stands in the results", time);
            throw new TrialException($"The results would hold a secret of this trial; nothing was written. Look for it in {folder.Plan} and in {folder.Records}, change the secret, and begin anew: parley trial reset {folder.Name}");
        }
        AtomicFile.Write(folder.Results, json);
        AtomicFile.Write(folder.Report, page);
        store.Note("verdict", results.Verdict);
        if (store.State.Phase == TrialPhase.PostFlight)
            store.MoveTo(TrialPhase.Idle);
        return results;
    }

    /// <summary>What has to hold at the very end: nothing of the run is left, and the neighbour is what it was. What does not hold ends the trial.</summary>
    private static async Task VerifyAsync(TrialPlan plan, TrialStore store, TimeProvider time)
    {
        await Recovery.CleanAsync(store, plan.Neighbour?.Pause, time);
        try
        {
            store.Assert("A52", store.State.Pids.Count == 0, $"{store.State.Pids.Count} processes", "none of this run is alive");
            string[] open = [.. store.State.Teardown.Where(step => step is { Ok: false } && step.Step.EndsWith(".port_closed", StringComparison.Ordinal)).Select(step => step.Detail)];
            store.Assert("A53", open.Length == 0, open.Length == 0 ? "every port refuses" : string.Join(", ", open), "the ports of started servers are closed");
            if (plan.Neighbour is { Pause: null })
                store.Assert("A54", store.State.Asserts.Any(assert => assert is { Id: "A35", Ok: true }), "the recorded check", "the neighbour recovered");
        }
        catch (AbortException fault)
        {
            Abort(store, fault.Reason, fault.Detail, time);
        }
    }

    private static void Abort(TrialStore store, string reason, string detail, TimeProvider time)
    {
        if (store.State.Abort is not null)
            return;
        store.Save(old => old with { Abort = new(reason, old.Phase, detail, time.GetUtcNow()) });
        store.MoveTo(TrialPhase.Aborted);
    }

    private static TrialResults Gather(TrialFolder folder, TrialPlan plan, TrialStore store, IReadOnlyList<UnblindedScore> answers, TimeProvider time)
    {
        TrialState state = store.State;
        NeighbourEvidence? probes = null;
        if (plan.Neighbour is { Pause: null } neighbour)
        {
            using INeighbourProbe probe = NeighbourProbes.Open(neighbour.Probe, _ => "", time, "");
            probes = new(probe.PromptSha256, probe.Model, neighbour.AbortRatio, neighbour.RecoveryRatio, neighbour.Probes, store.Samples);
        }
        return new TrialResults
        {
            Trial = folder.Name,
            RunId = state.RunId,
            ToolVersion = typeof(VerdictWriter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "",
            StartedUtc = state.StartedUtc,
            FinishedUtc = time.GetUtcNow(),
            RuleText = plan.Rule.Text,
            RuleSha256 = state.RuleSha256,
            ConfigSha256 = state.ConfigSha256,
            UtterancesSha256 = plan.UtterancesSha256,
            Utterances = plan.Utterances,
            Seed = plan.Seed,
            Order = plan.Order == TrialOrder.Interleaved ? "interleaved" : "bracketed",
            AllowedTimeouts = plan.Limits.Timeouts,
            ReadLimitMs = plan.Limits.Read.TotalMilliseconds,
            BaselineIncomplete = state.BaselineIncomplete,
            Drift = state.Drift,
            Abort = state.Abort,
            Host = HostFacts.Read(state.LoadBefore),
            Engines = [.. plan.Engines.Select(engine => Engine(engine, state.Engines.GetValueOrDefault(engine.Role) ?? new()))],
            Records = store.Records,
            OtherCalls = store.Others,
            NeighbourProbes = probes,
            Answers = answers,
            ObjectiveItems = ObjectiveLog.Read(folder),
            PaidPrescreen = Screening.PaidPrescreen.Read(folder),
            Asserts = state.Asserts,
            Teardown = state.Teardown,
            Artefacts = [.. Artefacts(folder)],
        };
    }

    private static EngineResult Engine(EnginePlan plan, EngineState state) => new()
    {
        Role = plan.Role,
        Name = plan.Name,
        InstallPath = state.InstallPath,
        Versions = new(plan.Version is null ? state.Engine : $"{state.Engine} {plan.Version}", state.Model, state.WeightsSha256, System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription),
        Launch = state.Launch,
        StreamingDeclared = plan.IsStreamingDeclared,
        StreamingCapable = state.StreamingCapable,
        ColdStartMs = state.ColdStartMs,
        WarmupCalls = state.WarmupCalls,
        WarmupStopReason = state.WarmupStopReason,
        PeakBytes = state.PeakBytes,
        PeakBasis = state.PeakBasis,
        MinAvailableBytes = state.MinAvailableBytes,
    };

    private static IEnumerable<Artefact> Artefacts(TrialFolder folder) => !Directory.Exists(folder.Audio) ? []
        : Directory.EnumerateFiles(folder.Audio, "*.wav").Order(StringComparer.Ordinal)
            .Select(file => new Artefact(Path.GetRelativePath(folder.Run, file).Replace('\\', '/'), Sha256Text.OfFile(file), new FileInfo(file).Length));
}
