using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Parley.Server.Tests;

public sealed class TrialEndpointsTests : IDisposable
{
    private readonly MadeTrial trial = new();

    public void Dispose() => trial.Dispose();

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

    private Task<TestServer> StartAsync() => TestServer.StartAsync(new ServerOptions { Trials = { Folder = trial.Root } }, TestServer.Speaker(new ToneSpeaker()));
}
