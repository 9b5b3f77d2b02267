using System.Text.Json.Nodes;
using Google.Protobuf;
using Onnx;
using Parley.Models.LiveKitTurn;
using Parley.Text.Tokenizers;

namespace Parley.Models.Tests.LiveKitTurn;

/// <summary>On the tiny random network with the published interface; the parity suite holds its numbers.</summary>
public sealed class LiveKitTurnModelTests : IDisposable
{
    private static readonly string Golden = TestData.Golden("decoder/turn-detector");
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("parley-turn-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void No_words_give_no_probability()
    {
        using LiveKitTurnModel model = LiveKitTurnModel.Open(Golden);
        Assert.Null(model.Predict([], TestContext.Current.CancellationToken));
        Assert.Null(model.Predict([new(Speaker.User, "")], TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Callers_side_by_side_get_what_each_would_get_alone()
    {
        using LiveKitTurnModel model = LiveKitTurnModel.Open(Golden);
        SpokenMessage[][] conversations = [.. Enumerable.Range(1, 20).Select(i => new SpokenMessage[] { new(Speaker.User, string.Concat(Enumerable.Repeat("and then ", i))) })];
        float?[] alone = [.. conversations.Select(messages => model.Predict(messages))];
        float?[] together = [.. conversations.AsParallel().AsOrdered().Select(messages => model.Predict(messages))];
        Assert.Equal(alone, together);
    }

    [Fact]
    public async Task A_caller_who_has_gone_is_not_served()
    {
        using LiveKitTurnModel model = LiveKitTurnModel.Open(Golden);
        using CancellationTokenSource gone = new();
        await gone.CancelAsync();
        Assert.ThrowsAny<OperationCanceledException>(() => model.Predict([new(Speaker.User, "hello")], gone.Token));
    }

    [Fact]
    public void A_network_with_a_single_output_is_the_english_one_and_reads_the_text_as_it_is()
    {
        Copy("tokenizer.json", "languages.json");
        ModelProto network = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Path.Combine(Golden, "onnx", "model_q8.onnx")));
        foreach (NodeProto node in network.Graph.Node)
        {
            for (int i = 0; i < node.Output.Count; i++)
                node.Output[i] = node.Output[i] == "prob" ? "all" : node.Output[i];
        }
        network.Graph.Initializer.Add(new TensorProto { Name = "flat", DataType = (int)TensorProto.Types.DataType.Int64, Dims = { 1 }, Int64Data = { -1 } });
        network.Graph.Node.Add(new NodeProto { OpType = "Reshape", Input = { "all", "flat" }, Output = { "prob" } });
        network.Graph.Output[0].Type.TensorType.Shape.Dim.RemoveAt(0);
        File.WriteAllBytes(Path.Combine(folder.FullName, "model_q8.onnx"), network.ToByteArray());

        using LiveKitTurnModel english = LiveKitTurnModel.Open(folder.FullName);
        ByteLevelTokenizer tokenizer = ByteLevelTokenizer.Open(Path.Combine(Golden, "tokenizer.json"));

        Assert.Equal(tokenizer.EncodeTemplate("<|im_start|><|user|>Hello, you!"), english.Tokens([new(Speaker.User, "Hello, you!")]));
        Assert.NotNull(english.Predict([new(Speaker.User, "Hello, you!")], TestContext.Current.CancellationToken));
    }

    [Fact]
    public void All_missing_files_are_named_at_once()
    {
        Copy("languages.json");
        ModelFileException fault = Assert.Throws<ModelFileException>(() => LiveKitTurnModel.Open(folder.FullName));
        Assert.Equal(folder.FullName, fault.Path);
        Assert.Contains("lacks onnx/model_q8.onnx, tokenizer.json.", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_tokenizer_of_another_model_is_named()
    {
        Copy("languages.json", "tokenizer.json", "model_q8.onnx");
        string path = Path.Combine(folder.FullName, "tokenizer.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("<|im_start|>", "<|begin_turn|>", StringComparison.Ordinal));
        ModelFileException fault = Assert.Throws<ModelFileException>(() => LiveKitTurnModel.Open(folder.FullName));
        Assert.Equal(path, fault.Path);
        Assert.Contains("has no token '<|im_start|>'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tokenizer_with_more_tokens_than_the_network_is_refused_when_it_is_opened()
    {
        Copy("languages.json", "tokenizer.json", "model_q8.onnx");
        string path = Path.Combine(folder.FullName, "tokenizer.json");
        JsonNode tokenizer = JsonNode.Parse(File.ReadAllText(path))!;
        tokenizer["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = 90_000, ["content"] = "<|far|>" });
        File.WriteAllText(path, tokenizer.ToJsonString());
        ModelFileException fault = Assert.Throws<ModelFileException>(() => LiveKitTurnModel.Open(folder.FullName));
        Assert.Contains("must come from one revision", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("smart-turn/smart-turn-v3.2-cpu.onnx", "has no 'input_ids'")]
    [InlineData("smart-turn/LICENSE", "cannot be opened as an ONNX model")]
    public void Another_network_is_named(string file, string problem)
    {
        Copy("languages.json", "tokenizer.json");
        string path = Path.Combine(folder.FullName, "model_q8.onnx");
        File.Copy(TestData.Starter(file), path);
        ModelFileException fault = Assert.Throws<ModelFileException>(() => LiveKitTurnModel.Open(folder.FullName));
        Assert.Equal(path, fault.Path);
        Assert.Contains(problem, fault.Message, StringComparison.Ordinal);
    }

    private void Copy(params ReadOnlySpan<string> files)
    {
        foreach (string file in files)
            File.Copy(Path.Combine(Golden, file.EndsWith(".onnx", StringComparison.Ordinal) ? "onnx" : "", file), Path.Combine(folder.FullName, file));
    }
}
