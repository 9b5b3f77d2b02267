using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Parley.Audio;

namespace Parley.Server.Tests;

public sealed class TrialEndpointsTests : IDisposable
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("parley-trials-");

    public TrialEndpointsTests()
    {
        string folder = Path.Combine(root.FullName, "voices"), audio = Path.Combine(folder, "run", "audio");
        Directory.CreateDirectory(audio);
        File.WriteAllText(Path.Combine(folder, "plan.yaml"),
            "trial: 1\nbaseline: {engine: old, voice: a}\ncandidate: {engine: new, voice: b}\nutterances: [{id: x, text: One.}, {id: y, text: Two.}]\nrule: candidate.score.mean >= 3\n");
        File.WriteAllText(Path.Combine(folder, "run", "state.json"),
            """{"schema":1,"run_id":"20260101-120000-00000000","phase":"scoring","seq":1,"asserts":[],"cells":{},"engines":{},"pids":[],"teardown":[]}""");
        foreach (string utterance in (string[])["x", "y"])
        {
            WavWriter.Write(Path.Combine(audio, $"stored_v1_{utterance}.wav"), Tone(0.3));
            WavWriter.Write(Path.Combine(audio, $"candidate_v1_{utterance}_1.wav"), Tone(0.1));
            File.AppendAllText(Path.Combine(folder, "run", "records.jsonl"), $$"""
                {"engine":"candidate","utterance":"{{utterance}}","condition":"v1","cloned":false,"repetition":1,"order":0,"attempt":1,"timed":true,"part":"timed","resumed":false,"at_utc":"2026-01-01T12:00:00Z","total_ms":1}

                """);
        }
    }

    public void Dispose() => root.Delete(recursive: true);

    [Fact]
    public async Task A_listener_judges_every_pair_and_learns_nothing()
    {
        await using TestServer server = await StartAsync();
        List<string> said = [];
        int pairs = 0;
        JsonElement next = await GetAsync("/v1/trials/voices/listening?listener=anna");
        for (; next.GetProperty("pair").ValueKind == JsonValueKind.Object; pairs++)
        {
            JsonElement pair = next.GetProperty("pair");
            Assert.Equal(pairs + 1, next.GetProperty("number").GetInt32());
            byte[] a = await server.Http.GetByteArrayAsync(pair.GetProperty("a").GetString()), b = await server.Http.GetByteArrayAsync(pair.GetProperty("b").GetString());
            Assert.Equal(a.Length, b.Length);
            Assert.Equal("RIFF"u8.ToArray(), a[..4]);
            using HttpResponseMessage judged = await server.Http.PostAsJsonAsync("/v1/trials/voices/listening",
                new { pair = pair.GetProperty("id").GetString(), listener = "anna", score_a = 3, score_b = 4, preference = "b", plays_a = 1, plays_b = 2, note = "clearer" });
            said.Add(await judged.Content.ReadAsStringAsync());
            Assert.Equal(HttpStatusCode.OK, judged.StatusCode);
            next = JsonDocument.Parse(said[^1]).RootElement;
        }

        Assert.Equal(6, pairs); // two, twice exchanged, one against itself, one damaged
        Assert.All(said, text => Assert.DoesNotContain("candidate", text, StringComparison.OrdinalIgnoreCase));
        JsonElement trial = (await GetAsync("/v1/trials")).GetProperty("data")[0];
        Assert.Equal(("voices", "scoring", 6, 6), (trial.GetProperty("name").GetString(), trial.GetProperty("phase").GetString(), trial.GetProperty("judged").GetInt32(), trial.GetProperty("wanted").GetInt32()));

        async Task<JsonElement> GetAsync(string path) => JsonDocument.Parse(await server.Http.GetStringAsync(path)).RootElement;
    }

    [Theory]
    [InlineData("{}", "missing_field", "pair")]
    [InlineData("""{"pair":"x","listener":"anna","score_a":0,"score_b":3,"plays_a":1,"plays_b":1}""", "invalid_value", "score_a")]
    [InlineData("""{"pair":"x","listener":"anna","score_a":3,"score_b":3,"plays_a":1,"plays_b":1}""", "invalid_value", "judgement")]
    [InlineData("""{"pair":"x","listener":"../anna","score_a":3,"score_b":3,"plays_a":1,"plays_b":1}""", "invalid_value", "judgement")]
    public async Task A_judgement_that_is_none_is_refused(string body, string code, string parameter)
    {
        await using TestServer server = await StartAsync();
        using StringContent content = new(body, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage refused = await server.Http.PostAsync("/v1/trials/voices/listening", content);
        await TestServer.ErrorAsync(refused, HttpStatusCode.BadRequest, code, parameter);
    }

    [Theory]
    [InlineData("/v1/trials/none/listening?listener=anna")]
    [InlineData("/v1/trials/..%2Fvoices/listening?listener=anna")]
    [InlineData("/v1/trials/voices/listening/key.sealed/a")]
    [InlineData("/v1/trials/voices/listening/..%2Fkey.sealed.json/a")]
    public async Task What_is_not_there_is_not_found(string path)
    {
        await using TestServer server = await StartAsync();
        using HttpResponseMessage answer = await server.Http.GetAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Without_a_folder_there_are_no_trials()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        Assert.Equal("""{"data":[]}""", await server.Http.GetStringAsync("/v1/trials"));
    }

    private Task<TestServer> StartAsync() => TestServer.StartAsync(new ServerOptions { Trials = { Folder = root.FullName } }, TestServer.Speaker(new ToneSpeaker()));

    private static AudioBuffer Tone(double amplitude) => new([.. Enumerable.Range(0, 16_000).Select(i => (float)(amplitude * Math.Sin(i * 0.08)))], 16_000);
}
