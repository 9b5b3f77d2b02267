using Parley.Models;

namespace Parley.Engines.Tests;

public sealed class EngineNamesTests : IDisposable
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;
    private readonly DirectoryInfo models = Directory.CreateTempSubdirectory("parley-models-");

    public void Dispose() => models.Delete(recursive: true);

    [Fact]
    public async Task The_starter_set_is_there_without_a_word()
    {
        await using EngineCatalogue catalogue = await Names(new()).AssembleAsync(Cancel);

        Assert.Equal(["hibari", "espeak", "whisper:base", "echo", "smart-turn", "deny-list"], catalogue.Engines.Select(engine => engine.Name));
        Assert.Equal("hibari", catalogue.Default(EngineTask.Speech)!.Name);
    }

    [Fact]
    public async Task Remotes_are_there_and_a_list_can_put_one_first()
    {
        Dictionary<string, RemoteOptions> remotes = new()
        {
            ["brain"] = new() { Task = EngineTask.Chat, BaseUrl = new("http://127.0.0.1:1/v1") },
            ["studio"] = new() { Task = EngineTask.Speech, BaseUrl = new("http://127.0.0.1:1/v1") },
        };

        await using EngineCatalogue catalogue = await Names(new() { Chat = ["openai:brain", "echo"] }, remotes).AssembleAsync(Cancel);

        Assert.Equal("openai:brain", catalogue.Default(EngineTask.Chat)!.Name);
        Assert.Equal("hibari", catalogue.Default(EngineTask.Speech)!.Name);
        Assert.True(catalogue.TryFind("openai:studio", out EngineDescription? studio));
        Assert.True(studio.IsRemote);
    }

    [Theory]
    [InlineData("hibri", "did you mean 'hibari'")]
    [InlineData("voxtral", "the names are")]
    [InlineData("qwen3.gguf", "did you mean 'gguf:./qwen3.gguf'")]
    [InlineData("/models/qwen3.gguf", "did you mean 'gguf:/models/qwen3.gguf'")]
    [InlineData("openai:nobody", "no remote of the configuration is named 'nobody'")]
    [InlineData("whisper:../../etc/passwd", "without folders")]
    [InlineData("piper:", "without folders")]
    public async Task A_name_that_stands_for_nothing_says_what_would(string name, string said)
    {
        UnknownEngineException fault = await Assert.ThrowsAsync<UnknownEngineException>(() => Names(new()).AssembleAsync([name], Cancel));
        Assert.Contains(said, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("whisper:large-v3", "whisper/ggml-large-v3.bin")]
    [InlineData("piper:en_US-joe-medium", "piper/en_US-joe-medium.onnx")]
    [InlineData("kokoro", "kokoro")]
    [InlineData("livekit-turn", "livekit-turn")]
    public async Task A_model_that_is_not_there_is_named_with_its_place(string name, string path)
    {
        ModelFileException fault = await Assert.ThrowsAsync<ModelFileException>(() => Names(new()).AssembleAsync([name], Cancel));
        Assert.Equal(Path.Combine(models.FullName, path), fault.Path);
    }

    [Fact]
    public async Task A_voice_that_was_brought_here_is_found()
    {
        string voice = TestData.SharedOrSkip("models/piper/en_US-joe-medium.onnx");
        DirectoryInfo piper = models.CreateSubdirectory("piper");
        File.CreateSymbolicLink(Path.Combine(piper.FullName, "en_US-joe-medium.onnx"), voice);
        File.CreateSymbolicLink(Path.Combine(piper.FullName, "en_US-joe-medium.onnx.json"), voice + ".json");

        await using EngineCatalogue catalogue = await Names(new() { Speech = ["piper:en_US-joe-medium"] }).AssembleAsync(Cancel);

        Assert.Equal(22_050, catalogue.Default(EngineTask.Speech)!.SampleRate);
    }

    private EngineNames Names(EngineOptions options, Dictionary<string, RemoteOptions>? remotes = null) =>
        new(options, remotes ?? [], StarterModels.Locate(), models.FullName, _ => null);
}
