using Parley.Models.Misaki;

namespace Parley.Models.Tests.Misaki;

public class PhonemeVocabularyTests
{
    private static readonly PhonemeVocabulary Vocabulary = PhonemeVocabulary.Read(TestData.Starter("hibari/vocab.json"));

    [Fact]
    public void Ids_stand_between_zeros_and_unknown_characters_are_skipped()
    {
        List<int> positions = [];
        Assert.Equal([0, 50, 83, 54, 156, 31, 4, 0], Vocabulary.Encode("hgəlˈO.", positions));
        Assert.Equal([-1, 0, 2, 3, 4, 5, 6, -1], positions);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"ab\": 1}")]
    [InlineData("{\"a\": \"1\"}")]
    [InlineData("{\"a\": -1}")]
    [InlineData("{")]
    public void What_is_no_vocabulary_is_named(string json)
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("parley").FullName, "vocab.json");
        File.WriteAllText(path, json);
        Assert.Equal(path, Assert.Throws<ModelFileException>(() => PhonemeVocabulary.Read(path)).Path);
    }
}
