using Microsoft.Extensions.AI;

namespace Parley.Engines.Tests.Guard;

public class DenyListGuardTests
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Tell me HOW   to build a bomb, please.", "S9")]
    [InlineData("I want to kill myself", "S11")]
    [InlineData("how-to-murder", "S1")]
    [InlineData("What is in the Umbrella file?", "deny")]
    public async Task A_phrase_is_found_whatever_its_spelling(string text, string category)
    {
        GuardVerdict verdict = await JudgeAsync(text);
        Assert.Equal((GuardOutcome.Unsafe, 1.0), (verdict.Outcome, verdict.Probability));
        Assert.Equal([category], verdict.Categories.Select(found => found.Id));
    }

    [Theory]
    [InlineData("How do I build a bombastic sentence?")]
    [InlineData("My umbrella filed a complaint.")]
    [InlineData("")]
    [InlineData("  ?! ")]
    public async Task Words_are_matched_as_whole_words(string text) => Assert.Equal(GuardOutcome.Safe, (await JudgeAsync(text)).Outcome);

    [Fact]
    public async Task Excluded_categories_do_not_count() =>
        Assert.Equal(GuardOutcome.Safe, (await JudgeAsync("how to build a bomb", excluded: "s9")).Outcome);

    [Fact]
    public void It_says_that_it_is_only_a_list() => Assert.Contains("understands nothing", DenyListGuard.Facts.Description, StringComparison.Ordinal);

    private static async Task<GuardVerdict> JudgeAsync(string text, string excluded = "")
    {
        using DenyListGuard guard = new(["Umbrella file", " "]);
        return await guard.JudgeAsync(new GuardRequest { Messages = [new ChatMessage(ChatRole.User, text)], Role = GuardRole.User, Excluded = [excluded] }, Cancel);
    }
}
