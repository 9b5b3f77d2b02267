using System.Text.Json;
using Parley.Models.Whisper;

namespace Parley.Models.Tests.Whisper;

/// <summary>The word times of openai-whisper's own code, from the words before they are mended to the segments that hold them.</summary>
public class WhisperWordTimesTests
{
    private static readonly JsonElement Golden = JsonDocument.Parse(File.ReadAllText(TestData.Golden("whisper/dtw/case.json"))).RootElement;

    public static TheoryData<string> Cases => [.. Golden.GetProperty("cases").EnumerateArray().Select(row => row.GetProperty("name").GetString()!)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Words_and_segments_get_the_times_of_the_reference(string name)
    {
        JsonElement row = Golden.GetProperty("cases").EnumerateArray().Single(row => row.GetProperty("name").GetString() == name);
        double offset = row.GetProperty("seek").GetInt32() / 100.0;
        WhisperWord[] words =
        [
            .. row.GetProperty("words").EnumerateArray().Zip(row.GetProperty("word_split").EnumerateArray(), (word, split) => new WhisperWord
            {
                Text = word[0].GetString()!,
                Tokens = split[1].GetArrayLength(),
                Start = offset + word[1].GetDouble(),
                End = offset + word[2].GetDouble(),
                Probability = word[3].GetSingle(),
            }),
        ];
        WhisperTimedSegment[] segments =
        [
            .. row.GetProperty("segment_times_before").EnumerateArray().Zip(row.GetProperty("segments_tokens").EnumerateArray(), (times, tokens) =>
                new WhisperTimedSegment { Start = times[0].GetDouble(), End = times[1].GetDouble(), TextTokens = tokens.GetArrayLength() }),
        ];

        WhisperWordTimes.Assign(words, segments, row.GetProperty("last_speech_timestamp").GetDouble());

        const double rounding = 0.0051; // the reference rounds to hundredths
        foreach ((JsonElement expected, WhisperTimedSegment segment) in row.GetProperty("segments").EnumerateArray().Zip(segments))
        {
            Assert.Equal(expected.GetProperty("start").GetDouble(), segment.Start, rounding);
            Assert.Equal(expected.GetProperty("end").GetDouble(), segment.End, rounding);
            JsonElement[] expectedWords = [.. expected.GetProperty("words").EnumerateArray()];
            Assert.Equal(expectedWords.Select(word => word[0].GetString()), segment.Words.Select(word => word.Text));
            foreach ((JsonElement expectedWord, WhisperWord word) in expectedWords.Zip(segment.Words))
            {
                Assert.Equal(expectedWord[1].GetDouble(), word.Start, rounding);
                Assert.Equal(expectedWord[2].GetDouble(), word.End, rounding);
            }
        }
    }

    [Fact]
    public void Punctuation_is_joined_as_the_reference_joins_it()
    {
        foreach (JsonElement row in Golden.GetProperty("functions").GetProperty("merge").EnumerateArray())
        {
            WhisperWord[] words = [.. row.GetProperty("words").EnumerateArray().Select(word => Word(word.GetString()!))];
            WhisperWordTimes.JoinPunctuation(words);
            Assert.Equal(row.GetProperty("merged").EnumerateArray().Select(word => word.GetString()), words.Select(word => word.Text));
            Assert.Equal(row.GetProperty("tokens").EnumerateArray().Select(tokens => tokens.GetArrayLength()), words.Select(word => word.Tokens));
        }
    }

    [Fact]
    public void No_words_are_mended_to_none()
    {
        WhisperTimedSegment segment = new() { Start = 1, End = 2, TextTokens = 0 };
        WhisperWordTimes.Assign([], [segment], 0);
        Assert.Empty(segment.Words);
        Assert.Equal((1, 2), (segment.Start, segment.End));
    }

    private static WhisperWord Word(string text) => new() { Text = text, Tokens = 1, Start = 0, End = 0, Probability = 1 };
}
