using Parley.Trials.Rules;

namespace Parley.Trials.Plans;

/// <summary>What is measured, how, and by which rule it is decided: everything that is fixed before the first measurement.</summary>
public sealed record TrialPlan
{
    public required EnginePlan Baseline { get; init; }

    /// <summary>The engines that may replace the baseline, at least one.</summary>
    public required IReadOnlyList<EnginePlan> Candidates { get; init; }

    /// <summary>Ways to choose the voice, in order: <c>v1</c>, <c>v2</c> ... Every engine has a voice for each.</summary>
    public required IReadOnlyList<string> Conditions { get; init; }

    public required IReadOnlyList<Utterance> Utterances { get; init; }

    /// <summary>BCP 47 tag of the utterances.</summary>
    public required string Language { get; init; }

    /// <summary>How often each cell is measured.</summary>
    public required int Repetitions { get; init; }

    /// <summary>Of every shuffle and every drawn sample.</summary>
    public required long Seed { get; init; }

    public required TrialOrder Order { get; init; }

    public required LimitPlan Limits { get; init; }

    public required NeighbourPlan? Neighbour { get; init; }

    public required ObjectivePlan Objective { get; init; }

    /// <summary>A paid service that may be asked beforehand whether the candidates can be understood; <see langword="null"/> for none.</summary>
    public PaidPrescreenPlan? PaidPrescreen { get; init; }

    /// <summary>People who must have judged every pair before the labels are lifted.</summary>
    public required int Listeners { get; init; }

    public required DecisionRule Rule { get; init; }

    /// <summary>The file, byte for byte, as text.</summary>
    public required string Source { get; init; }

    /// <summary>Of the file's bytes; 64 hexadecimal digits.</summary>
    public required string Sha256 { get; init; }

    public IEnumerable<EnginePlan> Engines => [Baseline, .. Candidates];

    /// <summary>Of the identities and texts of the utterances, in order.</summary>
    public string UtterancesSha256 => Sha256Text.Of(string.Join('\n', Utterances.Select(utterance => $"{utterance.Id}\t{utterance.Text}")));

    /// <summary>Names of the variables whose values are secret.</summary>
    public IEnumerable<string> SecretVariables => Engines.Select(engine => (engine.Source as AddressSource)?.KeyVariable).Append((Neighbour?.Probe as ChatProbePlan)?.KeyVariable).OfType<string>();

    /// <summary>Files of secrets, relative to the plan.</summary>
    public IEnumerable<string> EnvironmentFiles => Engines.Select(engine => (engine.Source as AddressSource)?.EnvironmentFile).Append(PaidPrescreen?.EnvironmentFile).OfType<string>();

    /// <summary>Every program that the trial may start, with its arguments.</summary>
    public IEnumerable<IReadOnlyList<string>> Programs => Engines.SelectMany(engine => engine.Source switch
    {
        ProgramSource program => [program.Arguments],
        AddressSource address => [address.Start, address.Stop],
        _ => (IReadOnlyList<string>?[])[],
    }).Append((Neighbour?.Probe as CommandProbePlan)?.Arguments).Append(Neighbour?.Pause?.Stop).Append(Neighbour?.Pause?.Start).OfType<IReadOnlyList<string>>();

    /// <summary>Utterance and condition, for each pair of them.</summary>
    public IEnumerable<Cell> Cells => Utterances.SelectMany(utterance => Conditions.Select(condition => new Cell(utterance.Id, condition)));

    public Utterance Find(string utterance) => Utterances.First(known => known.Id == utterance);
}

/// <summary>One text to speak.</summary>
/// <param name="Id">Letters, digits, dash; at most 20.</param>
/// <param name="Text">Not blank.</param>
public sealed record Utterance(string Id, string Text);

/// <summary>An utterance in one voice condition.</summary>
public readonly record struct Cell(string Utterance, string Condition)
{
    public override string ToString() => $"{Condition}/{Utterance}";
}

