using System.Reflection;
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
    /// <returns>What was written to <see cref="TrialFolder.Results"/>.</returns>
    /// <exception cref="TrialException">It is not over, or listening that the rule needs is not complete.</exception>
    public static async Task<TrialResults> WriteAsync(TrialFolder folder, TimeProvider time)
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
        {
            store.Save(old => old with { Abort = new(AbortReason.RuleChanged, old.Phase, "the rule was changed after the first measurement", time.GetUtcNow()) });
            store.MoveTo(TrialPhase.Aborted);
        }
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
        TrialResults evidence = Gather(folder, plan, store, answers, time);
        if (store.State.Phase == TrialPhase.PostFlight)
        {
            await Recovery.CleanAsync(store, plan.Neighbour?.Pause, time);
            store.Assert("A52", store.State.Pids.Count == 0, $"{store.State.Pids.Count} processes", "none of this run is alive");
            if (plan.Neighbour is { Pause: null })
                store.Assert("A54", store.State.Asserts.Any(assert => assert is { Id: "A35", Ok: true }), "the recorded check", "the neighbour recovered");
            evidence = evidence with { Asserts = store.State.Asserts };
        }
        TrialResults results = VerdictComputation.Of(evidence);
        AtomicFile.Write(folder.Results, ResultsFile.Write(results));
        AtomicFile.Write(folder.Report, System.Text.Encoding.UTF8.GetBytes(HtmlReport.Write(results)));
        store.Note("verdict", results.Verdict);
        if (store.State.Phase == TrialPhase.PostFlight)
            store.MoveTo(TrialPhase.Idle);
        return results;
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
