using Microsoft.Extensions.AI;

namespace Parley.Engines.Tests.Chat;

public class EchoChatClientTests
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_says_back_the_last_thing_it_heard()
    {
        using EchoChatClient echo = new();
        ChatMessage[] messages = [new(ChatRole.User, "One."), new(ChatRole.Assistant, "You said: One."), new(ChatRole.User, " Say hello  to Anna.\n")];

        ChatResponse response = await echo.GetResponseAsync(messages, cancellationToken: Cancel);

        Assert.Equal("You said: Say hello  to Anna.", response.Text);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Equal((9L, 6L), (response.Usage!.InputTokenCount, response.Usage.OutputTokenCount));
    }

    [Fact]
    public async Task It_stops_at_the_limit_and_says_so()
    {
        using EchoChatClient echo = new();

        ChatResponse response = await echo.GetResponseAsync("a b c d", new() { MaxOutputTokens = 3 }, Cancel);

        Assert.Equal("You said: a", response.Text);
        Assert.Equal(ChatFinishReason.Length, response.FinishReason);
    }

    [Fact]
    public void Streamed_pieces_join_to_the_whole() =>
        Gen.String[Gen.Char[" a.\nß"], 0, 30].Sample(text =>
        {
            using EchoChatClient echo = new();
            List<string> pieces = [.. echo.GetStreamingResponseAsync(text, cancellationToken: Cancel).ToBlockingEnumerable(Cancel).Select(update => update.Text)];
            string expected = text.Trim().Length == 0 ? "I heard nothing." : $"You said: {text.Trim()}";
            return string.Concat(pieces) == expected;
        });

    [Fact]
    public void Its_description_admits_what_it_is() => Assert.Contains("does not think", EchoChatClient.Description.Description, StringComparison.Ordinal);
}