/// <summary>In which order the engines are measured.</summary>
public enum TrialOrder
{
    /// <summary>Cell by cell, the engine that begins alternating: drift of the machine hits all alike. All must fit side by side.</summary>
    Interleaved,

    /// <summary>All of the baseline, then all of each candidate, between two measurements of the same few baseline cells that show the drift.</summary>
    Bracketed,
}

/// <summary>An engine under trial.</summary>
public sealed record EnginePlan
{
    /// <summary><c>baseline</c>; <c>candidate</c>, or, of several, the candidate's own name in the plan.</summary>
    public required string Role { get; init; }

    public bool IsBaseline => Role == BaselineRole;

    public const string BaselineRole = "baseline", CandidateRole = "candidate";

    /// <summary>For people: the engine, the model or the program.</summary>
    public required string Name { get; init; }

    public required EngineSource Source { get; init; }

    /// <summary>Condition to voice.</summary>
    public required IReadOnlyDictionary<string, VoicePlan> Voices { get; init; }

    /// <summary>False if the operator knows that it answers only when all is made; true is still checked by measurement.</summary>
    public bool IsStreamingDeclared { get; init; } = true;

    /// <summary>Version for the record, where the engine does not tell its own.</summary>
    public string? Version { get; init; }
}

/// <summary>Where an engine's sound comes from.</summary>
public abstract record EngineSource;

/// <summary>An engine of this process, by its name in the catalogue.</summary>
public sealed record CatalogueSource(string Engine) : EngineSource;

/// <summary>A server with OpenAI's speech route.</summary>
public sealed record AddressSource(Uri BaseUrl) : EngineSource
{
    public string? Model { get; init; }

    /// <summary>True for vllm-omni's further fields: language, reference, streaming.</summary>
    public bool IsOmni { get; init; }

    /// <summary>Name of the variable that holds the key; none is sent without.</summary>
    public string? KeyVariable { get; init; }

    /// <summary><c>wav</c>, <c>pcm</c>, or another format that ffmpeg can decode.</summary>
    public string Format { get; init; } = "wav";

    /// <summary>Of raw PCM, in Hz.</summary>
    public int SampleRate { get; init; } = 24_000;

    /// <summary>The program that serves it, if the trial is to start it; it stays in the foreground.</summary>
    public IReadOnlyList<string>? Start { get; init; }

    /// <summary>A program that asks it to end, run before it is ended by signals.</summary>
    public IReadOnlyList<string>? Stop { get; init; }

    /// <summary>Answers 2xx once the started server can speak.</summary>
    public Uri? Ready { get; init; }

    /// <summary>How long the start may take.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>File of NAME=value lines (mode 0600) for the started program's environment.</summary>
    public string? EnvironmentFile { get; init; }
}

/// <summary>A program that writes WAV to its standard output, one run for each text. <c>{text}</c>, <c>{voice}</c> and <c>{language}</c> are filled in.</summary>
public sealed record ProgramSource(IReadOnlyList<string> Arguments) : EngineSource;

/// <summary>A voice of an engine under one condition.</summary>
/// <param name="Id">The voice's name; <see langword="null"/> for the engine's default, or where a reference gives it.</param>
/// <param name="Reference">Path of a recording to clone, relative to the plan; <see langword="null"/> without cloning.</param>
/// <param name="ReferenceText">What the recording says.</param>
public sealed record VoicePlan(string? Id, string? Reference = null, string? ReferenceText = null)
{
    public bool IsCloned => Reference is not null;
}

