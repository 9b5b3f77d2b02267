using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Models.Speech;

namespace Parley.Engines.Tests.Native;

public class PiperTests
{
    [Fact]
    public async Task Phonemes_agree_with_the_programs_own_clauses_and_carry_the_texts_marks()
    {
        EspeakPhonemizer phonemizer = new(Espeak(), "en-us");
        int same = 0, all = 0;
        StringBuilder different = new();
        foreach (JsonElement item in Items())
        {
            if (!item.TryGetProperty("debian_espeak_1_51_clauses", out JsonElement clauses) || clauses.ValueKind != JsonValueKind.Array)
                continue;
            string expected = string.Join(' ', clauses.EnumerateArray().Select(clause => clause.GetProperty("phonemes").GetString()).Where(clause => clause != ""));
            StringBuilder read = new();
            await foreach (PhonemeSentence sentence in phonemizer.ReadAsync(item.GetProperty("text").GetString()!, TestContext.Current.CancellationToken))
                read.Append(sentence.Phonemes).Append(' ');
            string actual = string.Concat(read.ToString().Where(c => !".,?!:;".Contains(c, StringComparison.Ordinal))).Trim();
            all++;
            if (actual == expected)
                same++;
            else
                different.AppendLine().Append(actual).AppendLine().Append(expected);
        }
        Assert.True(same >= 10 && all == 11, $"{same} of {all} texts agree. Different:{different}");
    }

    [Theory]
    [InlineData("Wait, what? No!", "wˈeɪt, wˈʌt?|nˈoʊ!")]
    [InlineData("Dr. Smith is here", "dˈɑːktɚ smˈɪθ ɪz hˈɪɹ")]
    [InlineData("Hello 👋 world. 🙂", "həlˈoʊ wˈeɪvɪŋ hˈænd wˈɜːld.|slˈaɪtli smˈaɪlɪŋ fˈeɪs")]
    [InlineData("…", "")]
    public async Task A_text_gives_sentences(string text, string expected)
    {
        List<string> sentences = [];
        await foreach (PhonemeSentence sentence in new EspeakPhonemizer(Espeak(), "en-us").ReadAsync(text, TestContext.Current.CancellationToken))
            sentences.Add(sentence.Phonemes);
        Assert.Equal(expected, string.Join('|', sentences));
    }

    [Fact]
    public async Task A_sentence_without_end_is_cut_at_its_clauses()
    {
        List<PhonemeSentence> sentences = [];
        string text = string.Concat(Enumerable.Repeat("and then we saw the sea, ", 40));
        await foreach (PhonemeSentence sentence in new EspeakPhonemizer(Espeak(), "en-us").ReadAsync(text, TestContext.Current.CancellationToken))
            sentences.Add(sentence);
        Assert.True(sentences.Count > 2);
        Assert.All(sentences.SkipLast(1), sentence => Assert.Equal(PieceEnd.Clause, sentence.End));
        Assert.All(sentences.SkipLast(1), sentence => Assert.EndsWith(",", sentence.Phonemes));
    }

    [Fact]
    public async Task The_client_streams_what_it_gives_whole_and_repeats_a_seed()
    {
        using ITextToSpeechClient client = await Open();
        TextToSpeechOptions options = new() { Seed = 4 };
        const string text = "Hello there, world. How are you?";
        byte[] whole = ((DataContent)(await client.GetAudioAsync(text, options)).Contents[0]).Data.ToArray();
        List<byte> streamed = [];
        await foreach (TextToSpeechResponseUpdate update in client.GetStreamingAudioAsync(text, options))
            streamed.AddRange(((DataContent)update.Contents[0]).Data.ToArray());
        Assert.Equal(whole, streamed);
        Assert.InRange(whole.Length / 2 / 22_050.0, 1.5, 4);
        byte[] fast = ((DataContent)(await client.GetAudioAsync(text, new() { Seed = 4, Speed = 2 })).Contents[0]).Data.ToArray();
        Assert.InRange((double)whole.Length / fast.Length, 1.5, 2.2);
    }

    [Fact]
    public async Task It_tells_its_voice_and_language()
    {
        using ITextToSpeechClient client = await Open();
        EngineDescription engine = Assert.IsType<EngineDescription>(client.GetService(typeof(EngineDescription)));
        Assert.Equal("piper:en_US-joe-medium", engine.Name);
        Assert.Equal(["en-US"], engine.Languages);
        Assert.Equal("en_US-joe-medium", Assert.Single(engine.Voices).Id);
        Assert.Throws<UnknownVoiceException>(() => client.GetStreamingAudioAsync("x", new() { VoiceId = "joe" }));
        Assert.Throws<UnsupportedLanguageException>(() => client.GetStreamingAudioAsync("x", new() { Language = "de" }));
    }

    [Fact]
    public async Task Without_espeak_opening_says_what_to_do()
    {
        EngineRegistration registration = PiperEngine.Register(VoicePath(), new EspeakProgram("/nowhere/espeak-ng"));
        Assert.Contains("apt-get install espeak-ng", (await Assert.ThrowsAsync<MissingProgramException>(() => registration.Open(default))).Message);
    }

    private static string VoicePath() => TestData.SharedOrSkip("models/piper/en_US-joe-medium.onnx");

    private static async Task<ITextToSpeechClient> Open() => (ITextToSpeechClient)await PiperEngine.Register(VoicePath(), Espeak()).Open(default);

    private static EspeakProgram Espeak()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/espeak-ng"), "Needs espeak-ng: apt-get install espeak-ng");
        return new();
    }

    private static JsonElement[] Items() =>
        [.. JsonDocument.Parse(File.ReadAllBytes(TestData.SharedOrSkip("models/piper/expected.json"))).RootElement.GetProperty("items").EnumerateArray()];
}
