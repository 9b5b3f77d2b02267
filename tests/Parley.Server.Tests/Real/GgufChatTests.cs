using System.Net;
using System.Text.Json;
using Parley.Engines;

namespace Parley.Server.Tests.Real;

/// <summary>The chat route over a real, if tiny, language model.</summary>
public class GgufChatTests
{
    private const string Path = "/v1/chat/completions", Question = "\"messages\":[{\"role\":\"user\",\"content\":\"Good morning.\"}]";

    [Fact]
    public async Task Answers_come_with_counts_probabilities_and_a_seed_each()
    {
        await using TestServer server = await TestServer.StartAsync(Brain());
        JsonElement answer = await AskAsync(server, "{" + Question + ""","n":3,"seed":1,"max_tokens":8,"logprobs":true,"top_logprobs":2,"top_k":50}""");
        JsonElement[] choices = [.. answer.GetProperty("choices").EnumerateArray()];
        Assert.Equal(3, choices.Select(choice => choice.GetProperty("message").GetProperty("content").GetString()).Distinct().Count());
        Assert.All(choices, choice =>
        {
            JsonElement tokens = choice.GetProperty("logprobs").GetProperty("content");
            Assert.InRange(tokens.GetArrayLength(), 1, 8);
            Assert.Equal(2, tokens[0].GetProperty("top_logprobs").GetArrayLength());
            Assert.True(tokens[0].GetProperty("logprob").GetDouble() < 0);
        });
        Assert.Equal(3 * 18, answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task A_bias_decides_and_greedy_answers_are_the_same_again()
    {
        await using TestServer server = await TestServer.StartAsync(Brain());
        JsonElement answer = await AskAsync(server, "{" + Question + ""","temperature":0,"max_tokens":3,"logit_bias":{"13":100}}""");
        Assert.Equal("...", answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
    }

    [Theory]
    [InlineData("\"logit_bias\":{\"x\":1}", "invalid_value", "logit_bias")]
    [InlineData("\"logit_bias\":{\"1\":101}", "invalid_value", "logit_bias")]
    [InlineData("\"logit_bias\":[1]", "invalid_value", "logit_bias")]
    [InlineData("\"logit_bias\":{\"99999\":1}", "capability_missing", "logit_bias")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]", "capability_missing", "tools")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{\"type\":\"string\",\"pattern\":\"a\"}}}", "capability_missing", "response_format")]
    public async Task What_this_model_cannot_do_is_named(string member, string code, string parameter)
    {
        await using TestServer server = await TestServer.StartAsync(Brain());
        using HttpResponseMessage response = await server.PostAsync(Path, "{" + Question + "," + member + "}");
        JsonElement error = JsonElement.Parse(await response.Content.ReadAsStringAsync()).GetProperty("error");
        Assert.Equal((HttpStatusCode.BadRequest, code, parameter), (response.StatusCode, error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
    }

    [Fact]
    public async Task A_conversation_beyond_the_context_is_refused_with_both_numbers()
    {
        await using TestServer server = await TestServer.StartAsync(Brain());
        using HttpResponseMessage response = await server.PostAsync(Path, JsonSerializer.Serialize(new { messages = new[] { new { role = "user", content = new string('x', 3000) } } }));
        JsonElement error = JsonElement.Parse(await response.Content.ReadAsStringAsync()).GetProperty("error");
        Assert.Equal((HttpStatusCode.BadRequest, "context_length_exceeded", 512), (response.StatusCode, error.GetProperty("code").GetString(), error.GetProperty("detail").GetProperty("context").GetInt32()));
    }

    [Fact]
    public async Task The_memory_of_an_open_model_is_among_the_measurements()
    {
        await using TestServer server = await TestServer.StartAsync(Brain());
        await AskAsync(server, "{" + Question + ""","max_tokens":1}""");
        Assert.Contains("parley_engine_memory_bytes{", await server.Http.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    private static EngineRegistration Brain() => GgufEngine.Register(TestData.Golden("decoder/tiny-llama/tiny-llama-f32.gguf"), new BrainOptions { Threads = 1 });

    private static async Task<JsonElement> AskAsync(TestServer server, string request)
    {
        using HttpResponseMessage response = await server.PostAsync(Path, request);
        string body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, body);
        return JsonElement.Parse(body);
    }
}
