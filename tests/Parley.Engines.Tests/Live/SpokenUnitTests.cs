namespace Parley.Engines.Tests.Live;

public class SpokenUnitTests
{
    [Theory]
    [InlineData("And so, my  fellow\nAmericans.", "And|so,|my|fellow|Americans.")]
    [InlineData("今日は天気がいいので、公園へ。", "今|日|は|天|気|が|い|い|の|で、|公|園|へ。")]
    [InlineData("犬 ABC です", "犬|ABC|で|す")]
    [InlineData("犬ABCです", "犬|ABC|で|す")]
    [InlineData("안녕 하세요", "안녕|하세요")]
    [InlineData("ก้า", "ก้|า")]
    [InlineData("", "")]
    public void Words_are_cut_at_spaces_and_scripts_without_spaces_at_characters(string text, string units) =>
        Assert.Equal(units, string.Join('|', SpokenUnit.Split(text).Select(unit => unit.Text)));

    [Fact]
    public void Units_joined_are_the_text_with_single_spaces() =>
        Gen.Int[0, 9].Select(i => "aé9.,'犬あ ー"[i]).Array[0, 30].Select(characters => new string(characters)).Sample(text =>
            Assert.Equal(string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries)), SpokenUnit.Join(SpokenUnit.Split(text)).TrimStart()), iter: 5_000);
}
