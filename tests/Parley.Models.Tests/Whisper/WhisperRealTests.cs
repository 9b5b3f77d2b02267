using System.Text.Json;
using Parley.Models.Parity;

namespace Parley.Models.Tests.Whisper;

/// <summary>The original's runs on published weights: <c>parley parity golden/whisper/real</c> compares all of them.</summary>
public class WhisperRealTests
{
    [Theory]
    [InlineData("tiny.en", "jfk/greedy", "jfk/words", "jfk/beam5", "two_cities/words", "two_cities/clips", "silence/greedy", "noise/greedy")]
    [InlineData("base", "ja16/words", "ja16/translate", "speech_then_silence/words_hallucination")]
    public void Tokens_segments_and_word_times_are_those_of_the_original(string model, params string[] cases)
    {
        string folder = TestData.SharedOrSkip("golden/whisper/real");
        string path = TestData.SharedOrSkip($"models/whisper/ggml-{model}-q5_1.bin");
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, $"real-{model}-q5_1.json")));
        ParityRow[] rows = [.. WhisperRealParity.Compare(folder, golden.RootElement, path, cases.Contains, TestContext.Current.CancellationToken)];
        Assert.True(rows.Length > 4 * cases.Length);
        string[] failed = [.. rows.Where(row => !row.Passed).Select(row => $"{row.Stage}: error {row.Error:G4} above {row.Tolerance:G4}; {row.Detail}")];
        Assert.True(failed.Length == 0, string.Join(Environment.NewLine, failed));
    }
}
