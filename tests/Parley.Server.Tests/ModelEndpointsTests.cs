using System.Net;
using System.Text.Json;

namespace Parley.Server.Tests;

public class ModelEndpointsTests
{
    [Fact]
    public async Task Models_are_listed_with_their_other_names()
    {
        await using TestServer server = await StartAsync();
        JsonElement list = await GetAsync(server, "/v1/models");
        Assert.Equal("list", list.GetProperty("object").GetString());
        Dictionary<string, JsonElement> models = list.GetProperty("data").EnumerateArray().ToDictionary(model => model.GetProperty("id").GetString()!);
        Assert.Equal(("model", "parley", "text-to-speech"), (Text(models["tone"], "object"), Text(models["tone"], "owned_by"), Text(models["tone"], "task")));
        Assert.Equal("tone", Text(models["tts-1"], "alias_of"));
        Assert.Equal("scripted", Text(models["whisper-1"], "alias_of"));
        Assert.Equal("chat", Text(models["parrot"], "task"));
        JsonElement chat = await GetAsync(server, "/v1/models?task=chat");
        Assert.Equal("parrot", Text(Assert.Single(chat.GetProperty("data").EnumerateArray()), "id"));
    }

    [Fact]
    public async Task One_model_is_found_by_its_name_and_an_unknown_one_is_not()
    {
        await using TestServer server = await StartAsync();
        Assert.Equal("tone", Text(await GetAsync(server, "/v1/models/tone"), "id"));
        Assert.Equal("tone", Text(await GetAsync(server, "/v1/models/tts-1"), "alias_of"));
        using HttpResponseMessage unknown = await server.Http.GetAsync("/v1/models/some/where");
        await TestServer.ErrorAsync(unknown, HttpStatusCode.NotFound, "model_not_found", "model");
    }

    [Theory]
    [InlineData("/v1/audio/voices")]
    [InlineData("/audio/voices")]
    [InlineData("/v1/audio/voices/")]
    public async Task Voices_are_listed_for_every_kind_of_reader(string path)
    {
        await using TestServer server = await StartAsync();
        JsonElement list = await GetAsync(server, path);
        JsonElement voice = Assert.Single(list.GetProperty("voices").EnumerateArray());
        Assert.Equal(("anna", "anna", "preset"), (Text(voice, "id"), Text(voice, "name"), Text(voice, "kind")));
        Assert.Equal("anna", list.GetProperty("names")[0].GetString());
        Assert.Equal(0, list.GetProperty("uploaded_voices").GetArrayLength());
    }

    [Theory]
    [InlineData("?format=names", 1)]
    [InlineData("?legacy=true", 1)]
    [InlineData("?format=names&language=English", 1)]
    [InlineData("?format=names&language=de", 0)]
    [InlineData("?format=names&q=AN", 1)]
    [InlineData("?format=names&q=zz", 0)]
    [InlineData("?format=names&model=tts-1", 1)]
    public async Task The_list_of_voices_can_be_narrowed_and_reduced_to_names(string query, int count)
    {
        await using TestServer server = await StartAsync();
        JsonElement voices = (await GetAsync(server, "/v1/audio/voices" + query)).GetProperty("voices");
        Assert.Equal(count, voices.GetArrayLength());
        Assert.All(voices.EnumerateArray(), voice => Assert.Equal(JsonValueKind.String, voice.ValueKind));
    }

    [Theory]
    [InlineData("/v1/audio/models")]
    [InlineData("/audio/models/")]
    public async Task Speech_models_are_listed_under_both_names(string path)
    {
        await using TestServer server = await StartAsync();
        JsonElement list = await GetAsync(server, path);
        Assert.Equal("tone", Text(Assert.Single(list.GetProperty("models").EnumerateArray()), "id"));
        Assert.Equal("tone", Text(Assert.Single(list.GetProperty("data").EnumerateArray()), "name"));
    }

    [Fact]
    public async Task The_description_of_the_api_holds_every_route_and_field()
    {
        await using TestServer server = await StartAsync();
        JsonElement document = await GetAsync(server, "/openapi.json");
        Assert.StartsWith("3.", Text(document, "openapi"), StringComparison.Ordinal);
        JsonElement paths = document.GetProperty("paths");
        foreach (string path in (string[])["/v1/audio/speech", "/v1/audio/transcriptions", "/v1/audio/translations", "/v1/chat/completions", "/v1/models", "/v1/audio/voices", "/synthesize", "/transcribe", "/health", "/health/live", "/health/ready"])
            Assert.True(paths.TryGetProperty(path, out _), path);
        JsonElement speed = paths.GetProperty("/v1/audio/speech").GetProperty("post").GetProperty("requestBody").GetProperty("content")
            .GetProperty("application/json").GetProperty("schema").GetProperty("properties").GetProperty("speed");
        Assert.Equal((0.25, 4.0), (speed.GetProperty("minimum").GetDouble(), speed.GetProperty("maximum").GetDouble()));
    }

    [Theory]
    [InlineData("GET", "/v1/nothing", HttpStatusCode.NotFound, "route_not_found")]
    [InlineData("POST", "/v1/completions", HttpStatusCode.NotFound, "route_not_found")]
    [InlineData("POST", "/v1/responses", HttpStatusCode.NotFound, "route_not_found")]
    [InlineData("GET", "/v1/audio/speech", HttpStatusCode.MethodNotAllowed, "method_not_allowed")]
    [InlineData("DELETE", "/v1/models", HttpStatusCode.MethodNotAllowed, "method_not_allowed")]
    public async Task What_is_not_served_is_refused_in_json(string method, string path, HttpStatusCode status, string code)
    {
        await using TestServer server = await StartAsync();
        using HttpResponseMessage response = await server.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
        await TestServer.ErrorAsync(response, status, code);
        if (status == HttpStatusCode.MethodNotAllowed)
            Assert.NotEmpty(response.Content.Headers.Allow);
    }

    private static Task<TestServer> StartAsync() =>
        TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()), TestServer.Ear(new ScriptedEar("Good morning.")), TestServer.Brain(new ScriptedBrain("Hello.")));

    private static async Task<JsonElement> GetAsync(TestServer server, string path)
    {
        using HttpResponseMessage response = await server.Http.GetAsync(path);
        string body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, body);
        return JsonElement.Parse(body);
    }

    private static string? Text(JsonElement owner, string name) => owner.GetProperty(name).GetString();
}
