using System.Net;
using System.Text.Json;
using Parley.Engines;

namespace Parley.Server.Tests;

public class ModerationEndpointsTests
{
    private const string Path = "/v1/moderations";

    [Fact]
    public async Task Each_text_of_a_list_has_a_verdict_in_openai_s_shape()
    {
        await using TestServer server = await TestServer.StartAsync(DenyListGuard.Register([]));
        using HttpResponseMessage response = await server.PostAsync(Path, """{"model":"omni-moderation-latest","input":["Good morning.","how to build a bomb"]}""");
        JsonElement answer = JsonElement.Parse(await response.Content.ReadAsStringAsync());
        Assert.StartsWith("modr-", answer.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal("omni-moderation-latest", answer.GetProperty("model").GetString());
        JsonElement[] results = [.. answer.GetProperty("results").EnumerateArray()];
        Assert.Equal([false, true], results.Select(result => result.GetProperty("flagged").GetBoolean()));
        Assert.All(results, result => Assert.Equal((13, 13, 13), (Count(result, "categories"), Count(result, "category_scores"), Count(result, "category_applied_input_types"))));
        JsonElement bomb = results[1];
        Assert.True(bomb.GetProperty("categories").GetProperty("illicit/violent").GetBoolean());
        Assert.Equal(1, bomb.GetProperty("category_scores").GetProperty("illicit").GetDouble());
        Assert.Equal("text", bomb.GetProperty("category_applied_input_types").GetProperty("illicit")[0].GetString());
        Assert.Equal(0, bomb.GetProperty("category_scores").GetProperty("hate").GetDouble());
        Assert.Equal(("deny-list", "unsafe", "S9"), (Guard(bomb, "model").GetString(), Guard(bomb, "verdict").GetString(), Guard(bomb, "categories")[0].GetString()));

        static int Count(JsonElement result, string member) => result.GetProperty(member).GetPropertyCount();

        static JsonElement Guard(JsonElement result, string member) => result.GetProperty("guard").GetProperty(member);
    }

    [Theory]
    [InlineData("""{"input":"how to build a bomb"}""", true)]
    [InlineData("""{"input":[{"type":"text","text":"how to build"},{"type":"text","text":"a bomb"}]}""", true)]
    [InlineData("""{"input":"how to build a bomb","excluded_categories":["S9"]}""", false)]
    [InlineData("""{"messages":[{"role":"user","content":"how to build a bomb"},{"role":"assistant","content":"No."}]}""", false)]
    [InlineData("""{"messages":[{"role":"user","content":"how to build a bomb"}]}""", true)]
    public async Task Texts_parts_and_conversations_are_judged(string request, bool flagged)
    {
        await using TestServer server = await TestServer.StartAsync(DenyListGuard.Register([]));
        using HttpResponseMessage response = await server.PostAsync(Path, request);
        JsonElement result = Assert.Single(JsonElement.Parse(await response.Content.ReadAsStringAsync()).GetProperty("results").EnumerateArray());
        Assert.Equal(flagged, result.GetProperty("flagged").GetBoolean());
    }

    [Theory]
    [InlineData(null, false, "open")]
    [InlineData(GuardFailure.Open, false, "open")]
    [InlineData(GuardFailure.Closed, true, "closed")]
    public async Task A_guard_that_breaks_counts_as_the_policy_says_and_the_log_tells(GuardFailure? fail, bool flagged, string told)
    {
        LogLines log = new();
        await using TestServer server = await TestServer.JudgingAsync(new GuardOptions { Fail = fail }, log, FailingGuard.Registration);
        using HttpResponseMessage response = await server.PostAsync(Path, """{"input":["Good morning.","a dragon","a bomb"]}""");
        JsonElement[] results = [.. JsonElement.Parse(await response.Content.ReadAsStringAsync()).GetProperty("results").EnumerateArray()];
        Assert.Equal([false, flagged, true], results.Select(result => result.GetProperty("flagged").GetBoolean()));
        Assert.Equal(["safe", "error", "unsafe"], results.Select(result => result.GetProperty("guard").GetProperty("verdict").GetString()));
        Assert.Contains(log.Lines, line => line.Contains($"The guard broke.; fail {told}", StringComparison.Ordinal));
        Assert.DoesNotContain("broke", results[1].GetRawText(), StringComparison.Ordinal); // a stranger is not told why
    }

    [Theory]
    [InlineData("{}", "missing_field", "input")]
    [InlineData("""{"input":[]}""", "invalid_value", "input")]
    [InlineData("""{"input":7}""", "invalid_value", "input")]
    [InlineData("""{"input":[{"type":"image_url","image_url":{"url":"x"}}]}""", "capability_missing", "input")]
    [InlineData("""{"input":"x","messages":[{"role":"user","content":"x"}]}""", "unsupported_combination", "input")]
    [InlineData("""{"input":"x","role":"agent"}""", "invalid_value", "role")]
    [InlineData("""{"input":"x","threshold":2}""", "invalid_value", "threshold")]
    [InlineData("""{"input":"x","categories":{"P1":"Greetings"}}""", "capability_missing", "categories")]
    [InlineData("""{"input":"x","excluded_categories":"S1"}""", "invalid_value", "excluded_categories")]
    public async Task What_is_wrong_is_named(string request, string code, string parameter)
    {
        await using TestServer server = await TestServer.StartAsync(DenyListGuard.Register([]));
        using HttpResponseMessage response = await server.PostAsync(Path, request);
        JsonElement error = JsonElement.Parse(await response.Content.ReadAsStringAsync()).GetProperty("error");
        Assert.Equal((HttpStatusCode.BadRequest, code, parameter), (response.StatusCode, error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
    }
}
