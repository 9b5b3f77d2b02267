using Parley.Models.LiveKitTurn;

namespace Parley.Models.Tests.LiveKitTurn;

public class LiveKitTurnTextTests
{
    // What Python makes of the same text: text.lower(), NFKC, categories P* but ' and - taken out, \s+ to one space, strip.
    [Theory]
    [InlineData("Hello, there.", "hello there")]
    [InlineData("  ¿Qué\u00a0 tal?\n\nWell-known e-mail's…", "qué tal well-known e-mail's")]
    [InlineData("İstanbul", "i\u0307stanbul")]
    [InlineData("ΟΔΥΣΣΕΥΣ, ΣΑΣ Σ", "οδυσσευς σας σ")]
    [InlineData("ΣΑΣ'S", "σασ's")]
    [InlineData("ＦＵＬＬ ﬁ ①", "full fi 1")]
    [InlineData("a\u001cb\u0085c", "a b c")]
    [InlineData("ẞ Straße", "ß straße")]
    [InlineData("1.234,50 $ + <|im_end|>", "123450 $ + <|imend|>")]
    [InlineData("🙂 — 𐐀!", "🙂 𐐨")]
    [InlineData("—?!", "")]
    public void Text_becomes_what_the_original_makes_of_it(string text, string expected) => Assert.Equal(expected, LiveKitTurnText.Normalise(text));

    [Fact]
    public void Nothing_is_left_to_do_the_second_time_and_nothing_breaks_it() =>
        Gen.Char.Array[0, 40].Select(characters => new string(characters)).Sample(text =>
        {
            string once = LiveKitTurnText.Normalise(text);
            Assert.DoesNotContain("  ", once, StringComparison.Ordinal);
            Assert.Equal(once.Trim(' '), once);
            Assert.DoesNotContain(once, c => c is '_' or '.' or ',' or '?');
        }, iter: 5_000);
}
