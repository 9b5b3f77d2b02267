using Microsoft.Extensions.AI;
using Parley.Graphs;

namespace Parley.Engines.Tests;

/// <summary>Voxtral behind the seam, on the small checkpoint of the goldens.</summary>
public sealed class VoxtralTests : IAsyncLifetime
{
    private readonly string cache = Directory.CreateTempSubdirectory("parley-voxtral-engine-").FullName;
    private EngineCatalogue catalogue = null!;
    private ITextToSpeechClient client = null!;

    public async ValueTask InitializeAsync()
    {
        string folder = Path.Combine(cache, "voxtral-4b-tts"), source = TestData.Golden("voxtral/tiny");
        foreach (string file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(folder, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        catalogue = new([VoxtralEngine.Register(folder, "f32", Path.Combine(cache, "compiled"), slots: 2)]);
        client = await catalogue.OpenAsync<ITextToSpeechClient>(VoxtralEngine.Name, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await catalogue.DisposeAsync();
        Directory.Delete(cache, recursive: true);
    }

    private static TextToSpeechOptions Options(string voice, long seed, int frames = 8)
    {
        TextToSpeechOptions options = new() { VoiceId = voice };
        options.Seed = seed;
        options.MaxNewTokens = frames;
        return options;
    }

    private async Task<byte[]> SpeakAsync(string text, TextToSpeechOptions options) =>
        (await client.GetAudioAsync(text, options, TestContext.Current.CancellationToken)).Contents.OfType<DataContent>().Single().Data.ToArray();

    [Fact]
    public void The_engine_tells_its_voices_and_languages()
    {
        EngineDescription engine = Assert.Single(catalogue.Engines);
        Assert.Equal(["casual_female", "neutral_male", "fr_male"], engine.Voices.Select(voice => voice.Id));
        Assert.Equal(["en", "fr"], engine.Languages);
        Assert.False(engine.CanCloneVoices);
    }

    [Fact]
    public async Task Callers_at_once_get_what_each_gets_alone()
    {
        (string Text, TextToSpeechOptions Options)[] orders =
        [
            ("Hello world", Options("casual_female", 1)), ("Bonjour tout le monde", Options("fr_male", 2, 5)), ("A third caller waits", Options("neutral_male", 3)),
        ];
        List<byte[]> alone = [];
        foreach ((string text, TextToSpeechOptions options) in orders)
            alone.Add(await SpeakAsync(text, options));
        byte[][] together = await Task.WhenAll(orders.Select(order => SpeakAsync(order.Text, order.Options)));
        for (int i = 0; i < orders.Length; i++)
        {
            Assert.NotEmpty(alone[i]);
            Assert.Equal(alone[i].Length, together[i].Length);
            for (int at = 0; at < alone[i].Length; at += 2) // 16-bit: one row and many rows may round a sample differently
                Assert.InRange(BitConverter.ToInt16(alone[i], at) - BitConverter.ToInt16(together[i], at), -8, 8);
        }
    }

    [Fact]
    public async Task A_long_text_is_spoken_piece_by_piece_in_order()
    {
        string text = string.Concat(Enumerable.Repeat("This is a sentence that is long enough to fill a piece with a few others of its kind. ", 12));
        byte[] whole = await SpeakAsync(text, Options("casual_female", 4, 2));
        int pieces = Models.Voxtral.VoxtralText.Pieces(text).Count(), frame = 1920 * 2, pause = (int)(24_000 * 0.15) * 2;
        Assert.True(pieces > 2);
        Assert.InRange(whole.Length, pause * (pieces - 1) + 1, pieces * 2 * frame + pause * (pieces - 1));
    }

    [Fact]
    public async Task A_caller_that_leaves_frees_its_place()
    {
        using CancellationTokenSource leave = new();
        for (int round = 0; round < 4; round++) // two slots: a place that stayed taken would stop the third
        {
            await foreach (TextToSpeechResponseUpdate _ in client.GetStreamingAudioAsync("Hello world, here I am", Options("casual_female", 1, 2000), TestContext.Current.CancellationToken))
                break;
        }
        IAsyncEnumerable<TextToSpeechResponseUpdate> updates = client.GetStreamingAudioAsync("Hello", Options("casual_female", 1, 2000), leave.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (TextToSpeechResponseUpdate _ in updates)
                await leave.CancelAsync();
        });
        Assert.NotEmpty(await SpeakAsync("Still here", Options("neutral_male", 1)));
    }

    [Fact]
    public async Task What_the_model_cannot_do_is_refused()
    {
        await Assert.ThrowsAsync<UnsupportedOptionException>(() => SpeakAsync("x", new() { Speed = 1.5f }));
        await Assert.ThrowsAsync<UnknownVoiceException>(() => SpeakAsync("x", new() { VoiceId = "nobody" }));
        await Assert.ThrowsAsync<ArgumentException>(() => SpeakAsync("...", new()));
        TextToSpeechOptions cloning = new();
        cloning.ReferenceAudio = new(new byte[4], "me.wav");
        await Assert.ThrowsAsync<UnsupportedOptionException>(() => SpeakAsync("x", cloning));
        TextToSpeechOptions wild = new();
        wild.CfgAlpha = 99;
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => SpeakAsync("x", wild));
    }

    [Theory]
    [InlineData("voxtral-realtime-2602", "Voxtral Realtime")]
    [InlineData("tts-params-only", "consolidated.safetensors")]
    public void Another_folder_is_named_when_it_is_registered(string name, string expected) =>
        Assert.Contains(expected, Assert.Throws<CheckpointException>(
            () => VoxtralEngine.Register(TestData.Golden($"voxtral/wrong-variants/{name}"), "q4", cache)).Message, StringComparison.Ordinal);
}
