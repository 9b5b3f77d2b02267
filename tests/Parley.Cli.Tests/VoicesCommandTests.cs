using System.Security.Cryptography;
using System.Text.Json;
using Parley.Audio;
using Parley.Cli.Configuration;

namespace Parley.Cli.Tests;

public sealed class VoicesCommandTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("parley-voices-");
    private readonly StringWriter output = new(), error = new();

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task A_voice_is_brought_listed_shown_copied_and_deleted()
    {
        string recording = Recording("anna.wav");

        Assert.Equal(0, await RunAsync("voices", "add", recording, "--name", "Anna", "--consent", "She agreed.", "--transcript", "Good day.", "--language", "de"));
        Assert.Equal(0, await RunAsync("voices", "list", "--engine", "openai:omni"));
        Assert.Contains("Anna", output.ToString(), StringComparison.Ordinal);
        output.GetStringBuilder().Clear();
        Assert.Equal(0, await RunAsync("voices", "show", "anna", "--json"));
        JsonElement shown = JsonDocument.Parse(output.ToString()).RootElement;
        Assert.Equal(("She agreed.", "file", "openai:omni"), (shown.GetProperty("voice").GetProperty("consent").GetProperty("statement").GetString(), shown.GetProperty("voice").GetProperty("source").GetString(), shown.GetProperty("engines")[0].GetString()));
        Assert.Equal(Hash(recording), shown.GetProperty("voice").GetProperty("references")[0].GetProperty("source_sha256").GetString());
        Assert.Equal(0, await RunAsync("voices", "sample", "Anna", "-o", In("copy.wav")));
        Assert.Equal(24_000, WavReader.Read(In("copy.wav")).SampleRate);
        Assert.Equal(0, await RunAsync("voices", "delete", "Anna"));
        Assert.Equal(ExitCodes.NoInput, await RunAsync("voices", "show", "Anna"));
        Assert.Empty(Directory.EnumerateDirectories(In("voices")));
        Assert.DoesNotContain("anna.wav", string.Concat(Directory.EnumerateFileSystemEntries(In("voices"))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_confirmed_clips_of_an_extraction_become_one_voice()
    {
        string first = Clip("clip_ann_1_4", "Good evening."), second = Clip("clip_ann_9_12", "Come in.");
        File.WriteAllText(In("confirmed.json"), $$"""{"schema":1,"confirmed_utc":"2026-05-03T12:00:00.000Z","clips":[{"clip":"clip_ann_1_4.wav","sha256":"{{Hash(first)}}"},{"clip":"clip_ann_9_12.wav","sha256":"{{Hash(second)}}"}]}""");

        Assert.Equal(0, await RunAsync("voices", "add", In("confirmed.json"), "--name", "Ann", "--consent", "She agreed."));
        output.GetStringBuilder().Clear();
        Assert.Equal(0, await RunAsync("voices", "show", "Ann", "--json"));

        JsonElement voice = JsonDocument.Parse(output.ToString()).RootElement.GetProperty("voice");
        Assert.Equal(("clip", "en"), (voice.GetProperty("source").GetString(), voice.GetProperty("language").GetString()));
        Assert.Equal(["Good evening.", "Come in."], voice.GetProperty("references").EnumerateArray().Select(reference => reference.GetProperty("transcript").GetString()));
        JsonElement metadata = JsonDocument.Parse(File.ReadAllText(In("metadata_clip_ann_1_4.json"))).RootElement;
        Assert.True(metadata.GetProperty("confirmed_by_user").GetBoolean());
        Assert.Equal(new DateTimeOffset(2026, 5, 3, 12, 0, 0, TimeSpan.Zero), metadata.GetProperty("confirmed_utc").GetDateTimeOffset());
    }

    [Fact]
    public async Task A_clip_that_is_not_the_confirmed_one_is_refused()
    {
        string clip = Clip("clip_ann_1_4", "Good evening.");
        File.WriteAllText(In("confirmed.json"), $$"""{"schema":1,"confirmed_utc":"2026-05-03T12:00:00Z","clips":[{"clip":"clip_ann_1_4.wav","sha256":"{{Hash(clip)}}"}]}""");
        File.AppendAllText(clip, "x");

        Assert.NotEqual(0, await RunAsync("voices", "add", In("confirmed.json"), "--name", "Ann", "--consent", "She agreed."));
        Assert.Contains("is not the clip that was confirmed", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"schema":1,"confirmed_utc":"2026-05-03T12:00:00Z","clips":[{"clip":"../../etc/x.wav","sha256":""}]}""", "no clip of an extraction")]
    [InlineData("""{"schema":1,"confirmed_utc":"2026-05-03T12:00:00Z","clips":[]}""", "names no clip")]
    [InlineData("""{"clips":3}""", "cannot be read")]
    [InlineData("[", "cannot be read")]
    public async Task A_list_that_is_none_is_refused(string list, string said)
    {
        File.WriteAllText(In("confirmed.json"), list);
        Assert.NotEqual(0, await RunAsync("voices", "add", In("confirmed.json"), "--name", "Ann", "--consent", "She agreed."));
        Assert.Contains(said, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_the_starter_voices_alone_a_voice_is_refused_and_nothing_is_kept()
    {
        Assert.Equal(ExitCodes.Unavailable, await RunBareAsync("voices", "add", Recording("anna.wav"), "--name", "Anna", "--consent", "She agreed."));
        Assert.Contains("'hibari' cannot copy a voice from a recording; 'espeak' cannot copy a voice from a recording", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("vllm_omni", error.ToString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(In("voices")));
    }

    private string In(string name) => Path.Combine(folder.FullName, name);

    private string Recording(string name)
    {
        WavWriter.Write(In(name), new AudioBuffer([.. Enumerable.Range(0, 32_000).Select(i => 0.3f * MathF.Sin(i * 0.06f))], 16_000));
        return In(name);
    }

    private string Clip(string stem, string text)
    {
        string clip = Recording($"{stem}.wav");
        File.WriteAllText(In($"metadata_{stem}.json"), $$"""
            {"schema":1,"clip":"{{stem}}.wav","sha256":"{{Hash(clip)}}","duration_s":2,"sample_rate":16000,"channels":1,"start_s":1,"end_s":3,"speaker":"Ann","text":"{{text}}","language":"en",
             "median_f0_hz":150,"lufs_i":-16,"dbtp":-2,"lra":null,"gain_db":0,"similarity":0.9,"mode":"voice","timing":"cue","confirmed_by_user":false,"confirmed_utc":null,"tool_version":"1"}
            """);
        return clip;
    }

    private static string Hash(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));

    private Task<int> RunAsync(params string[] arguments) => RunBareAsync([.. arguments,
        "--set", "remotes.omni.task=speech", "--set", "remotes.omni.base_url=http://127.0.0.1:1/v1", "--set", "remotes.omni.dialect=vllm_omni"]);

    private Task<int> RunBareAsync(params string[] arguments)
    {
        Terminal terminal = new() { Out = output, Error = error, OpenInput = () => new MemoryStream(), OpenOutput = () => new MemoryStream() };
        return CommandLine.RunAsync([.. arguments, "--set", $"data_folder={folder.FullName}"], terminal, new ConfigurationInput { Environment = new Dictionary<string, string> { ["PARLEY_HOME"] = In("home") }, CurrentFolder = folder.FullName }, TestContext.Current.CancellationToken);
    }
}
