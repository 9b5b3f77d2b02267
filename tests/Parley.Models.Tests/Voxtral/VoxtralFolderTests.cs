using System.Text.Json.Nodes;
using Parley.Graphs;
using Parley.Models.Voxtral;

namespace Parley.Models.Tests;

/// <summary>One thing changed in a good folder: each change has its own message.</summary>
public sealed class VoxtralFolderTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("parley-voxtral-").FullName;

    public VoxtralFolderTests()
    {
        string source = TestData.Golden("voxtral/small-b");
        Directory.CreateDirectory(Path.Combine(folder, "voice_embedding"));
        foreach (string file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
            File.Copy(file, Path.Combine(folder, Path.GetRelativePath(source, file)));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Refusal() => Assert.Throws<CheckpointException>(() => VoxtralSpeaker.Open(folder, Precision.F32, Path.Combine(folder, "cache")).Dispose()).Message;

    private void Edit(string file, Action<JsonNode> edit)
    {
        string path = Path.Combine(folder, file);
        JsonNode root = JsonNode.Parse(File.ReadAllBytes(path))!;
        edit(root);
        File.WriteAllText(path, root.ToJsonString());
    }

    [Fact]
    public void A_good_folder_speaks_and_its_graphs_are_kept()
    {
        using VoxtralSpeaker speaker = VoxtralSpeaker.Open(folder, Precision.Q4, Path.Combine(folder, "cache"));
        Assert.Equal(["de_female", "hi_male"], speaker.Prompts.Voices.Keys);
        Assert.Equal("hi", speaker.Prompts.Voices["hi_male"].Language);
        float[] samples = [.. speaker.Speak("Die Straße ist naß. Ja!", speaker.Prompts.Voices["de_female"], new() { MaxCodecFrames = 4 }, TestContext.Current.CancellationToken)
            .SelectMany(frame => frame.Samples.ToArray())];
        Assert.NotEmpty(samples);
        Assert.All(samples, sample => Assert.True(float.IsFinite(sample)));
        Assert.Equal(5, Directory.GetFiles(Path.Combine(folder, ".parley"), "*.onnx").Length);
    }

    [Fact]
    public void A_contradiction_in_params_is_named()
    {
        Edit("params.json", root => root["dim"] = 47);
        Assert.Contains("dim", Refusal(), StringComparison.Ordinal);
        Edit("params.json", root => root.AsObject().Remove("n_layers"));
        Assert.Contains("n_layers", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Other_sizes_name_every_tensor_that_does_not_fit()
    {
        Edit("params.json", root => root["n_layers"] = 3);
        string refusal = Refusal();
        Assert.Contains("9 tensors are missing", refusal, StringComparison.Ordinal);
        Assert.Contains("layers.2.attention.wq.weight", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_voice_is_named()
    {
        File.Delete(Path.Combine(folder, "voice_embedding", "hi_male.pt"));
        Assert.Contains("hi_male.pt", Refusal(), StringComparison.Ordinal);
        File.Delete(Path.Combine(folder, "voice_embedding", "de_female.pt"));
        Assert.Contains("voice_embedding/*.pt is missing", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_voice_of_another_length_than_the_tokenizer_says_is_refused()
    {
        Edit("tekken.json", root => root["audio"]!["voice_num_audio_tokens"]!["hi_male"] = 4);
        Assert.Contains("has 3 rows, tekken.json says 4", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_tokenizer_of_another_model_is_refused()
    {
        File.Copy(TestData.Golden("voxtral/tiny/tekken.json"), Path.Combine(folder, "tekken.json"), overwrite: true);
        Assert.Contains("Is it another model's?", Refusal(), StringComparison.Ordinal);
    }
}
