using Microsoft.Extensions.AI;
using Parley.Engines.Whisper;

namespace Parley.Engines.Tests.Whisper;

/// <summary>The starter ear on real sound. One thread: on a busy machine whisper.cpp's threads wait for each other.</summary>
public sealed class WhisperSpeechToTextClientTests(WhisperSpeechToTextClientTests.StarterEar ear) : IClassFixture<WhisperSpeechToTextClientTests.StarterEar>
{
    public sealed class StarterEar : IAsyncLifetime
    {
        public ISpeechToTextClient Client { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Client = (ISpeechToTextClient)await WhisperEngine.Register("whisper:base",
            TestData.Starter("whisper/ggml-base-q5_1.bin"), TestData.Starter("silero/silero_vad.onnx"), threads: 1).Open(CancellationToken.None);

        public ValueTask DisposeAsync()
        {
            Client.Dispose();
            return ValueTask.CompletedTask;
        }
    }

    [Fact]
    public async Task Speech_comes_out_as_its_words_with_their_times()
    {
        using FileStream wav = File.OpenRead(TestData.SharedOrSkip("golden/audio/third-party/jfk.wav"));
        SpeechToTextResponse response = await ear.Client.GetTextAsync(wav, new SpeechToTextOptions { WithWords = true }, TestContext.Current.CancellationToken);
        Assert.Equal("And so my fellow Americans, ask not what your country can do for you, ask what you can do for your country.", response.Text);
        Transcript transcript = Assert.IsType<Transcript>(response.Transcript);
        Assert.Equal("en", transcript.Language);
        Assert.Equal(22, transcript.Words.Count());
        Assert.InRange(transcript.Segments[0].Start.TotalSeconds, 0.25, 0.45);
        Assert.InRange(transcript.Segments[^1].End.TotalSeconds, 10.2, 10.7);
    }
}
