using System.Globalization;
using System.Text.Json;
using Parley.Trials.Guarding;
using Parley.Trials.Measuring;
using Parley.Trials.Plans;
using Parley.Trials.Statistics;

namespace Parley.Trials.Running;

/// <summary>
/// Carries a trial through its phases up to the scoring. Every finished cell is on the disk before the next begins: killed at any point and
/// started again, it measures what is missing and nothing twice.
/// </summary>
public sealed class TrialRunner : IDisposable
{
    private const double DriftLimit = 0.1, SteadyWarmup = 0.1;
    private const int BracketCells = 5;

    private static readonly TimeSpan[] BackOff = [TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(45)];

    private readonly TrialFolder folder;
    private readonly TrialPlan plan;
    private readonly TrialServices services;
    private readonly TimeProvider time;
    private readonly TrialStore store;
    private readonly Dictionary<string, EngineHost> hosts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, MemoryWatch> memory = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<ScheduledCall> schedule;
    private readonly CancellationTokenSource alarm = new();
    private readonly IReadOnlyList<string?> secrets;
    private readonly bool isResumed;
    private NeighbourGuard? guard;
    private NeighbourStatistics? neighbourBaseline;

    private TrialRunner(TrialFolder folder, TrialPlan plan, TrialServices services, TrialStore store, IReadOnlyList<string?> secrets, bool isResumed)
    {
        (this.folder, this.plan, this.services, this.store, this.isResumed) = (folder, plan, services, store, isResumed);
        time = services.Time;
        schedule = Schedule.Of(plan);
        this.secrets = secrets;
    }

    /// <summary>Begins a trial, or takes it up where it stands, and measures until the scoring or until it has to end early.</summary>
    /// <param name="folder">Of the trial; holds its plan.</param>
    /// <param name="services">The house around it.</param>
    /// <param name="cancel">Interrupts it: everything is torn down, and another run goes on from there.</param>
    /// <returns>The state that it reached.</returns>
    /// <exception cref="TrialException">It cannot be run: the plan changed, an engine does not start, another process works on it.</exception>
    /// <exception cref="PlanException">The plan cannot be read.</exception>
    public static async Task<TrialState> RunAsync(TrialFolder folder, TrialServices services, CancellationToken cancel)
    {
        TrialPlan plan = PlanReader.Read(folder.Plan);
        foreach (string reference in plan.Engines.SelectMany(engine => engine.Voices.Values).Select(voice => voice.Reference).OfType<string>())
        {
            if (InsideFolder.Problem(folder.Folder, reference) is { } problem)
                throw new PlanException($"{folder.Plan}: the reference '{reference}' {problem}. Put the recording into the trial's folder.");
        }
        if (plan.Objective.References is { } recordings && (InsideFolder.Problem(folder.Folder, recordings)
            ?? (Directory.Exists(Path.Combine(folder.Folder, recordings)) ? null : "does not exist")) is { } fault)
            throw new PlanException($"{folder.Plan}: the folder 'objective.references: {recordings}' {fault}.");
        IReadOnlyList<string?> secrets = SecretGuard.Of(plan, folder, services.Secret);
        foreach (IReadOnlyList<string> program in plan.Programs)
            SecretGuard.Check(program, secrets);
        if (TrialLock.OwnerOf(folder.Lock) is null)
            File.Delete(folder.StopRequest); // of an earlier run; from here on it is for this one
        using TrialLock held = TrialLock.Take(folder.Lock);
        TrialStore store = TrialStore.Open(folder, services.Time);
        if (store.State.ConfigSha256 is { } hash && hash != plan.Sha256)
            throw new TrialException($"{folder.Plan} was changed after the first measurement (its hash was {hash[..12]}..., now {plan.Sha256[..12]}...). Restore it, or put the run aside with 'parley trial reset {folder.Name}' and begin anew.");
        if (store.State.Abort is { } abort)
            throw new TrialException($"The trial was aborted ({abort.Reason}: {abort.Detail}). 'parley trial verdict {folder.Name}' reports it; 'parley trial reset {folder.Name}' puts the run aside.");
        bool isResumed = store.State.Attempts > 0;
        store.Save(state => state with { Attempts = state.Attempts + 1 });
        using TrialRunner runner = new(folder, plan, services, store, secrets, isResumed);
        return await runner.RunAsync(cancel);
    }

