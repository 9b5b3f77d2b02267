using System.Reflection;
using System.Text.Json.Nodes;
using Parley.Trials.Measuring;
using Parley.Trials.Plans;

namespace Parley.Trials.Running;

/// <summary>The baseline's sound, kept beside the trials under the hash of everything that it depends on: another text, voice or version is another file.</summary>
internal sealed class BaselineSound(TrialFolder folder, TrialPlan plan)
{
    private readonly Lazy<string?> version = new(() => plan.Baseline.Version ?? VersionOf(plan.Baseline.Source));

    /// <summary>SHA-256 of the canonical JSON of engine, version, model, voice, reference, text and form.</summary>
    public string KeyOf(Cell cell)
    {
        VoicePlan voice = plan.Baseline.Voices[cell.Condition];
        string reference = voice.Reference is null ? "" : Path.Combine(folder.Folder, voice.Reference);
        JsonObject key = new()
        {
            ["engine"] = plan.Baseline.Source switch
            {
                CatalogueSource engine => engine.Engine,
                AddressSource address => address.BaseUrl.AbsoluteUri,
                ProgramSource program => string.Join('\0', program.Arguments),
                _ => throw new System.Diagnostics.UnreachableException(),
            },
            ["engine_version"] = version.Value,
            ["language"] = plan.Language,
            ["model"] = (plan.Baseline.Source as AddressSource)?.Model,
            ["params"] = (plan.Baseline.Source as AddressSource)?.Format,
            ["reference_sha256"] = File.Exists(reference) ? Sha256Text.OfFile(reference) : null,
            ["sample_rate"] = (plan.Baseline.Source as AddressSource)?.SampleRate,
            ["text"] = plan.Find(cell.Utterance).Text,
            ["voice"] = voice.Id,
        };
        return Sha256Text.Of(key.ToJsonString());
    }

    // What is known without asking the engine: this program's version for its own engines, the file of another program. A server's only the plan can tell.
    private static string? VersionOf(EngineSource source) => source switch
    {
        CatalogueSource => typeof(BaselineSound).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion,
        ProgramSource program when TrialProcess.Locate(program.Arguments[0]) is { } file => Sha256Text.OfFile(file),
        _ => null,
    };

    /// <summary>Takes over sound that an earlier trial made, if it is still what was written.</summary>
    /// <returns>The file below the run's folder, or <see langword="null"/>.</returns>
    public string? TryReuse(string key, Cell cell)
    {
        string stored = Path.Combine(folder.Baselines, key + ".wav"), check = stored + ".sha256";
        if (!File.Exists(stored) || !File.Exists(check) || Sha256Text.OfFile(stored) != File.ReadAllText(check).Trim())
            return null;
        byte[] wav = File.ReadAllBytes(stored);
        if (WavCheck.Of(wav, plan.Find(cell.Utterance).Text).Error is not null)
            return null;
        string file = FileOf(cell);
        AtomicFile.Write(Path.Combine(folder.Run, file), wav);
        return file;
    }

    /// <returns>The file below the run's folder.</returns>
    public string Keep(string key, Cell cell, ReadOnlySpan<byte> sound)
    {
        string stored = Path.Combine(folder.Baselines, key + ".wav");
        AtomicFile.Write(stored, sound);
        AtomicFile.Write(stored + ".sha256", System.Text.Encoding.ASCII.GetBytes(Sha256Text.Of(sound)));
        string file = FileOf(cell);
        AtomicFile.Write(Path.Combine(folder.Run, file), sound);
        return file;
    }

    private static string FileOf(Cell cell) => Path.Combine("audio", $"stored_{cell.Condition}_{cell.Utterance}.wav");
}
