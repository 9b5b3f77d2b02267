using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Engines.Whisper;
using Parley.Models;
using Parley.Text;

namespace Parley.Engines.Tests.Whisper;

/// <summary>Real models on real sound.</summary>
public sealed class StarterEarTests(StarterEarTests.StarterEar ear) : IClassFixture<StarterEarTests.StarterEar>
{
    private static readonly string Jfk = TestData.Golden("audio/third-party/jfk.wav");

    public sealed class StarterEar : IAsyncLifetime
    {
        public ISpeechToTextClient Client { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Client = await OpenAsync(TestData.Starter("whisper/ggml-base-q5_1.bin"));

        public ValueTask DisposeAsync()
        {
            Client.Dispose();
            return ValueTask.CompletedTask;
        }
    }

    [Fact]
    public async Task English_is_recognised_and_every_word_has_its_time()
    {
        Transcript transcript = await HearAsync(Jfk, new SpeechToTextOptions { WithWords = true });
        Assert.Equal("And so my fellow Americans, ask not what your country can do for you, ask what you can do for your country.", transcript.Text);
        Assert.Equal("en", transcript.Language);
        Assert.Equal(transcript.Text.Split(' '), transcript.Words.Select(word => word.Text));
        Assert.InRange(transcript.Segments[0].Start.TotalSeconds, 0.25, 0.45);
        Assert.InRange(transcript.Segments[^1].End.TotalSeconds, 10.2, 10.7);
        Assert.InRange(transcript.Words.Single(word => word.Text == "Americans,").End.TotalSeconds, 2.0, 2.5);
        Assert.All(transcript.Segments, segment => Assert.InRange(segment.NoSpeechProbability!.Value, 0, 0.2));
        Assert.All(transcript.Words, word => Assert.InRange(word.Probability!.Value, 0.1f, 1f));
    }

    [Fact]
    public async Task Japanese_comes_out_letter_for_letter_and_its_words_are_whole_characters()
    {
        Transcript transcript = await HearAsync(TestData.SharedOrSkip("models/whisper/ja16.wav"), new SpeechToTextOptions { WithWords = true });
        Assert.Equal(("今日は天気がいいので、公園を散歩しましょう", "ja"), (transcript.Text.TrimEnd('。'), transcript.Language)); // the last stop is a matter of rounding
        Assert.Equal(transcript.Text, string.Concat(transcript.Words.Select(word => word.Text)));
    }

    [Fact]
    public async Task Japanese_is_translated_into_english()
    {
        Transcript transcript = await HearAsync(
            TestData.SharedOrSkip("models/whisper/ja16.wav"), new SpeechToTextOptions { SpeechLanguage = "ja", TextLanguage = "en" });
        Assert.Contains("park", transcript.Text, StringComparison.Ordinal);
        Assert.Contains("weather", transcript.Text, StringComparison.Ordinal);
        Assert.All(transcript.Segments, segment => Assert.InRange(segment.NoSpeechProbability!.Value, 0, 0.3));
    }

    [Fact]
    public async Task A_recording_longer_than_a_window_keeps_its_words()
    {
        Transcript transcript = await HearAsync(TestData.SharedOrSkip("models/whisper/two_cities_16k.wav"), new SpeechToTextOptions { SpeechLanguage = "en" });
        const string clip = "two_cities_16k.wav";
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllText(TestData.SharedOrSkip("models/whisper/expected.json")));
        string peer = string.Concat(expected.RootElement.GetProperty("whisper_cpp_base").GetProperty("q5_1").GetProperty(clip)
            .EnumerateArray().Select(segment => segment.GetProperty("text").GetString()));
        int mistakes = ErrorRate.OfWords(Known(clip), transcript.Text, WhisperEnglishNormalizer.Instance).Errors;
        Assert.InRange(mistakes, 0, ErrorRate.OfWords(Known(clip), peer, WhisperEnglishNormalizer.Instance).Errors); // 3 of 119 words
        Assert.True(transcript.Segments.Zip(transcript.Segments.Skip(1)).All(pair => pair.First.End <= pair.Second.Start));
    }

    [Theory]
    [InlineData("silence")]
    [InlineData("long silence")]
    [InlineData("hush")]
    [InlineData("hum")]
    [InlineData("music")]
    [InlineData("tick")]
    [InlineData("nothing")]
    public async Task Sound_without_speech_is_no_text_even_where_it_is_not_cut_away(string sound)
    {
        SpeechToTextOptions options = new() { CutSilence = false, SpeechLanguage = "en", Temperature = 0, WithWords = true };
        SpeechToTextResponse response = await ear.Client.GetTextAsync(
            WhisperSpeechToTextClientTests.Wav(Sounds.Make(sound), 16_000), options, TestContext.Current.CancellationToken);
        Assert.Equal("", response.Text);
    }