    public void Dispose() => alarm.Dispose();

    private async Task<TrialState> RunAsync(CancellationToken cancel)
    {
        await Recovery.CleanAsync(store, plan.Neighbour?.Pause, time);
        if (plan.Neighbour is { Pause: null } watched)
            guard = new NeighbourGuard(watched, NeighbourProbes.Open(watched.Probe, services.Secret, time, $"{store.State.RunId}\t{folder.Folder}"), time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancel, alarm.Token);
        try
        {
            if (store.State.Phase < TrialPhase.Scoring && (store.State.Phase != TrialPhase.Idle || store.State.ConfigSha256 is null))
                await MeasureAsync(either.Token);
            else if (store.State is { Phase: TrialPhase.Scoring, BaselineIncomplete: true })
                await FillBaselineAsync(either.Token); // only what was deferred
            if (store.State.Phase == TrialPhase.Scoring)
            {
                await TearDownAsync(); // the engines under trial make room for the ear
                await new ObjectiveMeasures(folder, plan, services).RunAsync(step => Report(step), either.Token);
            }
        }
        catch (AbortException abort)
        {
            await AbortAsync(abort.Reason, abort.Detail);
        }
        catch (OperationCanceledException) when (guard?.Alarm is { } reason)
        {
            await AbortAsync(reason, string.Create(CultureInfo.InvariantCulture, $"the neighbour's latency was {guard.Ratio:0.0#} times its baseline; {plan.Neighbour!.AbortRatio} ends a trial"));
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested && File.Exists(folder.StopRequest))
        {
            File.Delete(folder.StopRequest);
            await AbortAsync(AbortReason.UserCancel, "stopped by 'parley trial stop'");
        }
        finally
        {
            await TearDownAsync();
            if (guard is not null)
                await guard.DisposeAsync();
            Report("done");
        }
        return store.State;
    }

    private async Task MeasureAsync(CancellationToken cancel)
    {
        if (store.State.Phase == TrialPhase.Idle)
            store.MoveTo(TrialPhase.Baseline);
        if (plan.Neighbour?.Pause is { } pause && !store.State.IsCandidateDone)
        {
            Report("stopping the neighbour");
            store.Save(state => state with { IsNeighbourPaused = true }); // before it is done: a crash in between starts it once too often, never too seldom
            await NeighbourPause.StopAsync(pause, time, cancel);
        }
        await MeasureBaselineAsync(cancel);
        if (store.State.Phase == TrialPhase.ExtractReference)
        {
            CheckReferences();
            store.MoveTo(TrialPhase.Feasibility);
        }
        if (!store.State.IsCandidateDone)
        {
            guard?.Watch(neighbourBaseline!.MedianMs, store.Add, alarm);
            await TryOutAsync(cancel);
            await MeasureCellsAsync(cancel);
        }
        await FinishBenchmarkAsync(cancel);
    }

    private async Task MeasureBaselineAsync(CancellationToken cancel)
    {
        if (store.State.Phase == TrialPhase.Baseline)
        {
            store.Save(state => state with { ConfigSha256 = plan.Sha256, RuleSha256 = plan.Rule.Sha256, LoadBefore = HostLoad.Minute() });
            store.Assert("A01", true, $"process {Environment.ProcessId}", "the lock is held by this process");
            store.Assert("A02", true, plan.Sha256, "plan and rule are hashed");
        }
        await MeasureNeighbourAsync(cancel);
        if (store.State.Phase != TrialPhase.Baseline)
            return;
        await FillBaselineAsync(cancel);
        store.MoveTo(TrialPhase.ExtractReference);
    }

