using Parley.Audio;

namespace Parley.Server.Tests;

/// <summary>A trial of two tones whose measurements are done: its pairs can be listened to. Two texts make six pairs: two, both once more with sides exchanged, one clip against itself, one damaged.</summary>
internal sealed class MadeTrial : IDisposable
{
    private const int Rate = 16_000;

    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("parley-trials-");

    public MadeTrial()
    {
        string audio = Path.Combine(Folder, "run", "audio");
        Directory.CreateDirectory(audio);
        File.WriteAllText(Path.Combine(Folder, "plan.yaml"),
            "trial: 1\nbaseline: {engine: old, voice: a}\ncandidate: {engine: new, voice: b}\nutterances: [{id: x, text: One.}, {id: y, text: Two.}]\nrule: candidate.score.mean >= 3\n");
        File.WriteAllText(Path.Combine(Folder, "run", "state.json"),
            """{"schema":1,"run_id":"20260101-120000-00000000","phase":"scoring","seq":1,"asserts":[],"cells":{},"engines":{},"pids":[],"teardown":[]}""");
        foreach (string utterance in (string[])["x", "y"])
        {
            WavWriter.Write(Path.Combine(audio, $"stored_v1_{utterance}.wav"), Tone(0.3));
            WavWriter.Write(Path.Combine(audio, $"candidate_v1_{utterance}_1.wav"), Tone(0.1));
            File.AppendAllText(Path.Combine(Folder, "run", "records.jsonl"), $$"""
                {"engine":"candidate","utterance":"{{utterance}}","condition":"v1","cloned":false,"repetition":1,"order":0,"attempt":1,"timed":true,"part":"timed","resumed":false,"at_utc":"2026-01-01T12:00:00Z","total_ms":1}

                """);
        }
    }

    /// <summary>The folder of all trials.</summary>
    public string Root => root.FullName;

    /// <summary>The judgements that are on the disk.</summary>
    public string[] Judgements => File.ReadAllLines(Path.Combine(Folder, "run", "listening", "scores.jsonl"));

    private string Folder => Path.Combine(Root, "voices");

    public void Dispose() => root.Delete(recursive: true);

    private static AudioBuffer Tone(double amplitude) => new([.. Enumerable.Range(0, Rate / 2).Select(i => (float)(amplitude * Math.Sin(i * 0.08)))], Rate);
}
