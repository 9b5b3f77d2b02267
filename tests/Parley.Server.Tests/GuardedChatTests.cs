using System.Text.Json;
using Microsoft.Extensions.Logging;
using Parley.Engines;

namespace Parley.Server.Tests;

public class GuardedChatTests
{
    private const string Refusal = "I cannot help with that.", Greeting = "Good morning to you, Anna.";

    [Theory]
    [InlineData(GuardPolicy.Block, "A bomb?", "bomb", Refusal, "content_filter")]
    [InlineData(GuardPolicy.Replace, "A bomb?", "bomb", Refusal, "content_filter")]
    [InlineData(GuardPolicy.Flag, "A bomb?", "bomb", Greeting + " Here comes the bomb at last. Good night to you all.", "stop")]
    [InlineData(GuardPolicy.Off, "A bomb?", "bomb", Greeting + " Here comes the bomb at last. Good night to you all.", "stop")]
    [InlineData(GuardPolicy.Block, "Hello.", "bomb", Greeting, "content_filter")]
    [InlineData(GuardPolicy.Replace, "Hello.", "bomb", Greeting + " " + Refusal, "content_filter")]
    [InlineData(GuardPolicy.Block, "Hello.", "rose", Greeting + " Here comes the rose at last. Good night to you all.", "stop")]
    public async Task A_policy_holds_over_http(GuardPolicy policy, string question, string said, string heard, string reason)
    {
        await using TestServer server = await ServeAsync(new GuardOptions { Policy = policy }, said, new LogLines());
        Assert.Equal((heard, reason), await AskAsync(server, question));
        Assert.Equal((heard, reason), await StreamAsync(server, question));
    }

    [Theory]
    [InlineData(GuardPolicy.Block, null, "A dragon?", "rose", Refusal, "closed")]
    [InlineData(GuardPolicy.Block, null, "Hello.", "dragon", Greeting, "closed")]
    [InlineData(GuardPolicy.Replace, GuardFailure.Closed, "Hello.", "dragon", Greeting + " " + Refusal, "closed")]
    [InlineData(GuardPolicy.Block, GuardFailure.Open, "Hello.", "dragon", Greeting + " Here comes the dragon at last. Good night to you all.", "open")]
    [InlineData(GuardPolicy.Flag, null, "A dragon?", "rose", Greeting + " Here comes the rose at last. Good night to you all.", "open")]
    public async Task A_guard_that_breaks_counts_as_the_policy_says_and_the_log_tells(GuardPolicy policy, GuardFailure? fail, string question, string said, string heard, string told)
    {
        LogLines log = new();
        await using TestServer server = await ServeAsync(new GuardOptions { Policy = policy, Fail = fail }, said, log);
        Assert.Equal(heard, (await AskAsync(server, question)).Text);
        Assert.Equal(heard, (await StreamAsync(server, question)).Text);
        Assert.Contains(log.Lines, line => line.Contains($"The guard broke.; fail {told}", StringComparison.Ordinal));
    }

    private static Task<TestServer> ServeAsync(GuardOptions options, string said, LogLines log)
    {
        ScriptedBrain brain = new([.. Greeting.Split(' '), "Here", "comes", "the", said, "at", "last.", "Good", "night", "to", "you", "all."]);
        ILogger<GuardingChatClient> logger = new LoggerFactory([log]).CreateLogger<GuardingChatClient>();
        return TestServer.StartAsync(TestServer.Brain(new GuardingChatClient(brain, _ => Task.FromResult<IGuard>(new FailingGuard()), options, log: logger)));
    }

    private static string Request(string question, bool stream) =>
        JsonSerializer.Serialize(new { model = "parrot", stream, messages = new[] { new { role = "user", content = question } } });

    private static async Task<(string Text, string Reason)> AskAsync(TestServer server, string question)
    {
        using HttpResponseMessage response = await server.PostAsync("/v1/chat/completions", Request(question, stream: false));
        JsonElement choice = JsonElement.Parse(await response.Content.ReadAsStringAsync()).GetProperty("choices")[0];
        return (choice.GetProperty("message").GetProperty("content").GetString()!.Trim(), choice.GetProperty("finish_reason").GetString()!);
    }

    private static async Task<(string Text, string Reason)> StreamAsync(TestServer server, string question)
    {
        using HttpResponseMessage response = await server.PostAsync("/v1/chat/completions", Request(question, stream: true));
        List<ServerSentEvent> events = ServerSentEvent.Read(await response.Content.ReadAsStringAsync());
        Assert.Equal("[DONE]", events[^1].Data);
        JsonElement[] choices = [.. events.SkipLast(1).Select(part => JsonElement.Parse(part.Data).GetProperty("choices")[0])];
        string text = string.Concat(choices.Select(choice => choice.GetProperty("delta").TryGetProperty("content", out JsonElement content) ? content.GetString() : ""));
        return (text.Trim(), choices[^1].GetProperty("finish_reason").GetString()!);
    }
}