    private async Task MeasureNeighbourAsync(CancellationToken cancel)
    {
        if (guard is null)
            return;
        double[] known = [.. store.Samples.Where(sample => sample.Stage == NeighbourSample.Baseline).Select(sample => sample.LatencyMs)];
        if (store.State.Asserts.Any(assert => assert is { Id: "A04", Ok: true }))
        {
            neighbourBaseline = NeighbourStatistics.Of(known);
            return;
        }
        Report("measuring the neighbour");
        neighbourBaseline = await guard.MeasureBaselineAsync(store.Add, cancel);
        NeighbourStatistics all = NeighbourStatistics.Of(store.Samples.Where(sample => sample.Stage == NeighbourSample.Baseline).Select(sample => sample.LatencyMs));
        neighbourBaseline = all; // with those of an interrupted start
        string found = string.Create(CultureInfo.InvariantCulture, $"{all.Count} probes, p50 {all.MedianMs:0.###} ms, IQR {all.SpreadMs:0.###} ms, sigma {all.SigmaLn:0.###}");
        store.Assert("A03", all.Count >= plan.Neighbour!.Probes && all.MedianMs > 0, found, $"at least {plan.Neighbour.Probes} probes, p50 above 0");
        store.Assert("A04", NeighbourGuard.IsSteady(all), found, "finite, IQR at most half of p50");
    }

    private async Task FillBaselineAsync(CancellationToken cancel)
    {
        BaselineSound sound = new(folder, plan);
        int failures = 0;
        foreach (Cell cell in plan.Cells)
        {
            string key = TrialStore.CellKey("baseline", cell);
            CellState? before = store.State.Cells.GetValueOrDefault(key);
            if (before is { Status: CellState.Done or CellState.Error } && (before.File is null || File.Exists(Path.Combine(folder.Run, before.File))))
                continue;
            string hash = sound.KeyOf(cell);
            if (sound.TryReuse(hash, cell) is { } file)
            {
                store.SetCell(key, new(CellState.Done, hash, file, before?.Attempts ?? 0));
                continue;
            }
            if (failures > BackOff.Length)
            {
                store.SetCell(key, new(CellState.Deferred, hash, null, before?.Attempts ?? 0));
                continue;
            }
            Report($"the baseline's sound: {cell}");
            CellState done = await MakeBaselineAsync(sound, cell, hash, before?.Attempts ?? 0, cancel);
            while (done.Status == CellState.Deferred && failures < BackOff.Length)
            {
                await Task.Delay(BackOff[failures++], time, cancel);
                done = await MakeBaselineAsync(sound, cell, hash, done.Attempts, cancel);
            }
            failures = done.Status == CellState.Deferred ? failures + 1 : failures;
            store.SetCell(key, done);
        }
        bool isIncomplete = store.State.Cells.Any(cell => cell.Key.StartsWith("baseline/", StringComparison.Ordinal) && cell.Value.Status != CellState.Done);
        store.Save(state => state with { BaselineIncomplete = isIncomplete });
        DeferredList.Write(folder, store.State, store.Others);
        int count = store.State.Cells.Count(cell => cell.Key.StartsWith("baseline/", StringComparison.Ordinal));
        if (store.State.Phase == TrialPhase.Baseline)
        {
            store.Assert("A05", count == plan.Cells.Count(), $"{count} cells", $"{plan.Cells.Count()} cells done or deferred");
            store.Assert("A06", true, isIncomplete ? "baseline_incomplete" : "complete", "an incomplete baseline is flagged");
        }
    }

    private async Task<CellState> MakeBaselineAsync(BaselineSound sound, Cell cell, string hash, int attempts, CancellationToken cancel)
    {
        EngineHost host = await HostAsync(plan.Baseline, cancel);
        SpokenCall call = await host.Speaker.SpeakAsync(plan.Find(cell.Utterance).Text, plan.Baseline.Voices[cell.Condition], cancel);
        string? file = call.Error is null ? sound.Keep(hash, cell, call.Body.Span) : null;
        store.Add(Describe(call, plan.Baseline, cell, 1, -1, "baseline_audio", isTimed: false, isStreaming: false) with { File = file });
        string status = call.Error is null ? CellState.Done : ErrorClass.IsAbsence(call.Error, call.HttpStatus) ? CellState.Deferred : CellState.Error;
        return new(status, hash, file, attempts + 1);
    }