/// <summary>Times and counts that end a call or the trial.</summary>
public sealed record LimitPlan
{
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest gap without a byte, the first included.</summary>
    public TimeSpan Read { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest time to send the request.</summary>
    public TimeSpan Write { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest call.</summary>
    public TimeSpan Call { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Calls of one engine that may time out; one more ends the trial.</summary>
    public int Timeouts { get; init; } = 2;

    /// <summary>Idle time between calls.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Fewest warm-up calls of each engine.</summary>
    public int WarmupCalls { get; init; } = 3;

    /// <summary>Most warm-up calls of each engine.</summary>
    public int WarmupAtMost { get; init; } = 8;

    /// <summary>Memory that must be left once the candidate is loaded, in bytes.</summary>
    public long MemoryReserveBytes { get; init; } = 256L << 20;
}

/// <summary>The service beside the trial that must not be harmed.</summary>
public sealed record NeighbourPlan
{
    public required NeighbourProbePlan Probe { get; init; }

    /// <summary>Programs that stop and start the neighbour around the trial; <see langword="null"/> to watch it instead.</summary>
    public PausePlan? Pause { get; init; }

    /// <summary>Times the baseline's median that end the trial.</summary>
    public double AbortRatio { get; init; } = 2.0;

    /// <summary>Times the baseline's median that count as recovered.</summary>
    public double RecoveryRatio { get; init; } = 1.2;

    /// <summary>Probes of the baseline.</summary>
    public int Probes { get; init; } = 20;

    /// <summary>Between the probes of baseline and recovery.</summary>
    public TimeSpan Period { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Between the probes during the measurement.</summary>
    public TimeSpan WatchPeriod { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A probe without an answer for so long counts as infinite.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>From the candidate's end to the first probe of recovery.</summary>
    public TimeSpan Settle { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Tries at recovery.</summary>
    public int Rounds { get; init; } = 3;

    /// <summary>Between the tries.</summary>
    public TimeSpan RoundPause { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>How the neighbour is asked.</summary>
public abstract record NeighbourProbePlan;

/// <summary>A streamed chat completion.</summary>
public sealed record ChatProbePlan(Uri BaseUrl, string Model, string Prompt, string? KeyVariable) : NeighbourProbePlan;

/// <summary>An HTTP GET.</summary>
public sealed record GetProbePlan(Uri Address) : NeighbourProbePlan;

/// <summary>A program that ends with 0.</summary>
public sealed record CommandProbePlan(IReadOnlyList<string> Arguments) : NeighbourProbePlan;

/// <summary>Programs that stop the neighbour before the measurement and always start it again.</summary>
public sealed record PausePlan(IReadOnlyList<string> Stop, IReadOnlyList<string> Start, TimeSpan Timeout);

/// <summary>What is computed beside the listening; for information, unless the rule names it.</summary>
/// <param name="Ear">Speech-to-text engine of this process for word error rates; <see langword="null"/> for none.</param>
/// <param name="HasSpeakerSimilarity">True to compare with the references of cloned voices.</param>
/// <param name="References">Folder of recordings of the texts, relative to the plan; <see langword="null"/> for none.</param>
/// <param name="AreAligned">True if the recordings are what the engines were made to reproduce, sample by sample: the input of a codec or a vocoder.</param>
public sealed record ObjectivePlan(string? Ear, bool HasSpeakerSimilarity, string? References = null, bool AreAligned = false);

/// <summary>A server with OpenAI's transcription route that takes money. What it hears is for information and cannot be named by a rule.</summary>
/// <param name="BaseUrl">Where it is; https, but for this machine.</param>
/// <param name="Model">Its model.</param>
/// <param name="KeyVariable">Name of the key in the env file.</param>
/// <param name="EnvironmentFile">File of NAME=value lines (mode 0600), relative to the plan: the key comes from nowhere else.</param>
/// <param name="PricePerMinute">Of sound.</param>
/// <param name="Budget">Most that may be spent on the trial, in the same currency.</param>
/// <param name="Currency">Three letters.</param>
public sealed record PaidPrescreenPlan(Uri BaseUrl, string Model, string KeyVariable, string EnvironmentFile, decimal PricePerMinute, decimal Budget, string Currency);
