namespace Parley.Agent.Tests;

public class BackchannelsTests
{
    private readonly Backchannels backchannels = new(new Dictionary<string, IReadOnlyList<string>> { ["sv"] = ["Mm-hm", "jaha"], ["fr"] = [] });

    [Theory]
    [InlineData("Mhm.", "en", true)]
    [InlineData("Uh-huh!", "en", true)]
    [InlineData("Yeah, okay.", null, true)]
    [InlineData("I see.", "en-GB", true)]
    [InlineData("Yeah but no", "en", false)]
    [InlineData("Stop", "en", false)]
    [InlineData("yeah yeah yeah", "en", false)]
    [InlineData("", "en", false)]
    [InlineData("Genau.", "de", true)]
    [InlineData("Ach so", "de-AT", true)]
    [InlineData("genau", "en", false)]
    [InlineData("mm hm", "sv", true)]
    [InlineData("oui", "fr", false)]
    [InlineData("はい。", "ja", true)]
    [InlineData("ठीक है", "hi", true)]
    public void Listening_is_told_from_speaking(string text, string? language, bool expected) =>
        Assert.Equal(expected, backchannels.Is(text, language));

    [Fact]
    public void Words_that_say_something_are_counted() =>
        Assert.Equal(2, backchannels.ContentWords("Okay, I see, stop talking", "en"));
}
