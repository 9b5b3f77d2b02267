using System.Text.Json;
using Parley.Cli.Configuration;

namespace Parley.Cli.Tests;

public sealed class WeightCommandTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("parley-weights-");
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    public void Dispose() => folder.Delete(recursive: true);

    private Task<int> RunAsync(params string[] arguments) => CommandLine.RunAsync(
        arguments, new Terminal { Out = output, Error = error, OpenInput = () => Stream.Null, OpenOutput = () => Stream.Null },
        ConfigurationInput.FromProcess(), TestContext.Current.CancellationToken);

    [Fact]
    public async Task Inspect_shows_tensors_totals_and_the_model()
    {
        string file = TestData.Golden("voxtral/tiny/consolidated.safetensors");
        Assert.Equal(0, await RunAsync("inspect", file));
        Assert.Contains("mm_audio_embeddings.tok_embeddings.weight", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("179 tensors, 695200 parameters, 1390400 bytes.", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("This is Voxtral TTS", output.ToString(), StringComparison.Ordinal);

        output.GetStringBuilder().Clear();
        Assert.Equal(0, await RunAsync("inspect", file, "--json"));
        JsonElement json = JsonDocument.Parse(output.ToString()).RootElement;
        Assert.Equal(179, json.GetProperty("tensors").GetArrayLength());
        Assert.Equal("BF16", json.GetProperty("tensors")[0].GetProperty("type").GetString());
    }

    [Fact]
    public async Task Inspect_names_what_a_file_would_run_and_runs_nothing()
    {
        Assert.Equal(ExitCodes.Data, await RunAsync("inspect", TestData.Golden("voxtral/voices/foreign_global.pt")));
        Assert.Contains("builtins.print", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(ExitCodes.NoInput, await RunAsync("inspect", Path.Combine(folder.FullName, "nothing.safetensors")));
    }

    [Fact]
    public async Task Export_writes_every_graph_with_its_weights()
    {
        Assert.Equal(0, await RunAsync("export", TestData.Golden("voxtral/small-b"), "-o", folder.FullName, "--precision", "q8"));
        string[] files = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Equal(5, files.Length);
        Assert.All(files, file => Assert.True(File.Exists(file) && File.Exists(Path.ChangeExtension(file, ".weights")), file));
        Assert.Equal(ExitCodes.Data, await RunAsync("export", TestData.Golden("voxtral/wrong-variants/voxtral-realtime-2602"), "-o", folder.FullName));
        Assert.Contains("Voxtral Realtime", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, await RunAsync("export", TestData.Golden("voxtral/small-b"), "-o", folder.FullName, "--precision", "q5"));
    }

    [Fact]
    public async Task Bench_tells_what_a_precision_adds_to_every_stage()
    {
        string[] command = ["bench", "voxtral", "--model", TestData.Golden("voxtral/tiny"), "--errors", "--precision", "q8", "--folder", folder.FullName];
        Assert.Equal(0, await RunAsync([.. command, "--json"]));
        JsonElement[] rows = [.. JsonDocument.Parse(output.ToString()).RootElement.GetProperty("errors").EnumerateArray()];
        Assert.Equal("decoder, prompt", rows[0].GetProperty("stage").GetString());
        Assert.InRange(rows[0].GetProperty("root_mean_square").GetDouble(), 0.001, 0.1);
        Assert.Equal(JsonValueKind.Null, rows[0].GetProperty("codes_changed").ValueKind);

        output.GetStringBuilder().Clear();
        Assert.Equal(0, await RunAsync(command));
        Assert.Contains("flow matching", output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "--model FOLDER")]
    [InlineData("--errors", "--model FOLDER")]
    [InlineData("--random --model x --errors", "--model FOLDER")]
    [InlineData("--model x", "--errors")]
    [InlineData("--random --errors --batch 2", "--batch")]
    [InlineData("--random --errors --precision bf16", "CUDA")]
    public async Task Bench_refuses_options_that_do_not_go_together(string options, string said)
    {
        Assert.Equal(ExitCodes.Usage, await RunAsync(["bench", "voxtral", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]));
        Assert.Contains(said, error.ToString(), StringComparison.Ordinal);
    }
}