    [Fact]
    public async Task The_english_model_makes_no_mistake_and_ends_words_where_the_reference_does()
    {
        using ISpeechToTextClient tiny = await OpenAsync(TestData.SharedOrSkip("models/whisper/ggml-tiny.en-q5_1.bin"));
        using FileStream wav = File.OpenRead(Jfk);
        SpeechToTextOptions options = new() { WithWords = true, CutSilence = false };
        Transcript transcript = (await tiny.GetTextAsync(wav, options, TestContext.Current.CancellationToken)).Transcript!;
        Assert.Equal(0, ErrorRate.OfWords(Known("jfk.wav"), transcript.Text, WhisperEnglishNormalizer.Instance).Errors);

        using JsonDocument expected = JsonDocument.Parse(File.ReadAllText(TestData.SharedOrSkip("models/whisper/expected.json")));
        double[] ends =
        [
            .. expected.RootElement.GetProperty("ctranslate2").GetProperty("results").GetProperty("jfk.wav").GetProperty("words")
                .EnumerateArray().Select(word => word.GetProperty("end").GetDouble()),
        ];
        double[] errors = [.. ends.Zip(transcript.Words, (end, word) => Math.Abs(end - word.End.TotalSeconds)).Order()];
        Assert.Equal(ends.Length, errors.Length);
        Assert.InRange(errors[errors.Length / 2], 0, 0.041);
        Assert.InRange(errors[^3], 0, 0.25); // one or two words around the pauses differ by more
    }

    [Fact]
    public async Task The_english_model_hears_the_words_of_CTranslate2_one_by_one_and_ends_them_where_it_does()
    {
        const string clip = "two_cities_16k.wav";
        using ISpeechToTextClient tiny = await OpenAsync(TestData.SharedOrSkip("models/whisper/ggml-tiny.en-q5_1.bin"));
        using FileStream wav = File.OpenRead(TestData.SharedOrSkip($"models/whisper/{clip}"));
        SpeechToTextOptions options = new() { WithWords = true, CutSilence = false };
        Transcript transcript = (await tiny.GetTextAsync(wav, options, TestContext.Current.CancellationToken)).Transcript!;

        using JsonDocument expected = JsonDocument.Parse(File.ReadAllText(TestData.SharedOrSkip("models/whisper/expected.json")));
        (string Word, double End)[] reference =
        [
            .. expected.RootElement.GetProperty("ctranslate2").GetProperty("results").GetProperty(clip).GetProperty("words")
                .EnumerateArray().Select(word => (Plain(word.GetProperty("word").GetString()!), word.GetProperty("end").GetDouble())),
        ];
        (string Word, double End)[] heard = [.. transcript.Words.Select(word => (Plain(word.Text), word.End.TotalSeconds))];
        Assert.Equal(reference.Select(word => word.Word), heard.Select(word => word.Word));
        double[] errors = [.. reference.Zip(heard, (one, other) => Math.Abs(one.End - other.End)).Order()];
        Assert.InRange(errors[errors.Length / 2], 0, 0.041);
        Assert.InRange(errors[errors.Length * 9 / 10], 0, 0.25);

        static string Plain(string word) => string.Concat(word.Where(char.IsLetterOrDigit)).ToUpperInvariant();
    }

