using System.Net;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Parley.Server.Tests;

public class ChatEndpointsTests
{
    private const string Path = "/v1/chat/completions";

    [Fact]
    public async Task A_whole_answer_has_the_members_of_the_schema()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Brain(new ScriptedBrain("Hello", "Anna.")));
        using HttpResponseMessage response = await server.PostAsync(Path, """{"model":"parrot","messages":[{"role":"user","content":"Say hello to Anna."}]}""");
        JsonElement answer = JsonElement.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal(("chat.completion", "parrot", "default"), (Text(answer, "object"), Text(answer, "model"), Text(answer, "service_tier")));
        JsonElement choice = answer.GetProperty("choices")[0];
        Assert.Equal((0, "stop"), (choice.GetProperty("index").GetInt32(), Text(choice, "finish_reason")));
        JsonElement message = choice.GetProperty("message");
        Assert.Equal(("assistant", "Hello Anna."), (Text(message, "role"), Text(message, "content")));
        Assert.Equal(JsonValueKind.Null, message.GetProperty("refusal").ValueKind);
        Assert.Equal((7, 2, 9), (Usage("prompt_tokens"), Usage("completion_tokens"), Usage("total_tokens")));

        int Usage(string name) => answer.GetProperty("usage").GetProperty(name).GetInt32();
    }

    [Theory]
    [InlineData("", false)]
    [InlineData(""","stream_options":{}""", false)]
    [InlineData(""","stream_options":null""", false)]
    [InlineData(""","stream_options":{"include_usage":null}""", false)]
    [InlineData(""","stream_options":{"include_usage":false}""", false)]
    [InlineData(""","stream_options":{"include_usage":true}""", true)]
    [InlineData(""","stream_options":{"include_usage":true,"include_obfuscation":false}""", true)]
    public async Task The_usage_comes_once_last_and_only_when_asked_for(string options, bool asked)
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Brain(new ScriptedBrain("Hello", "Anna.")));
        using HttpResponseMessage response = await server.PostAsync(Path, """{"model":"parrot","messages":[{"role":"user","content":"Say hello to Anna."}],"stream":true""" + options + "}");
        List<ServerSentEvent> events = ServerSentEvent.Read(await response.Content.ReadAsStringAsync());
        Assert.Equal("[DONE]", events[^1].Data);
        List<JsonElement> chunks = [.. events[..^1].Select(e => e.Json)];
        Assert.All(events, e => Assert.Null(e.Name));
        Assert.Single(chunks.Select(chunk => (Text(chunk, "id"), chunk.GetProperty("created").GetInt64(), Text(chunk, "model"))).Distinct());
        List<JsonElement> said = asked ? chunks[..^1] : chunks;
        Assert.All(said, chunk => Assert.Equal(1, chunk.GetProperty("choices").GetArrayLength()));
        Assert.All(said, chunk => Assert.Equal(asked, chunk.TryGetProperty("usage", out JsonElement usage) && usage.ValueKind == JsonValueKind.Null));
        Assert.Equal("assistant", Text(Delta(said[0]), "role"));
        Assert.Equal("Hello Anna.", string.Concat(said.Select(chunk => Delta(chunk).TryGetProperty("content", out JsonElement text) ? text.GetString() : "")));
        Assert.Equal("stop", Text(said[^1].GetProperty("choices")[0], "finish_reason"));
        if (asked)
        {
            Assert.Equal(0, chunks[^1].GetProperty("choices").GetArrayLength());
            Assert.Equal(9, chunks[^1].GetProperty("usage").GetProperty("total_tokens").GetInt32());
        }

        static JsonElement Delta(JsonElement chunk) => chunk.GetProperty("choices")[0].GetProperty("delta");
    }

    [Fact]
    public async Task A_failure_before_the_first_word_is_an_answer_and_after_it_an_error_without_an_end_mark()
    {
        await using TestServer before = await TestServer.StartAsync(TestServer.Brain(new ScriptedBrain("Hello", "Anna.") { BreaksAt = 0 }));
        using HttpResponseMessage refused = await before.PostAsync(Path, """{"messages":[{"role":"user","content":"Hi."}],"stream":true}""");
        await TestServer.ErrorAsync(refused, HttpStatusCode.InternalServerError, "internal_error");

        await using TestServer after = await TestServer.StartAsync(TestServer.Brain(new ScriptedBrain("Hello", "Anna.") { BreaksAt = 1 }));
        using HttpResponseMessage cut = await after.PostAsync(Path, """{"messages":[{"role":"user","content":"Hi."}],"stream":true}""");
        List<ServerSentEvent> events = ServerSentEvent.Read(await cut.Content.ReadAsStringAsync());
        Assert.Equal("internal_error", Text(events[^1].Json.GetProperty("error"), "code"));
        Assert.DoesNotContain(events, e => e.Data == "[DONE]");
    }

    [Fact]
    public async Task Messages_of_all_roles_and_parts_reach_the_model()
    {
        ScriptedBrain brain = new("Yes.");
        await using TestServer server = await TestServer.StartAsync(TestServer.Brain(brain));
        using HttpResponseMessage response = await server.PostAsync(Path, """
            {"messages":[
              {"role":"developer","content":"Be brief."},
              {"role":"user","content":[{"type":"text","text":"Is it "},{"type":"text","text":"raining?"}],"name":"anna"},
              {"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\"place\":\"Bonn\"}"}}]},
              {"role":"tool","tool_call_id":"call_1","content":"rain"}],
             "temperature":0.5,"top_p":0.9,"max_tokens":10,"max_completion_tokens":20,"stop":["\n","END"],"seed":3,"n":2}
            """);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        (IReadOnlyList<ChatMessage> messages, ChatOptions? options) = brain.Asked[0];
        Assert.Equal(2, brain.Asked.Count);
        Assert.Equal([ChatRole.System, ChatRole.User, ChatRole.Assistant, ChatRole.Tool], messages.Select(message => message.Role));
        Assert.Equal("Is it raining?", messages[1].Text);
        Assert.Equal("anna", messages[1].AuthorName);
        Assert.Equal("Bonn", Assert.IsType<FunctionCallContent>(messages[2].Contents[0]).Arguments!["place"]!.ToString());
        Assert.Equal("rain", Assert.IsType<FunctionResultContent>(messages[3].Contents[0]).Result);
        Assert.Equal((0.5f, 0.9f, 20, 3L), (options!.Temperature, options.TopP, options.MaxOutputTokens, options.Seed));
        Assert.Equal(["\n", "END"], options.StopSequences!);
    }

    [Fact]
    public async Task A_call_of_a_function_comes_back_as_text_of_json()
    {
        ScriptedBrain brain = new() { Contents = [new FunctionCallContent("call_9", "weather", new Dictionary<string, object?> { ["place"] = "Bonn" })] };
        await using TestServer server = await TestServer.StartAsync(TestServer.Brain(brain));
        const string request = """{"messages":[{"role":"user","content":"Rain?"}],"tools":[{"type":"function","function":{"name":"weather","description":"Tells it.","parameters":{"type":"object","properties":{"place":{"type":"string"}}}}}],"tool_choice":"required","stream":""";
        using HttpResponseMessage whole = await server.PostAsync(Path, request + "false}");
        JsonElement choice = JsonElement.Parse(await whole.Content.ReadAsStringAsync()).GetProperty("choices")[0];
        Assert.Equal("tool_calls", Text(choice, "finish_reason"));
        Assert.Equal("""{"place":"Bonn"}""", Text(choice.GetProperty("message").GetProperty("tool_calls")[0].GetProperty("function"), "arguments"));
        Assert.Equal("weather", Assert.Single(brain.Asked[^1].Options!.Tools!).Name);
        Assert.Equal(ChatToolMode.RequireAny, brain.Asked[^1].Options!.ToolMode);

        using HttpResponseMessage stream = await server.PostAsync(Path, request + "true}");
        List<JsonElement> calls = [.. ServerSentEvent.Read(await stream.Content.ReadAsStringAsync()).Where(e => e.Data != "[DONE]")
            .Select(e => e.Json.GetProperty("choices")[0].GetProperty("delta")).Where(delta => delta.TryGetProperty("tool_calls", out _))];
        JsonElement call = Assert.Single(calls).GetProperty("tool_calls")[0];
        Assert.Equal((0, "call_9", "function"), (call.GetProperty("index").GetInt32(), Text(call, "id"), Text(call, "type")));
    }

    [Theory]
    [InlineData("""{}""", "missing_field", "messages")]
    [InlineData("""{"messages":[]}""", "invalid_value", "messages")]
    [InlineData("""{"messages":"hello"}""", "invalid_value", "messages")]
    [InlineData("""{"messages":[{"role":"king","content":"x"}]}""", "invalid_value", "messages")]
    [InlineData("""{"messages":[{"content":"x"}]}""", "missing_field", "messages")]
    [InlineData("""{"messages":[{"role":"user"}]}""", "missing_field", "messages")]
    [InlineData("""{"messages":[{"role":"user","content":5}]}""", "invalid_value", "messages")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]}""", "capability_missing", "messages")]
    [InlineData("""{"messages":[{"role":"tool","content":"x"}]}""", "missing_field", "messages")]
    [InlineData("""{"messages":[{"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f","arguments":"not json"}}]}]}""", "invalid_value", "messages")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"temperature":3}""", "invalid_value", "temperature")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"n":9}""", "invalid_value", "n")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"stop":["a","b","c","d","e"]}""", "invalid_value", "stop")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"stop":""}""", "invalid_value", "stop")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"stop":["a",""]}""", "invalid_value", "stop")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"logprobs":true}""", "capability_missing", "logprobs")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"top_logprobs":2}""", "unsupported_combination", "top_logprobs")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"modalities":["text","audio"]}""", "capability_missing", "modalities")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"stream_options":{"include_usage":true}}""", "unsupported_combination", "stream_options")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"stream":true,"stream_options":{"include_usage":"yes"}}""", "invalid_value", "stream_options")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"yaml"}}""", "invalid_value", "response_format")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema"}}""", "missing_field", "response_format")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function"}]}""", "invalid_value", "tools")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":" "}}]}""", "invalid_value", "tools")]
    [InlineData("""{"messages":[{"role":"assistant","tool_calls":[{"id":"","function":{"name":"f"}}]}]}""", "missing_field", "messages")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"\ud800"}}""", "invalid_json", null)]
    public async Task What_is_wrong_is_named(string json, string code, string? parameter)
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Brain(new ScriptedBrain("Hello.")));
        using HttpResponseMessage response = await server.PostAsync(Path, json);
        await TestServer.ErrorAsync(response, HttpStatusCode.BadRequest, code, parameter);
    }

    private static string? Text(JsonElement owner, string name) => owner.GetProperty(name).GetString();
}