    private void CheckReferences()
    {
        foreach (VoicePlan voice in plan.Engines.SelectMany(engine => engine.Voices.Values).Where(voice => voice.IsCloned))
        {
            string? problem = InsideFolder.Problem(folder.Folder, voice.Reference!);
            store.Assert("A13", problem is null, problem ?? voice.Reference!, "inside the trial's folder");
            store.Assert("A10", File.Exists(Path.Combine(folder.Folder, voice.Reference!)), voice.Reference!, "the recording is there");
        }
    }

    /// <summary>Does each candidate start, leave enough memory, answer, and stream?</summary>
    private async Task TryOutAsync(CancellationToken cancel)
    {
        if (store.State.Phase != TrialPhase.Feasibility)
            return;
        foreach (EnginePlan candidate in plan.Candidates)
        {
            SpokenCall cold = await CallAsync(candidate, Longest(), "cold", isTimed: false, cancel);
            store.SetEngine(candidate.Role, state => state with { ColdStartMs = Math.Round(cold.TotalMs, 3) });
            store.Assert("A20", cold.Error is null, $"{candidate.Role}: {cold.Error ?? "valid sound"}", "it answers with valid sound");
            string name = (await HostAsync(candidate, cancel)).Speaker.Facts.Engine;
            store.Assert("A21", name.Length > 0, name, "the engine has a name");
            await ProbeStreamingAsync(candidate, cancel);
        }
        if (!IsBaselineAbsent())
            await ProbeStreamingAsync(plan.Baseline, cancel);
        if (guard is not null)
            store.Assert("A24", guard.Alarm is null, string.Create(CultureInfo.InvariantCulture, $"ratio {guard.Ratio:0.##}"), "below the abort line");
        store.MoveTo(TrialPhase.Benchmark);
    }

    private async Task ProbeStreamingAsync(EnginePlan engine, CancellationToken cancel)
    {
        Report($"does the {engine.Role} stream?");
        await HostAsync(engine, cancel);
        List<SpokenCall> calls = [];
        for (int i = 0; i < StreamingProbe.Calls; i++)
            calls.Add(await CallAsync(engine, Longest(), "streaming", isTimed: false, cancel));
        bool isStreaming = engine.IsStreamingDeclared && StreamingProbe.IsStreaming(calls);
        store.SetEngine(engine.Role, state => state with { StreamingCapable = isStreaming });
        if (!engine.IsBaseline)
            store.Assert("A22", true, $"{engine.Role} {(isStreaming ? "streams" : "does not stream")}", "decided by measurement");
    }

    private async Task MeasureCellsAsync(CancellationToken cancel)
    {
        ScheduledCall[] missing = [.. schedule.Where(call => !IsMeasured(call) && !(call.Engine == EnginePlan.BaselineRole && IsBaselineAbsent()))];
        HashSet<string> warm = [];
        Estimate estimate = new(time);
        foreach ((int i, ScheduledCall call) in missing.Index())
        {
            EnginePlan engine = plan.Engines.First(known => known.Role == call.Engine);
            if (plan.Order == TrialOrder.Bracketed && !engine.IsBaseline)
                await BracketAsync("bracket_before", cancel);
            if (warm.Add(call.Engine))
                await WarmUpAsync(engine, cancel);
            Report($"{call.Engine} {call.Cell}", estimate.Left(missing.Length - i, plan.Limits.Pause));
            await Task.Delay(plan.Limits.Pause, time, cancel);
            using (estimate.Measure())
                await MeasureAsync(call, engine, cancel);
        }
    }

