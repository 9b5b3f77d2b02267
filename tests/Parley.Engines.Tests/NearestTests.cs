namespace Parley.Engines.Tests;

public class NearestTests
{
    [Theory]
    [InlineData("hibri", "hibari")]
    [InlineData("espaek", "espeak")]
    [InlineData("whisper_base", "whisper-base")]
    public void A_slip_finds_the_name(string typed, string meant) =>
        Assert.Equal(meant, Nearest.Of(typed, ["hibari", "espeak", "whisper-base", "echo"]));

    [Fact]
    public void Another_word_finds_nothing() => Assert.Null(Nearest.Of("voxtral", ["hibari", "espeak"]));
}
