using Parley.Graphs;
using Parley.Models.Whisper;

namespace Parley.Models.Tests.Whisper;

public sealed class WhisperCheckpointTests : IDisposable
{
    private static readonly string Multilingual = TestData.Golden("whisper/tiny-random/multilingual");
    private static readonly string ThirdLayout = TestData.Golden("whisper/tiny-random/v3-layout");

    private readonly string folder = Directory.CreateTempSubdirectory("parley-whisper-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("", "f32")]
    [InlineData("model.safetensors", "f32")]
    [InlineData("model.pt", "f16")]
    [InlineData("ggml-q5_1.bin", "q5_1")]
    public void Every_form_of_a_model_has_the_same_sizes_and_words(string file, string form)
    {
        using WhisperCheckpoint model = WhisperCheckpoint.Open(Path.Combine(Multilingual, file));
        Assert.Equal(form, model.Form);
        Assert.Equal((80, 1500, 32, 2, 2, 1909, 448, 2, 2), (model.Config.Mels, model.Config.AudioPositions, model.Config.Width, model.Config.AudioHeads,
            model.Config.AudioLayers, model.Config.VocabularySize, model.Config.TextPositions, model.Config.TextHeads, model.Config.TextLayers));
        Assert.Equal((301, 302, 303, 99, 408), (model.Vocabulary.EndOfText, model.Vocabulary.StartOfTranscript, model.Vocabulary.FirstLanguage, model.Vocabulary.Languages, model.Vocabulary.FirstTimestamp));
        Assert.Equal(" the in re", model.Vocabulary.Decode(model.Vocabulary.Encode(" the in re")));
        Assert.Equal([(1, 0), (1, 1)], model.AlignmentHeads);
    }

    [Fact]
    public void Shards_are_one_model()
    {
        CopySmallFiles(ThirdLayout);
        using Checkpoint whole = Checkpoint.Open(Path.Combine(ThirdLayout, "model.safetensors"));
        CheckpointTensor[] tensors = [.. whole.Tensors];
        string[] shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
        CheckpointTensor[][] parts = [tensors[..(tensors.Length / 2)], tensors[(tensors.Length / 2)..]];
        foreach ((string shard, CheckpointTensor[] part) in shards.Zip(parts))
            WriteSafetensors(Path.Combine(folder, shard), part);
        IEnumerable<string> map = shards.Zip(parts).SelectMany(pair => pair.Second.Select(tensor => $"\"{tensor.Name}\":\"{pair.First}\""));
        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), "{\"weight_map\":{" + string.Join(',', map) + "}}");
        using WhisperCheckpoint model = WhisperCheckpoint.Open(folder);
        Assert.Equal((128, 200), (model.Config.Mels, model.Config.AudioPositions));
        model.Bind();
    }

    [Fact]
    public void A_torch_file_without_a_vocabulary_says_what_to_put_beside_it()
    {
        string path = Path.Combine(folder, "model.pt");
        File.Copy(Path.Combine(Multilingual, "model.pt"), path);
        string message = Assert.Throws<CheckpointException>(() => WhisperCheckpoint.Open(path)).Message;
        Assert.Contains("tokenizer.json", message, StringComparison.Ordinal);
        Assert.Contains("multilingual.tiktoken", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_model_is_named_for_what_it_is()
    {
        string message = Assert.Throws<CheckpointException>(() => WhisperCheckpoint.Open(TestData.Golden("chatterbox/english/t3_cfg.safetensors"))).Message;
        Assert.Contains("no Whisper model", message, StringComparison.Ordinal);
        Assert.Contains("Chatterbox T3", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_configuration_of_another_kind_is_named()
    {
        CopySmallFiles(Multilingual);
        File.Copy(Path.Combine(Multilingual, "model.safetensors"), Path.Combine(folder, "model.safetensors"));
        File.WriteAllText(Path.Combine(folder, "config.json"), """{"model_type":"wav2vec2"}""");
        Assert.Contains("'wav2vec2'", Assert.Throws<CheckpointException>(() => WhisperCheckpoint.Open(folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_of_two_models_are_told_apart()
    {
        CopySmallFiles(Multilingual);
        File.Copy(Path.Combine(ThirdLayout, "model.safetensors"), Path.Combine(folder, "model.safetensors"));
        Assert.Contains("two models", Assert.Throws<CheckpointException>(() => WhisperCheckpoint.Open(folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_for_CTranslate2_says_where_the_original_is()
    {
        File.WriteAllText(Path.Combine(folder, "model.bin"), "\u0006\0\0\0spec");
        File.WriteAllText(Path.Combine(folder, "config.json"), "{}");
        Assert.Contains("CTranslate2", Assert.Throws<CheckpointException>(() => WhisperCheckpoint.Open(folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_folder_says_what_was_looked_for() =>
        Assert.Contains("safetensors", Assert.Throws<CheckpointException>(() => WhisperCheckpoint.Open(folder)).Message, StringComparison.Ordinal);

    [Fact]
    public void Missing_tensors_are_all_named()
    {
        CopySmallFiles(Multilingual);
        using (Checkpoint whole = Checkpoint.Open(Path.Combine(Multilingual, "model.safetensors")))
            WriteSafetensors(Path.Combine(folder, "model.safetensors"), [.. whole.Tensors.Where(tensor => !tensor.Name.Contains("layers.1.fc", StringComparison.Ordinal))]);
        using WhisperCheckpoint model = WhisperCheckpoint.Open(folder);
        string message = Assert.Throws<CheckpointException>(() => model.Bind()).Message;
        Assert.Contains("model.encoder.layers.1.fc1.weight", message, StringComparison.Ordinal);
        Assert.Contains("model.decoder.layers.1.fc2.bias", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Heads_that_the_decoder_does_not_have_are_not_believed()
    {
        WhisperConfig distilled = WhisperConfig.Published("distil-small.en")!;
        Assert.Equal([(2, 0), (2, 1)], WhisperAlignmentHeads.Of(null, distilled, [(6, 6), (11, 2)]).Take(2));
        Assert.Equal([(1, 7), (3, 10)], WhisperAlignmentHeads.Of(null, distilled, [(3, 10), (1, 7)]));
    }

    [Theory]
    [InlineData("hello world", 31373, 995)]
    [InlineData("How are you doing?", 2437, 389, 345, 1804, 30)]
    [InlineData("The company was founded in 2016.", 464, 1664, 373, 9393, 287, 1584, 13)]
    [InlineData("you…  ", 5832, 1399, 220, 220)]
    public void English_text_has_the_tokens_of_the_published_table(string text, params int[] tokens) =>
        Assert.Equal(tokens, GgmlWhisperFile.Read(TestData.SharedOrSkip("models/whisper/ggml-tiny.en-q5_1.bin")).Vocabulary.Encode(text));

    [Theory]
    [InlineData("hello world", 675, 1913, 1002)]
    [InlineData("UNwantéd,running", 3979, 86, 394, 7811, 11, 45482)]
    [InlineData("生活的真谛是", 49958, 1546, 6303, 8897, 249, 1541)]
    public void Multilingual_text_has_the_tokens_of_the_published_table(string text, params int[] tokens) =>
        Assert.Equal(tokens, GgmlWhisperFile.Read(TestData.Starter("whisper/ggml-base-q5_1.bin")).Vocabulary.Encode(text));

    private void CopySmallFiles(string from)
    {
        foreach (string name in (string[])["config.json", "generation_config.json", "preprocessor_config.json", "tokenizer.json"])
            File.Copy(Path.Combine(from, name), Path.Combine(folder, name));
    }

    private static void WriteSafetensors(string path, CheckpointTensor[] tensors)
    {
        long offset = 0;
        List<string> entries = [];
        foreach (CheckpointTensor tensor in tensors)
        {
            entries.Add($$"""
                "{{tensor.Name}}":{"dtype":"{{tensor.ElementType}}","shape":[{{string.Join(',', tensor.Shape)}}],"data_offsets":[{{offset}},{{offset + tensor.ByteCount}}]}
                """);
            offset += tensor.ByteCount;
        }
        byte[] header = System.Text.Encoding.UTF8.GetBytes($"{{{string.Join(',', entries)}}}");
        using FileStream file = File.Create(path);
        file.Write(BitConverter.GetBytes((long)header.Length));
        file.Write(header);
        foreach (CheckpointTensor tensor in tensors)
            file.Write(tensor.ReadBytes());
    }
}
