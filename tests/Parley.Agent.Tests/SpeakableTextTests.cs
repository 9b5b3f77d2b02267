namespace Parley.Agent.Tests;

public class SpeakableTextTests
{
    [Theory]
    [InlineData("It is **very** fine.", "It is very fine.")]
    [InlineData("- First, *this*.", "First, this.")]
    [InlineData("## Heading", "Heading")]
    [InlineData("See [the page](https://example.org/a_b).", "See the page.")]
    [InlineData("Run `parley up` 🚀 now ✅", "Run parley up now")]
    [InlineData("2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name")]
    [InlineData("👍", "")]
    [InlineData("Grüße aus Köln, 東京!", "Grüße aus Köln, 東京!")]
    public void Marks_for_the_eye_are_not_spoken(string written, string spoken) => Assert.Equal(spoken, SpeakableText.Of(written));

    [Fact]
    public void Any_text_can_be_read_and_reading_it_again_changes_nothing_for_letters() =>
        Gen.String.Sample(text => SpeakableText.Of(text).Count(char.IsAsciiLetterOrDigit) <= text.Count(char.IsAsciiLetterOrDigit));
}