    private async Task MeasureAsync(ScheduledCall scheduled, EnginePlan engine, CancellationToken cancel)
    {
        EngineHost host = await HostAsync(engine, cancel);
        memory[engine.Role].BeginCall();
        SpokenCall call = await host.Speaker.SpeakAsync(plan.Find(scheduled.Cell.Utterance).Text, engine.Voices[scheduled.Cell.Condition], cancel);
        memory[engine.Role].EndCall();
        string? file = null;
        if (call.Sound is not null)
        {
            file = Path.Combine("audio", $"{engine.Role}_{scheduled.Cell.Condition}_{scheduled.Cell.Utterance}_{scheduled.Repetition}.wav");
            AtomicFile.Write(Path.Combine(folder.Run, file), Parley.Audio.WavWriter.ToBytes(call.Sound));
        }
        CallRecord record = Describe(call, engine, scheduled.Cell, scheduled.Repetition, scheduled.Order, "timed", isTimed: true, IsStreaming(engine)) with { File = file };
        store.Add(record);
        string status = record.IsTimeout ? CellState.Timeout : record.ErrorClass is null ? CellState.Done : CellState.Error;
        if (!engine.IsBaseline)
            store.SetCell(TrialStore.CellKey(engine.Role, scheduled.Cell), new(status, null, file, scheduled.Repetition));
        int timeouts = store.Records.Count(other => other.Engine == engine.Role && other.IsTimeout);
        if (timeouts > plan.Limits.Timeouts)
            throw new AbortException(AbortReason.TooManyTimeouts, $"{timeouts} calls of the {engine.Role} timed out, {plan.Limits.Timeouts} are allowed");
    }

    private async Task WarmUpAsync(EnginePlan engine, CancellationToken cancel)
    {
        Report($"warming up the {engine.Role}");
        // The longest text, then each condition once, then the same short one until its time is steady.
        List<Cell> first = [Longest(), .. plan.Conditions.Select(condition => new Cell(Short(), condition))];
        (Cell Cell, double Ms) previous = default;
        string reason = "at_most";
        int calls = 0;
        while (calls < plan.Limits.WarmupAtMost)
        {
            Cell cell = calls < first.Count ? first[calls] : new Cell(Short(), plan.Conditions[0]);
            double total = (await CallAsync(engine, cell, "warmup", isTimed: false, cancel)).TotalMs;
            calls++;
            bool isSteady = calls > first.Count && cell == previous.Cell && Math.Abs(total - previous.Ms) < SteadyWarmup * previous.Ms;
            previous = (cell, total);
            if (!isSteady || calls < plan.Limits.WarmupCalls)
                continue;
            reason = "steady";
            break;
        }
        store.SetEngine(engine.Role, state => state with { WarmupCalls = calls, WarmupStopReason = reason });
        store.Assert("A30", calls >= plan.Limits.WarmupCalls, $"{engine.Role}: {calls} calls", $"at least {plan.Limits.WarmupCalls}");
    }

    private async Task BracketAsync(string part, CancellationToken cancel)
    {
        Cell[] missing = [.. schedule.Where(call => call.Engine == "baseline").Select(call => call.Cell).Distinct().Take(BracketCells)
            .Where(cell => !store.Others.Exists(other => other.Part == part && other.Utterance == cell.Utterance && other.Condition == cell.Condition))];
        if (IsBaselineAbsent() || missing.Length == 0)
            return;
        await WarmUpAsync(plan.Baseline, cancel);
        foreach (Cell cell in missing)
        {
            Report($"{part}: {cell}");
            await Task.Delay(plan.Limits.Pause, time, cancel);
            await CallAsync(plan.Baseline, cell, part, isTimed: false, cancel);
        }
    }

