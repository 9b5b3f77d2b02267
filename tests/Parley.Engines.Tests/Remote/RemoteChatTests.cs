using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;

namespace Parley.Engines.Tests.Remote;

public class RemoteChatTests
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Words_arrive_while_the_server_still_thinks()
    {
        TaskCompletionSource heard = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using FakeServer server = await ServeAsync(async (http, write) =>
        {
            await write(Delta("Good"));
            await heard.Task;
            await write(Delta(" day."));
            await write(Finish);
            await write("[DONE]");
        });
        using IChatClient client = await OpenAsync(server);

        List<string> pieces = [];
        ChatFinishReason? reason = null;
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("Hello", cancellationToken: Cancel))
        {
            if (update.Text.Length > 0)
                pieces.Add(update.Text);
            reason ??= update.FinishReason;
            heard.TrySetResult();
        }

        Assert.Equal(["Good", " day."], pieces);
        Assert.Equal(ChatFinishReason.Stop, reason);
    }

    [Fact]
    public async Task An_answer_torn_by_a_reset_is_an_error()
    {
        await using FakeServer server = await ServeAsync(async (http, write) =>
        {
            await write(Delta("Good"));
            http.Abort();
        });
        using IChatClient client = await OpenAsync(server);

        RemoteServerException fault = await Assert.ThrowsAsync<RemoteServerException>(() => ReadAllAsync(client));

        Assert.Contains("broke off", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_ends_politely_without_a_reason_to_stop_is_an_error()
    {
        await using FakeServer server = await ServeAsync((_, write) => write(Delta("Good")));
        using IChatClient client = await OpenAsync(server);

        RemoteServerException fault = await Assert.ThrowsAsync<RemoteServerException>(() => ReadAllAsync(client));

        Assert.Contains("before the model was done", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_is_asked_once_and_told_in_the_servers_words()
    {
        int calls = 0;
        await using FakeServer server = await FakeServer.StartAsync(app => app.MapPost("/v1/chat/completions", () =>
        {
            calls++;
            return Results.Json(new { error = new { message = "The model is asleep.", type = "server_error" } }, statusCode: 503);
        }));
        using IChatClient client = await OpenAsync(server);

        RemoteServerException fault = await Assert.ThrowsAsync<RemoteServerException>(() => client.GetResponseAsync("Hello", cancellationToken: Cancel));

        Assert.Contains("The model is asleep.", fault.Message, StringComparison.Ordinal);
        Assert.Equal(503, (int)fault.Status!);
        Assert.Equal(1, calls);
    }

    [Theory]
    [InlineData("This model's maximum context length is 4096 tokens. However, your messages resulted in 5000 tokens. Please reduce the length of the messages.", null)]
    [InlineData("This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4500 in the messages, 500 in the completion).", null)]
    [InlineData("the request exceeds the available context size, try increasing it", 5000)]
    public async Task A_conversation_that_the_server_has_no_room_for_is_told_as_by_a_local_brain(string message, int? counted)
    {
        object error = counted is null ? new { message, code = "context_length_exceeded" } : new { message, type = "exceed_context_size_error", n_prompt_tokens = counted, n_ctx = 4096 };
        await using FakeServer server = await FakeServer.StartAsync(app => app.MapPost("/v1/chat/completions", () => Results.Json(new { error }, statusCode: 400)));
        using IChatClient client = await OpenAsync(server);

        ContextOverflowException fault = await Assert.ThrowsAsync<ContextOverflowException>(() => ReadAllAsync(client));

        Assert.Equal((5000, 4096), (fault.Tokens, fault.Context));
    }

    [Fact]
    public async Task Every_option_of_a_local_brain_goes_to_a_remote_one()
    {
        string asked = "";
        await using FakeServer server = await FakeServer.StartAsync(app => app.MapPost("/v1/chat/completions", async (HttpContext http) =>
        {
            using StreamReader body = new(http.Request.Body);
            asked = await body.ReadToEndAsync(http.RequestAborted);
            return Results.Content("""
                {"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hi","refusal":null},
                 "logprobs":{"content":[{"token":"Hi","bytes":[72,105],"logprob":-0.5,"top_logprobs":[{"token":"Ho","bytes":null,"logprob":-1.5}]}],"refusal":null}}],
                 "usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}
                """, "application/json");
        }));
        using IChatClient client = await OpenAsync(server);
        ChatOptions options = new()
        {
            Temperature = 0.5f, TopP = 0.25f, TopK = 7, MinP = 0.125f, FrequencyPenalty = 0.5f, PresencePenalty = 1, RepetitionPenalty = 1.5f, Seed = 3, MaxOutputTokens = 9,
            StopSequences = ["x"], LogitBias = new Dictionary<int, float> { [13] = -5 }, TopLogProbabilities = 1, ResponseFormat = ChatResponseFormat.Json,
            Reasoning = new ReasoningOptions { Effort = ReasoningEffort.High },
        };

        ChatResponse response = await client.GetResponseAsync("Hello", options, Cancel);

        System.Text.Json.JsonElement sent = System.Text.Json.JsonElement.Parse(asked);
        (string Name, string Value)[] expected =
        [
            ("temperature", "0.5"), ("top_p", "0.25"), ("top_k", "7"), ("min_p", "0.125"), ("frequency_penalty", "0.5"), ("presence_penalty", "1"), ("repetition_penalty", "1.5"),
            ("seed", "3"), ("max_completion_tokens", "9"), ("stop", "[\"x\"]"), ("logit_bias", "{\"13\":-5}"), ("logprobs", "true"), ("top_logprobs", "1"), ("response_format", "{\"type\":\"json_object\"}"), ("reasoning_effort", "\"high\""),
        ];
        Assert.All(expected, member => Assert.Equal(member.Value, sent.GetProperty(member.Name).GetRawText()));
        TokenProbability told = Assert.Single(response.LogProbabilities!);
        Assert.Equal(("Hi", -0.5, "Ho"), (told.Text, told.LogProbability, told.Likeliest[0].Text));
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named()
    {
        RemoteOptions options = new() { Task = EngineTask.Chat, BaseUrl = new("http://127.0.0.1:1/v1"), Model = "m" };
        using IChatClient client = await RemoteSpeechTests.OpenAsync<IChatClient>(options);

        RemoteServerException fault = await Assert.ThrowsAsync<RemoteServerException>(() => ReadAllAsync(client));

        Assert.Contains("cannot be reached at http://127.0.0.1:1/v1", fault.Message, StringComparison.Ordinal);
    }

    private const string Finish = """{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""";

    private static string Delta(string text) =>
        """{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"TEXT"},"finish_reason":null}]}""".Replace("TEXT", text, StringComparison.Ordinal);

    private static Task<FakeServer> ServeAsync(Func<HttpContext, Func<string, Task>, Task> answer) =>
        FakeServer.StartAsync(app => app.MapPost("/v1/chat/completions", async (HttpContext http) =>
        {
            http.Response.ContentType = "text/event-stream";
            await answer(http, async data =>
            {
                await http.Response.WriteAsync($"data: {data}\n\n", http.RequestAborted);
                await http.Response.Body.FlushAsync(http.RequestAborted);
            });
        }));

    private static Task<IChatClient> OpenAsync(FakeServer server) =>
        RemoteSpeechTests.OpenAsync<IChatClient>(new() { Task = EngineTask.Chat, BaseUrl = server.BaseUrl, Model = "m" });

    private static async Task ReadAllAsync(IChatClient client)
    {
        await foreach (ChatResponseUpdate _ in client.GetStreamingResponseAsync("Hello", cancellationToken: Cancel))
        {
        }
    }
}