    [Fact]
    public async Task A_prompt_sets_the_spelling()
    {
        const string prompt = "and so, my fellow americans: this is all in lower case, without capital letters";
        Transcript transcript = await HearAsync(Jfk, new SpeechToTextOptions { SpeechLanguage = "en", Prompt = prompt });
        Assert.StartsWith("and so", transcript.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calls_side_by_side_take_turns_and_one_that_is_cancelled_leaves_the_others_alone()
    {
        using CancellationTokenSource cancel = new();
        using FileStream wav = File.OpenRead(Jfk);
        SpeechToTextOptions english = new() { SpeechLanguage = "en" };
        Task<SpeechToTextResponse> cancelled = ear.Client.GetTextAsync(wav, english, cancel.Token);
        Task<Transcript> one = HearAsync(Jfk, english), other = HearAsync(Jfk, english);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.EndsWith("your country.", (await one).Text, StringComparison.Ordinal);
        Assert.Equal((await one).Text, (await other).Text);
    }

    [Fact]
    public async Task A_catalogue_that_is_closed_aborts_its_work_and_waits_for_the_native_part()
    {
        EngineCatalogue catalogue = new([WhisperEngine.Register("whisper:base", TestData.Starter("whisper/ggml-base-q5_1.bin"), TestData.Starter("silero/silero_vad.onnx"), TestData.Compiled)]);
        ISpeechToTextClient client = await catalogue.OpenAsync<ISpeechToTextClient>("whisper:base", TestContext.Current.CancellationToken);
        using FileStream wav = File.OpenRead(Jfk);
        Task<SpeechToTextResponse> call = client.GetTextAsync(wav, new SpeechToTextOptions { SpeechLanguage = "en" }, CancellationToken.None);
        await catalogue.DisposeAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        using FileStream again = File.OpenRead(Jfk);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.GetTextAsync(again, null, CancellationToken.None));
    }

    [Theory]
    [InlineData("multilingual")]
    [InlineData("v3-layout")]
    public async Task Any_published_form_of_a_model_hears(string form)
    {
        using ISpeechToTextClient ear = await OpenAsync(TestData.Golden($"whisper/tiny-random/{form}"));
        using FileStream wav = File.OpenRead(Jfk);
        SpeechToTextOptions options = new() { SpeechLanguage = "de", WithWords = true, Temperature = 0 };
        Transcript transcript = (await ear.GetTextAsync(wav, options, TestContext.Current.CancellationToken)).Transcript!;
        Assert.Equal(11, transcript.Duration.TotalSeconds, 1); // random weights say anything, but within the recording
        Assert.All(transcript.Segments, segment => Assert.InRange(segment.End.TotalSeconds, segment.Start.TotalSeconds, 11));
    }

    [Fact]
    public async Task Windows_of_one_recording_are_decoded_together_and_come_in_order()
    {
        float[] twice = [.. WavReader.Read(TestData.SharedOrSkip("models/whisper/two_cities_16k.wav")).Samples, .. WavReader.Read(Jfk).Samples];
        byte[] pcm = new byte[2 * twice.Length];
        Pcm16.FromFloat(twice, pcm);
        List<string> streamed = [];
        SpeechToTextOptions options = new() { SpeechSampleRate = 16_000, SpeechLanguage = "en" };
        await foreach (SpeechToTextResponseUpdate update in ear.Client.GetStreamingTextAsync(new MemoryStream(pcm), options, TestContext.Current.CancellationToken))
            streamed.Add(update.Text);
        string text = string.Concat(streamed);
        Assert.StartsWith("It was the best of times", text, StringComparison.Ordinal);
        Assert.EndsWith("for your country.", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_cut_short_is_named_before_anything_is_loaded()
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("parley-ear-").FullName, "ggml-base.bin");
        using (FileStream whole = File.OpenRead(TestData.Starter("whisper/ggml-base-q5_1.bin")), cut = File.Create(path))
        {
            whole.CopyTo(cut);
            cut.SetLength(cut.Length / 2);
        }
        ModelFileException fault = Assert.Throws<ModelFileException>(() => WhisperEngine.Register("whisper:cut", path, TestData.Starter("silero/silero_vad.onnx"), Path.GetTempPath()));
        Assert.Contains(path, fault.Message, StringComparison.Ordinal);
        Assert.Contains("cut short", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_catalogue_knows_the_ear_without_opening_it()
    {
        EngineDescription description = WhisperEngine.Starter(StarterModels.Open(TestData.Starter("")), Path.GetTempPath()).Description;
        Assert.Equal(("whisper:base", "whisper base q5_1", EngineTask.Transcription), (description.Name, description.Model, description.Task));
        Assert.Equal(99, description.Languages.Count);
    }

    private static async Task<ISpeechToTextClient> OpenAsync(string path) =>
        (ISpeechToTextClient)await WhisperEngine.Register("whisper:test", path, TestData.Starter("silero/silero_vad.onnx"), TestData.Compiled).Open(CancellationToken.None);

    private async Task<Transcript> HearAsync(string path, SpeechToTextOptions options)
    {
        using FileStream wav = File.OpenRead(path);
        return (await ear.Client.GetTextAsync(wav, options, TestContext.Current.CancellationToken)).Transcript!;
    }

    private static string Known(string clip)
    {
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllText(TestData.SharedOrSkip("models/whisper/expected.json")));
        return expected.RootElement.GetProperty("known_text").GetProperty(clip).GetString()!;
    }
}