    private async Task FinishBenchmarkAsync(CancellationToken cancel)
    {
        if (!store.State.IsCandidateDone)
        {
            foreach (EnginePlan candidate in plan.Candidates)
            {
                CallRecord[] calls = [.. store.Records.Where(record => record.Engine == candidate.Role)];
                int expected = schedule.Count(call => call.Engine == candidate.Role), timeouts = calls.Count(record => record.IsTimeout);
                store.Assert("A31", calls.Length == expected, $"{candidate.Role}: {calls.Length} records", $"{expected}, one for each call");
                store.Assert("A32", timeouts <= plan.Limits.Timeouts, $"{candidate.Role}: {timeouts} time-outs", $"at most {plan.Limits.Timeouts}");
            }
            store.Assert("A33", store.Records.TrueForAll(record => record.ErrorClass is not null || record.WavValid), "every record", "valid sound or an error class");
            if (guard is not null)
            {
                await guard.EndWatchAsync();
                int live = store.Samples.Count(sample => sample.Stage == NeighbourSample.Live);
                store.Assert("A34", guard.Alarm is null, $"{live} probes", $"never above {plan.Neighbour!.AbortRatio} times its baseline");
            }
            foreach (EnginePlan candidate in plan.Candidates)
                await EndHostAsync(candidate.Role);
            store.Assert("A36", store.State.Pids.All(pid => pid.Role == EnginePlan.BaselineRole || !ProcessTable.IsAlive(new(pid.Pid, pid.StartTicks))), "the candidates' processes", "gone");
            store.Save(state => state with { IsCandidateDone = true });
        }
        if (guard is not null && store.State.Asserts.All(assert => assert is not { Id: "A35" }))
        {
            await EndHostAsync("baseline"); // unless it is in production, it was not there before either
            Report("has the neighbour recovered?");
            (NeighbourStatistics last, double ratio, int rounds, bool isRecovered) = await guard.CheckRecoveryAsync(neighbourBaseline!, store.Add, cancel);
            string found = string.Create(CultureInfo.InvariantCulture, $"{ratio:0.###} after {rounds} rounds of {last.Count}");
            store.Save(state => state with { Asserts = [.. state.Asserts, new("A35", isRecovered, found, $"at most {plan.Neighbour!.RecoveryRatio}", time.GetUtcNow())] });
            if (!isRecovered)
                throw new AbortException(AbortReason.PostFlightNeighbour, $"the neighbour stayed at {found}");
        }
        if (plan.Order == TrialOrder.Bracketed)
            await BracketAsync("bracket_after", cancel);
        store.Save(state => state with { Drift = Brackets.Drift(store.Others, DriftLimit) });
        store.MoveTo(TrialPhase.Scoring);
    }

    private async Task<SpokenCall> CallAsync(EnginePlan engine, Cell cell, string part, bool isTimed, CancellationToken cancel)
    {
        EngineHost host = await HostAsync(engine, cancel);
        memory[engine.Role].BeginCall();
        SpokenCall call = await host.Speaker.SpeakAsync(plan.Find(cell.Utterance).Text, engine.Voices[cell.Condition], cancel);
        memory[engine.Role].EndCall();
        store.Add(Describe(call, engine, cell, 1, -1, part, isTimed, IsStreaming(engine)));
        return call;
    }

    private CallRecord Describe(SpokenCall call, EnginePlan engine, Cell cell, int repetition, int order, string part, bool isTimed, bool isStreaming) => CallRecord.Of(
        new CallRecord
        {
            Engine = engine.Role,
            Utterance = cell.Utterance,
            Condition = cell.Condition,
            Cloned = engine.Voices[cell.Condition].IsCloned,
            Repetition = repetition,
            Order = order,
            Attempt = store.State.Attempts,
            Timed = isTimed,
            Part = part,
            Resumed = isTimed && isResumed,
            AtUtc = time.GetUtcNow(),
            TotalMs = 0,
            Sha256 = call.Sound is null ? null : Sha256Text.Of(Parley.Audio.WavWriter.ToBytes(call.Sound)),
        }, call with { ErrorDetail = SecretGuard.Redacted(call.ErrorDetail, secrets) }, isStreaming);

    private async Task<EngineHost> HostAsync(EnginePlan engine, CancellationToken cancel)
    {
        if (hosts.TryGetValue(engine.Role, out EngineHost? host))
            return host;
        if (plan.Order == TrialOrder.Bracketed)
        {
            foreach (string other in hosts.Keys.ToArray())
                await EndHostAsync(other); // they do not fit side by side
        }
        Report($"starting the {engine.Role}");
        host = await EngineHost.OpenAsync(plan, engine, folder, store.State.RunId, services, process =>
            store.Save(state => state with { Pids = [.. state.Pids, new(process.Pid, process.StartTicks, engine.Role)] }), cancel);
        hosts.Add(engine.Role, host);
        memory[engine.Role] = MemoryWatch.Start(host.Speaker, time);
        EngineFacts facts = host.Speaker.Facts;
        store.SetEngine(engine.Role, state => state with
        {
            Engine = facts.Engine,
            Model = facts.Model,
            WeightsSha256 = facts.WeightsSha256,
            InstallPath = facts.InstallPath,
            Launch = facts.Launch,
        });
        if (!engine.IsBaseline)
            CheckMemory(engine);
        return host;
    }

