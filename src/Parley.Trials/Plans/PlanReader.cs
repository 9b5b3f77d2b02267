using System.Text;
using System.Text.RegularExpressions;
using Parley.Trials.Rules;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Parley.Trials.Plans;

/// <summary>Reads a plan, strictly: an unknown key, a value out of range, a voice that one engine lacks are errors with their line.</summary>
public static partial class PlanReader
{
    private const int MaxBytes = 1 << 20, MaxUtterances = 1000, MaxCandidates = 10, MaxText = 5000;

    private static readonly string[] SourceKinds = ["engine", "url", "command"];

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1), Millisecond = TimeSpan.FromMilliseconds(1), Hour = TimeSpan.FromHours(1);

    /// <exception cref="PlanException">It is not a plan, or cannot be carried out.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static TrialPlan Read(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path} does not exist. 'parley trial new NAME' writes a plan.", path);
        if (new FileInfo(path).Length > MaxBytes)
            throw new PlanException($"{path} is larger than {MaxBytes >> 20} MiB: that is no plan.");
        return Parse(File.ReadAllBytes(path), path);
    }

    /// <param name="bytes">UTF-8.</param>
    /// <param name="file">For messages; references are looked for beside it.</param>
    public static TrialPlan Parse(byte[] bytes, string file)
    {
        string text;
        YamlStream yaml = [];
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
            yaml.Load(new StringReader(text));
        }
        catch (DecoderFallbackException)
        {
            throw new PlanException($"{file} is not UTF-8.");
        }
        catch (YamlException fault)
        {
            throw new PlanException($"{file}, line {fault.Start.Line}, column {fault.Start.Column}: {fault.Message}", fault);
        }
        catch (Exception fault) when (fault is ArgumentException or InvalidOperationException) // the library's answers to some malformed flows, anchors and keys
        {
            throw new PlanException($"{file} is not YAML: {fault.Message}", fault);
        }
        if (yaml.Documents is not [YamlDocument document])
            throw new PlanException($"{file} must hold one YAML document, found {yaml.Documents.Count}.");

        PlanMap map = new(file, "", document.RootNode);
        if (map.RequiredText("trial") != "1")
            throw map.Fault("trial", "must be 1, the version of this form of plan");
        EnginePlan baseline = ReadEngine(map, EnginePlan.BaselineRole);
        List<EnginePlan> candidates = ReadCandidates(map);
        string[] conditions = [.. candidates[0].Voices.Keys];
        foreach (EnginePlan candidate in candidates.Prepend(baseline))
        {
            if (!candidate.Voices.Keys.Order(StringComparer.Ordinal).SequenceEqual(conditions.Order(StringComparer.Ordinal)))
                throw (candidate.IsBaseline || candidates.Count == 1 ? map : map.Map("candidates")!).Fault(candidate.Role, $"has voices for {string.Join(", ", candidate.Voices.Keys)}, {candidates[0].Role} for {string.Join(", ", conditions)}: all engines need the same conditions");
        }
        TrialPlan plan = new()
        {
            Baseline = baseline,
            Candidates = candidates,
            Conditions = conditions,
            Utterances = ReadUtterances(map),
            Language = map.Text("language") ?? "en",
            Repetitions = map.Integer("repetitions", 1, 1, 100),
            Seed = map.Long("seed", 1),
            Order = map.Choice("order", TrialOrder.Interleaved, ("interleaved", TrialOrder.Interleaved), ("bracketed", TrialOrder.Bracketed)),
            Limits = ReadLimits(map.Map("limits")),
            Neighbour = ReadNeighbour(map.Map("neighbour")),
            Objective = ReadObjective(map.Map("objective")),
            PaidPrescreen = ReadPaidPrescreen(map.Map("paid_prescreen")),
            Listeners = ReadListeners(map.Map("listening")),
            Rule = ReadRule(map),
            Source = text,
            Sha256 = Sha256Text.Of(bytes),
        };
        map.Finish();
        return plan;
    }

    /// <summary>One under <c>candidate</c>, or several by name under <c>candidates</c>.</summary>
    private static List<EnginePlan> ReadCandidates(PlanMap plan)
    {
        if (plan.Map("candidates") is not { } map)
            return [ReadEngine(plan, EnginePlan.CandidateRole)];
        if (plan.Has(EnginePlan.CandidateRole))
            throw plan.Fault("candidate", "and 'candidates' exclude each other: 'candidate' is one engine, 'candidates' has several by name");
        List<EnginePlan> read = [];
        foreach (string name in map.Keys)
        {
            if (!Identity().IsMatch(name) || name is EnginePlan.BaselineRole or EnginePlan.CandidateRole)
                throw map.Fault(name, "must be a short name of letters, digits and dashes, and neither 'baseline' nor 'candidate'");
            read.Add(ReadEngine(map, name));
        }
        map.Finish();
        return read.Count is > 0 and <= MaxCandidates ? read : throw plan.Fault("candidates", $"must have 1 to {MaxCandidates} engines, found {read.Count}");
    }

    private static EnginePlan ReadEngine(PlanMap plan, string role)
    {
        PlanMap map = plan.Map(role) ?? throw plan.Missing(role);
        string[] kinds = [.. SourceKinds.Where(map.Has)];
        if (kinds.Length != 1)
            throw plan.Fault(role, kinds.Length == 0 ? "needs an 'engine' of this process, a 'url' or a 'command'" : $"has {string.Join(" and ", kinds)}: one of them, please");
        string? name = map.Text("name");
        EngineSource source;
        if (map.Text("engine") is { } engine)
            (source, name) = (new CatalogueSource(engine), name ?? engine);
        else if (map.Program("command") is { } command)
        {
            if (!command.Any(word => word.Contains("{text}", StringComparison.Ordinal)))
                throw map.Fault("command", "must say where the text goes: \"{text}\"");
            (source, name) = (new ProgramSource(command), name ?? Path.GetFileName(command[0]));
        }
        else
        {
            AddressSource address = ReadAddress(map, kinds[0]);
            (source, name) = (address, name ?? address.Model ?? address.BaseUrl.Authority);
        }
        EnginePlan read = new()
        {
            Role = role,
            Name = name,
            Source = source,
            Voices = ReadVoices(map, source),
            IsStreamingDeclared = map.Flag("streaming", true),
            Version = map.Text("version"),
        };
        map.Finish();
        return read;
    }

    private static AddressSource ReadAddress(PlanMap map, string kind)
    {
        AddressSource address = new(map.Address("url") ?? throw map.Missing(kind))
        {
            Model = map.Text("model"),
            IsOmni = map.Choice("dialect", false, ("open_ai", false), ("vllm_omni", true)),
            KeyVariable = map.Text("key_variable"),
            Format = map.Choice("format", "wav", ("wav", "wav"), ("pcm", "pcm"), ("mp3", "mp3"), ("opus", "opus"), ("flac", "flac"), ("aac", "aac")),
            SampleRate = map.Integer("sample_rate", 24_000, 8_000, 96_000),
            Start = map.Program("start"),
            Stop = map.Program("stop"),
            Ready = map.Address("ready"),
            StartTimeout = map.Duration("start_timeout", TimeSpan.FromMinutes(5), Second, Hour),
            EnvironmentFile = map.Text("env_file"),
        };
        if (address.KeyVariable is { } variable && !VariableName().IsMatch(variable))
            throw map.Fault("key_variable", "takes the name of a variable, not the key itself");
        if (address.Start is null && (address.Stop ?? (object?)address.Ready ?? address.EnvironmentFile) is not null)
            throw map.Fault("start", "is missing: 'stop', 'ready' and 'env_file' belong to a server that the trial starts");
        return address;
    }

    private static Dictionary<string, VoicePlan> ReadVoices(PlanMap map, EngineSource source)
    {
        if (map.Has("voices") && map.Has("voice"))
            throw map.Fault("voice", "and 'voices' exclude each other: 'voice' is one condition, 'voices' has one for each");
        if (map.Map("voices") is not { } voices)
            return new(StringComparer.Ordinal) { ["v1"] = map.IsMap("voice") ? ReadVoice(map, "voice", source) : new VoicePlan(map.Text("voice")) };
        Dictionary<string, VoicePlan> read = new(StringComparer.Ordinal);
        foreach (string condition in voices.Keys)
        {
            if (!Identity().IsMatch(condition))
                throw voices.Fault(condition, "must be short: letters, digits and dashes");
            read.Add(condition, ReadVoice(voices, condition, source));
        }
        voices.Finish();
        return read.Count > 0 ? read : throw map.Fault("voices", "is empty");
    }

    private static VoicePlan ReadVoice(PlanMap voices, string condition, EngineSource source)
    {
        if (!voices.IsMap(condition))
            return new VoicePlan(voices.Text(condition));
        PlanMap voice = voices.Map(condition)!;
        VoicePlan read = new(voice.Text("voice"), voice.Text("reference"), voice.Text("reference_text"));
        if (read.IsCloned && source is ProgramSource or AddressSource { IsOmni: false })
            throw voice.Fault("reference", "needs an engine of this process that clones, or a server of the dialect vllm_omni");
        if (read.ReferenceText is not null && !read.IsCloned)
            throw voice.Fault("reference_text", "needs a 'reference'");
        voice.Finish();
        return read;
    }

    private static IReadOnlyList<Utterance> ReadUtterances(PlanMap map)
    {
        if (map.Maps("utterances") is not { } list)
        {
            return map.Text("utterances") is null or "standard" ? StandardUtterances.English
                : throw map.Fault("utterances", "must be 'standard' or a list of {id, text}");
        }
        if (list.Count is 0 or > MaxUtterances)
            throw map.Fault("utterances", $"must have 1 to {MaxUtterances} texts, found {list.Count}");
        List<Utterance> read = [];
        foreach (PlanMap item in list)
        {
            Utterance utterance = new(item.RequiredText("id"), item.RequiredText("text").ReplaceLineEndings(" ").Trim());
            if (!Identity().IsMatch(utterance.Id))
                throw item.Fault("id", "must be short: letters, digits and dashes");
            if (utterance.Text.Length > MaxText)
                throw item.Fault("text", $"has {utterance.Text.Length} characters; {MaxText} are the most");
            if (read.Exists(known => known.Id == utterance.Id))
                throw item.Fault("id", $"'{utterance.Id}' is there twice");
            item.Finish();
            read.Add(utterance);
        }
        return read;
    }

    private static LimitPlan ReadLimits(PlanMap? map)
    {
        LimitPlan standard = new();
        if (map is null)
            return standard;
        LimitPlan read = new()
        {
            Connect = map.Duration("connect", standard.Connect, Millisecond, Hour),
            Read = map.Duration("read", standard.Read, Millisecond, Hour),
            Write = map.Duration("write", standard.Write, Millisecond, Hour),
            Call = map.Duration("call", standard.Call, Millisecond, Hour),
            Timeouts = map.Integer("timeouts", standard.Timeouts, 0, 1000),
            Pause = map.Duration("pause", standard.Pause, TimeSpan.Zero, Hour),
            WarmupCalls = map.Integer("warmup_calls", standard.WarmupCalls, 1, 1000),
            WarmupAtMost = map.Integer("warmup_at_most", standard.WarmupAtMost, 1, 1000),
            MemoryReserveBytes = map.Integer("memory_reserve_mib", (int)(standard.MemoryReserveBytes >> 20), 0, int.MaxValue) * (1L << 20),
        };
        if (read.WarmupAtMost < read.WarmupCalls)
            throw map.Fault("warmup_at_most", $"must not be less than warmup_calls ({read.WarmupCalls})");
        map.Finish();
        return read;
    }

    private static NeighbourPlan? ReadNeighbour(PlanMap? map)
    {
        if (map is null)
            return null;
        NeighbourProbePlan? chat = map.Map("chat") is { } asked ? ReadChat(asked) : null;
        NeighbourProbePlan? get = map.Address("get") is { } address ? new GetProbePlan(address) : null;
        NeighbourProbePlan? command = map.Program("command") is { } program ? new CommandProbePlan(program) : null;
        NeighbourProbePlan[] probes = [.. new[] { chat, get, command }.OfType<NeighbourProbePlan>()];
        NeighbourPlan standard = new() { Probe = new GetProbePlan(new("http://127.0.0.1")) };
        NeighbourPlan read = new()
        {
            Probe = probes is [{ } only] ? only : throw map.Fault("chat", "or 'get' or 'command': exactly one says how the neighbour is asked"),
            Pause = map.Map("pause") is { } pause ? ReadPause(pause) : null,
            AbortRatio = map.Number("abort_ratio", standard.AbortRatio, 1, 100),
            RecoveryRatio = map.Number("recovery_ratio", standard.RecoveryRatio, 1, 100),
            Probes = map.Integer("probes", standard.Probes, 3, 1000),
            Period = map.Duration("period", standard.Period, Millisecond, Hour),
            WatchPeriod = map.Duration("watch_period", standard.WatchPeriod, Millisecond, Hour),
            Timeout = map.Duration("timeout", standard.Timeout, Millisecond, Hour),
            Settle = map.Duration("settle", standard.Settle, TimeSpan.Zero, Hour),
            Rounds = map.Integer("rounds", standard.Rounds, 1, 100),
            RoundPause = map.Duration("round_pause", standard.RoundPause, TimeSpan.Zero, Hour),
        };
        map.Finish();
        return read;
    }

    private static ChatProbePlan ReadChat(PlanMap map)
    {
        string? variable = map.Text("key_variable");
        if (variable is not null && !VariableName().IsMatch(variable))
            throw map.Fault("key_variable", "takes the name of a variable, not the key itself");
        ChatProbePlan read = new(map.Address("url") ?? throw map.Missing("url"), map.RequiredText("model"), map.Text("prompt") ?? "Say the numbers from one to ten.", variable);
        map.Finish();
        return read;
    }

    private static PausePlan ReadPause(PlanMap map)
    {
        PausePlan read = new(
            map.Program("stop") ?? throw map.Missing("stop"), map.Program("start") ?? throw map.Missing("start"), map.Duration("timeout", TimeSpan.FromMinutes(2), Millisecond, Hour));
        map.Finish();
        return read;
    }

    private static ObjectivePlan ReadObjective(PlanMap? map)
    {
        if (map is null)
            return new(null, HasSpeakerSimilarity: false);
        ObjectivePlan read = new(map.Text("ear"), map.Flag("speaker_similarity", false), map.Text("references"), map.Flag("aligned", false));
        if (read is { AreAligned: true, References: null })
            throw map.Fault("aligned", "needs 'references', the folder of the recordings");
        map.Finish();
        return read;
    }

    private static PaidPrescreenPlan? ReadPaidPrescreen(PlanMap? map)
    {
        if (map is null)
            return null;
        bool isEnabled = map.Flag("enabled", false);
        Uri address = map.Address("url") ?? throw map.Missing("url");
        if (address.Scheme != "https" && !address.IsLoopback)
            throw map.Fault("url", "must be https: the key would be readable on its way");
        PaidPrescreenPlan read = new(
            address, map.RequiredText("model"), map.RequiredText("key_variable"), map.RequiredText("env_file"),
            map.Money("price_per_minute"), map.Money("budget"), map.RequiredText("currency"));
        if (!VariableName().IsMatch(read.KeyVariable))
            throw map.Fault("key_variable", "takes the name of a variable, not the key itself");
        if (!Currency().IsMatch(read.Currency))
            throw map.Fault("currency", "must be three capital letters, such as EUR or USD");
        map.Finish();
        return isEnabled ? read : null;
    }

    private static int ReadListeners(PlanMap? map)
    {
        int listeners = map?.Integer("listeners", 1, 1, 1000) ?? 1;
        map?.Finish();
        return listeners;
    }

    private static DecisionRule ReadRule(PlanMap map)
    {
        try
        {
            return DecisionRule.Parse(map.RequiredText("rule"));
        }
        catch (RuleException fault)
        {
            throw map.Fault("rule", $"cannot be read: {fault.Message}\n");
        }
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9-]{0,19}\z")]
    private static partial Regex Identity();

    [GeneratedRegex(@"\A[A-Z]{3}\z")]
    private static partial Regex Currency();

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]*\z")]
    private static partial Regex VariableName();
}
