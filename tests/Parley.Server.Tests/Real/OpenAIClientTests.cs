using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net;
using OpenAI;
using OpenAI.Audio;
using OpenAI.Chat;
using OpenAI.Models;
using Parley.Audio;

namespace Parley.Server.Tests;

/// <summary>OpenAI's own client for .NET against the real server with its real engines.</summary>
[Collection(nameof(RealServer))]
public class OpenAIClientTests(RealServer real)
{
    private readonly OpenAIClient client = new(new ApiKeyCredential("none is needed"), new OpenAIClientOptions { Endpoint = new Uri(real.Server.Address, "/v1") });

    [Fact]
    public async Task Speech_is_made_and_heard_back()
    {
        AudioClient voice = client.GetAudioClient("tts-1"), ear = client.GetAudioClient("whisper-1");
        BinaryData sound = await voice.GenerateSpeechAsync("Good morning, the boat leaves at noon.", GeneratedSpeechVoice.Alloy,
            new SpeechGenerationOptions { ResponseFormat = GeneratedSpeechFormat.Wav, SpeedRatio = 1 });
        AudioTranscription heard = await ear.TranscribeAudioAsync(sound.ToStream(), "speech.wav", new AudioTranscriptionOptions
        {
            ResponseFormat = AudioTranscriptionFormat.Verbose, TimestampGranularities = AudioTimestampGranularities.Word | AudioTimestampGranularities.Segment,
        });
        Assert.Equal("goodmorningtheboatleavesatnoon", string.Concat(heard.Text.ToLowerInvariant().Where(char.IsLetter)));
        Assert.Equal("english", heard.Language);
        Assert.NotEmpty(heard.Segments);
        Assert.Equal(7, heard.Words.Count);
        Assert.InRange(heard.Duration!.Value.TotalSeconds, 1.5, 5);
    }

    [Theory]
    [InlineData("mp3")]
    [InlineData("opus")]
    [InlineData("aac")]
    [InlineData("flac")]
    [InlineData("pcm")]
    public async Task Every_format_of_the_client_is_made(string format)
    {
        BinaryData sound = await client.GetAudioClient("tts-1").GenerateSpeechAsync("Good morning.", GeneratedSpeechVoice.Nova, new SpeechGenerationOptions { ResponseFormat = new GeneratedSpeechFormat(format) });
        double seconds = format == "pcm" ? sound.ToArray().Length / 48_000.0 : (await AudioDecoder.DecodeAsync(sound.ToStream())).Duration.TotalSeconds;
        Assert.InRange(seconds, 0.4, 3);
    }

    [Fact]
    public async Task Speech_streams_as_typed_events()
    {
        List<byte> sound = [];
        bool isDone = false;
        await foreach (StreamingSpeechUpdate update in await client.GetAudioClient("gpt-4o-mini-tts").GenerateSpeechStreamingAsync("Good morning.", GeneratedSpeechVoice.Alloy,
            new SpeechGenerationOptions { ResponseFormat = GeneratedSpeechFormat.Pcm }))
        {
            if (update is StreamingSpeechAudioDeltaUpdate delta)
                sound.AddRange(delta.AudioBytes.ToArray());
            if (update is StreamingSpeechAudioDoneUpdate done)
            {
                isDone = true;
                Assert.Equal(done.Usage.TotalTokenCount, done.Usage.InputTokenCount + done.Usage.OutputTokenCount);
            }
        }
        Assert.True(isDone);
        Assert.InRange(sound.Count / 48_000.0, 0.4, 3);
    }

    [Fact]
    public async Task A_transcript_streams_as_typed_updates_that_make_its_text()
    {
        byte[] wav = await real.SpeakAsync("""{"response_format":"wav","input":"Good morning. The boat leaves at noon."}""");
        string deltas = "", done = "";
        await foreach (StreamingAudioTranscriptionUpdate update in await client.GetAudioClient("gpt-4o-transcribe").TranscribeAudioStreamingAsync(new MemoryStream(wav), "speech.wav"))
        {
            if (update is StreamingAudioTranscriptionTextDeltaUpdate delta)
                deltas += delta.Delta;
            if (update is StreamingAudioTranscriptionTextDoneUpdate end)
                done = end.Text;
        }
        Assert.Equal(deltas, done);
        Assert.Contains("boat", done, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_translation_of_english_is_english()
    {
        byte[] wav = await real.SpeakAsync("""{"response_format":"wav","input":"Good morning. The boat leaves at noon."}""");
        AudioTranslation translation = await client.GetAudioClient("whisper-1").TranslateAudioAsync(new MemoryStream(wav), "speech.wav", new AudioTranslationOptions { ResponseFormat = AudioTranslationFormat.Verbose });
        Assert.Contains("boat", translation.Text, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("english", translation.Language);
    }

    [Fact]
    public async Task Chat_answers_whole_and_as_a_stream()
    {
        ChatClient chat = client.GetChatClient("echo");
        OpenAI.Chat.ChatCompletion whole = await chat.CompleteChatAsync(new UserChatMessage("Say hello to Anna."));
        Assert.Equal("You said: Say hello to Anna.", whole.Content[0].Text);
        Assert.Equal(ChatFinishReason.Stop, whole.FinishReason);
        Assert.True(whole.Usage.TotalTokenCount > 0);
        string text = "";
        int usages = 0;
        await foreach (StreamingChatCompletionUpdate update in chat.CompleteChatStreamingAsync(new UserChatMessage("Say hello to Anna.")))
        {
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
            usages += update.Usage is null ? 0 : 1;
        }
        Assert.Equal("You said: Say hello to Anna.", text);
        Assert.Equal(1, usages); // the client asks for it by itself
    }

    [Fact]
    public async Task Models_are_listed()
    {
        OpenAIModelCollection models = await client.GetOpenAIModelClient().GetModelsAsync();
        Assert.Empty(((string[])["hibari", "espeak", "whisper:base", "echo", "tts-1", "whisper-1"]).Except(models.Select(model => model.Id)));
        OpenAIModel one = await client.GetOpenAIModelClient().GetModelAsync("whisper:base");
        Assert.Equal("parley", one.OwnedBy);
    }

    [Fact]
    public async Task A_mistake_is_an_exception_with_the_servers_words_and_is_sent_once()
    {
        CountingPolicy counter = new();
        OpenAIClientOptions options = new() { Endpoint = new Uri(real.Server.Address, "/v1") };
        options.AddPolicy(counter, PipelinePosition.PerTry);
        AudioClient voice = new OpenAIClient(new ApiKeyCredential("none"), options).GetAudioClient("tts-1");
        ClientResultException fault = await Assert.ThrowsAsync<ClientResultException>(() => voice.GenerateSpeechAsync("Hi.", new GeneratedSpeechVoice("no_such_voice")));
        Assert.Equal((int)HttpStatusCode.BadRequest, fault.Status);
        Assert.Contains("no_such_voice", fault.Message, StringComparison.Ordinal);
        Assert.Equal(1, counter.Sent);
    }

    private sealed class CountingPolicy : PipelinePolicy
    {
        public int Sent { get; private set; }

        public override void Process(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
        {
            Sent++;
            ProcessNext(message, pipeline, currentIndex);
        }

        public override async ValueTask ProcessAsync(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
        {
            Sent++;
            await ProcessNextAsync(message, pipeline, currentIndex);
        }
    }
}