    private void CheckMemory(EnginePlan engine)
    {
        if (ProcessTable.AvailableBytes is not { } available)
            return;
        if (available < plan.Limits.MemoryReserveBytes)
            throw new AbortException(AbortReason.LowMemory, $"{available >> 20} MiB are left with the {engine.Role} loaded, {plan.Limits.MemoryReserveBytes >> 20} MiB are the reserve");
        if (store.State.Phase == TrialPhase.Feasibility)
            store.Assert("A23", true, $"{engine.Role}: {available >> 20} MiB available", $"at least {plan.Limits.MemoryReserveBytes >> 20} MiB");
    }

    private async Task EndHostAsync(string role)
    {
        if (!hosts.Remove(role, out EngineHost? host))
            return;
        MemoryWatch watch = memory[role];
        await watch.DisposeAsync();
        memory.Remove(role);
        IReadOnlyList<TeardownStep> steps = await host.EndAsync();
        store.SetEngine(role, state => state with
        {
            PeakBytes = watch.PeakBytes is { } peak ? Math.Max(peak, state.PeakBytes ?? 0) : state.PeakBytes,
            PeakBasis = watch.Basis,
            MinAvailableBytes = Least(watch.MinAvailableBytes, state.MinAvailableBytes),
        });
        if (steps.Count > 0)
            store.Save(state => state with { Teardown = [.. state.Teardown, .. steps] });
    }

    /// <summary>Everything that is up, down; the neighbour back. May be called at any time, and twice.</summary>
    private async Task TearDownAsync()
    {
        if (guard is not null)
            await guard.EndWatchAsync();
        foreach (string role in hosts.Keys.OrderBy(role => role == EnginePlan.BaselineRole).ToArray())
            await EndHostAsync(role);
        await Recovery.CleanAsync(store, plan.Neighbour?.Pause, time);
    }

    private async Task AbortAsync(string reason, string detail)
    {
        TrialPhase from = store.State.Phase;
        await TearDownAsync();
        store.Save(state => state with { Abort = new(reason, from, detail, time.GetUtcNow()), FinishedUtc = time.GetUtcNow() });
        store.MoveTo(TrialPhase.Aborted);
    }

    private bool IsStreaming(EnginePlan engine) => store.State.Engines.GetValueOrDefault(engine.Role)?.StreamingCapable ?? engine.IsStreamingDeclared;

    private bool IsMeasured(ScheduledCall call) => store.Records.Exists(record =>
        record.Engine == call.Engine && record.Utterance == call.Cell.Utterance && record.Condition == call.Cell.Condition && record.Repetition == call.Repetition);

    // A baseline that could not be reached at all is not measured; its stored sound may still be there from earlier.
    private bool IsBaselineAbsent() => store.State.Cells.Any(cell => cell.Key.StartsWith("baseline/", StringComparison.Ordinal) && cell.Value.Status == CellState.Deferred);

    private Cell Longest() => new(plan.Utterances.MaxBy(utterance => utterance.Text.Length)!.Id, plan.Conditions[0]);

    private string Short() => (plan.Utterances.FirstOrDefault(utterance => utterance.Id == "u02") ?? plan.Utterances.MinBy(utterance => utterance.Text.Length)!).Id;

    private static long? Least(long? a, long? b) => a is null ? b : b is null ? a : Math.Min(a.Value, b.Value);

    private void Report(string step, TimeSpan? left = null) => Report(new TrialProgress(
        store.State.Phase, step, store.Records.Count, schedule.Count, left, guard?.Ratio));

    private void Report(TrialProgress progress)
    {
        services.Progress?.Report(progress);
        File.WriteAllBytes(folder.Progress, JsonSerializer.SerializeToUtf8Bytes(progress, ProgressJson.Default.TrialProgress));
    }
}
