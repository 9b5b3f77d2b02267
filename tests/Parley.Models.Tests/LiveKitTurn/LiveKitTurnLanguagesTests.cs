using Parley.Models.LiveKitTurn;

namespace Parley.Models.Tests.LiveKitTurn;

public sealed class LiveKitTurnLanguagesTests : IDisposable
{
    private readonly string path = Path.GetTempFileName();

    public void Dispose() => File.Delete(path);

    [Theory]
    [InlineData("en", 0.0011f)]
    [InlineData("EN-us", 0.0011f)]
    [InlineData("pt-br", 0.003f)]
    [InlineData("pt-PT", null)]
    [InlineData("fr", null)]
    public void A_threshold_is_that_of_the_whole_tag_or_of_its_language(string language, float? threshold) =>
        Assert.Equal(threshold, LiveKitTurnLanguages.Read(TestData.Golden("decoder/turn-detector/languages.json")).Threshold(language));

    [Theory]
    [InlineData("""{"en": {"threshold": 1.5}}""", "gives 'en' the threshold 1.5")]
    [InlineData("""{"en": {}}""", "cannot be read")]
    [InlineData("""{"en": {"threshold": 0.1}, "EN": {"threshold": 0.2}}""", "lists 'EN' twice")]
    [InlineData("""{}""", "lists no languages")]
    [InlineData("""[""", "cannot be read")]
    [InlineData("null", "lists no languages")]
    public void A_damaged_list_is_named(string content, string problem)
    {
        File.WriteAllText(path, content);
        ModelFileException fault = Assert.Throws<ModelFileException>(() => LiveKitTurnLanguages.Read(path));
        Assert.Equal(path, fault.Path);
        Assert.Contains(problem, fault.Message, StringComparison.Ordinal);
    }
}
