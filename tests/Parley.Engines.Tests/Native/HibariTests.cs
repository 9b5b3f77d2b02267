using Microsoft.Extensions.AI;
using Parley.Models;

namespace Parley.Engines.Tests.Native;

public class HibariTests(HibariFixture hibari) : IClassFixture<HibariFixture>
{
    private const string Text = "Good morning. It is seven thirty, and the sun is up! Shall we go?";

    [Fact]
    public async Task Streaming_gives_what_is_given_whole_sample_for_sample()
    {
        TextToSpeechOptions options = new() { Seed = 11 };
        TextToSpeechResponse whole = await hibari.Client.GetAudioAsync(Text, options);
        List<byte> streamed = [];
        List<TextToSpeechResponseUpdate> updates = [];
        await foreach (TextToSpeechResponseUpdate update in hibari.Client.GetStreamingAudioAsync(Text, options))
        {
            streamed.AddRange(Sound(update.Contents));
            updates.Add(update);
        }
        Assert.Equal(Sound(whole.Contents), streamed);
        Assert.Equal(11, updates[0].Seed);
        Assert.All(updates, update => Assert.InRange(Sound(update.Contents).Length, 2, 4800));
        Assert.Equal(whole.Words, updates.SelectMany(update => update.Words));
    }

    [Fact]
    public async Task The_first_sentence_sounds_before_the_second_is_made()
    {
        string endless = string.Concat(Enumerable.Repeat("This text is far too long to be made whole. ", 20_000));
        await foreach (TextToSpeechResponseUpdate update in hibari.Client.GetStreamingAudioAsync(endless))
        {
            Assert.NotEmpty(Sound(update.Contents));
            break;
        }
    }

    [Fact]
    public async Task Without_a_seed_the_noise_is_fresh_and_the_update_tells_which_it_was()
    {
        TextToSpeechResponseUpdate first = await hibari.Client.GetStreamingAudioAsync("Yes.").FirstAsync();
        TextToSpeechResponseUpdate again = await hibari.Client.GetStreamingAudioAsync("Yes.", new() { Seed = first.Seed }).FirstAsync();
        TextToSpeechResponseUpdate other = await hibari.Client.GetStreamingAudioAsync("Yes.").FirstAsync();
        Assert.Equal(Sound(first.Contents), Sound(again.Contents));
        Assert.NotEqual(Sound(first.Contents), Sound(other.Contents));
    }

    [Theory]
    [InlineData(0.25f)]
    [InlineData(0.5f)]
    [InlineData(2f)]
    [InlineData(4f)]
    public async Task Speed_is_honoured(float speed)
    {
        const string text = "The quick brown fox jumps over the lazy dog, and then it sleeps all day.";
        double normal = Sound((await hibari.Client.GetAudioAsync(text)).Contents).Length;
        double paced = Sound((await hibari.Client.GetAudioAsync(text, new() { Speed = speed })).Contents).Length;
        // Durations are whole units of 25 ms, at least one: fast speech is not quite as fast as asked.
        Assert.InRange(normal / paced / speed, 0.85, 1.1);
    }

    [Fact]
    public async Task Callers_at_the_same_time_get_the_same_sound()
    {
        byte[][] sounds = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
            Sound((await hibari.Client.GetAudioAsync(Text, new() { Seed = 3 })).Contents))));
        Assert.All(sounds, sound => Assert.Equal(sounds[0], sound));
    }

    [Fact]
    public async Task A_cancelled_call_ends_with_the_update_under_way()
    {
        using CancellationTokenSource cancel = new();
        int updates = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (TextToSpeechResponseUpdate _ in hibari.Client.GetStreamingAudioAsync(Text, cancellationToken: cancel.Token))
            {
                updates++;
                await cancel.CancelAsync();
            }
        });
        Assert.Equal(1, updates);
    }

    [Fact]
    public async Task Text_with_nothing_to_say_gives_no_sound()
    {
        Assert.Empty(await hibari.Client.GetStreamingAudioAsync("🙂 🙂").ToListAsync());
        Assert.Empty(Sound((await hibari.Client.GetAudioAsync("🙂")).Contents));
    }

    [Fact]
    public void What_it_cannot_honour_is_refused_at_the_door()
    {
        Assert.Equal("heart", Assert.Throws<UnknownVoiceException>(() => Speak(new() { VoiceId = "hart" })).Nearest);
        Assert.Throws<UnsupportedLanguageException>(() => Speak(new() { Language = "de" }));
        Assert.Throws<UnsupportedOptionException>(() => Speak(new() { Volume = 0.5f }));
        Assert.Throws<UnsupportedOptionException>(() => Speak(new() { AudioFormat = "mp3" }));
        Assert.Throws<UnsupportedOptionException>(() => Speak(new() { ReferenceAudio = new(new byte[1], "a.wav") }));
        Assert.Throws<UnsupportedOptionException>(() => Speak(new() { Instructions = "Cheerfully." }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Speak(new() { Speed = 0.2f }));
        Speak(new() { VoiceId = "Heart", Language = "en-GB", Speed = 0.25f, Pitch = 1, AudioFormat = "pcm" });
    }

    [Fact]
    public void It_tells_what_it_is()
    {
        Assert.Equal("hibari", hibari.Engine.Name);
        Assert.Equal(24_000, hibari.Engine.SampleRate);
        Assert.Equal(new Voice("heart", "Heart", "en-US", "American female, after Kokoro's af_heart"), Assert.Single(hibari.Engine.Voices));
        Assert.Equal("hibari", ((TextToSpeechClientMetadata)hibari.Client.GetService(typeof(TextToSpeechClientMetadata))!).ProviderName);
        Assert.Null(hibari.Client.GetService(typeof(IChatClient)));
    }

    [Fact]
    public async Task A_fetched_voice_is_listed_and_checked_before_it_speaks()
    {
        string folder = Directory.CreateTempSubdirectory("parley-voices").FullName;
        try
        {
            File.Copy(TestData.Starter("hibari/hibari.onnx"), Path.Combine(folder, "bf_emma.int8.onnx"));
            EngineRegistration registration = StarterEngines.Hibari(StarterModels.Open(TestData.Starter("")), folder);
            Assert.Equal(["heart", "emma"], registration.Description.Voices.Select(voice => voice.Id));
            Assert.Equal(["en-US", "en-GB"], registration.Description.Languages);
            using ITextToSpeechClient client = (ITextToSpeechClient)await registration.Open(CancellationToken.None);
            ModelFileException fault = await Assert.ThrowsAsync<ModelFileException>(() => client.GetAudioAsync("Hello.", new() { Language = "en-GB" }));
            Assert.Contains("bf_emma.int8.onnx is damaged or another file", fault.Message);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private IAsyncEnumerable<TextToSpeechResponseUpdate> Speak(TextToSpeechOptions options) => hibari.Client.GetStreamingAudioAsync("Hello.", options);

    private static byte[] Sound(IList<AIContent> contents) => ((DataContent)Assert.Single(contents)).Data.ToArray();
}
