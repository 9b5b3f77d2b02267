using System.Text;
using Parley.Engines.Llama;
using Parley.Models;

namespace Parley.Engines.Tests.Llama;

public sealed class BrainFileTests : IDisposable
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("parley-brain-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void The_tiny_model_says_what_it_is()
    {
        BrainFile file = BrainFile.Read(TinyBrain.FilePath);
        Assert.Equal(("tiny-llama", "llama", 512), (file.Name, file.Gguf.Architecture, file.TrainedContext));
        Assert.Equal(3 * 2 * 16 * 2 * 2, file.CacheBytesPerToken(CacheType.F16));
    }

    [Fact]
    public void A_missing_file_is_named() => Assert.Contains("is missing", Assert.Throws<ModelFileException>(() => BrainFile.Read("nowhere.gguf")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(100)]
    [InlineData(5_000)]
    [InlineData(700_000)]
    public void A_file_cut_short_is_named_before_any_native_code_sees_it(int length) =>
        Assert.Contains("cut short", Fault(bytes => bytes[..length]).Message, StringComparison.Ordinal);

    [Fact]
    public void An_unknown_architecture_is_named()
    {
        string message = Fault(bytes => Replace(bytes, "general.architecture", "llama", "llamo")).Message;
        Assert.Contains("'llamo'", message, StringComparison.Ordinal);
        Assert.Contains("not among the language models", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_llama_cpp_refuses_is_told_in_its_words()
    {
        string path = Path.Combine(folder.FullName, "strange.gguf");
        File.WriteAllBytes(path, Replace(File.ReadAllBytes(TinyBrain.FilePath), "blk.0.", "attn_q", "attn_z"));
        EngineRegistration strange = GgufEngine.Register(path);
        ModelFileException fault = await Assert.ThrowsAsync<ModelFileException>(() => strange.Open(Cancel));
        Assert.Contains("was refused by llama.cpp", fault.Message, StringComparison.Ordinal);
        Assert.Contains("attn_q", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Something_else_is_no_model() => Assert.Contains("not a GGUF file", Fault(_ => Encoding.UTF8.GetBytes(new string('x', 100))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task The_engine_s_name_is_the_file_s_and_a_path_is_taken_as_it_is()
    {
        EngineNames names = new(new EngineOptions(), new Dictionary<string, RemoteOptions>(), StarterModels.Locate(), folder.FullName, _ => null);
        await using EngineCatalogue catalogue = await names.AssembleAsync([GgufEngine.Prefix + TinyBrain.FilePath], Cancel);
        Assert.Equal(("gguf:tiny-llama-f32", EngineTask.Chat, 16), (catalogue.Engines[0].Name, catalogue.Engines[0].Task, catalogue.Engines[0].Slots));
        Assert.DoesNotContain("Tools", catalogue.Engines[0].Honours);
        Assert.Contains("Seed", catalogue.Engines[0].Honours);
        await Assert.ThrowsAsync<UnknownEngineException>(() => names.AssembleAsync(["gguf:../x"], Cancel));
        ModelFileException missing = await Assert.ThrowsAsync<ModelFileException>(() => names.AssembleAsync(["gguf:x"], Cancel));
        Assert.Equal(Path.Combine(folder.FullName, "gguf", "x.gguf"), missing.Path);
    }

    private ModelFileException Fault(Func<byte[], byte[]> damage)
    {
        string path = Path.Combine(folder.FullName, "damaged.gguf");
        File.WriteAllBytes(path, damage(File.ReadAllBytes(TinyBrain.FilePath)));
        return Assert.Throws<ModelFileException>(() => GgufEngine.Register(path));
    }

    private static byte[] Replace(byte[] file, string key, string old, string changed)
    {
        int at = file.AsSpan().IndexOf(Encoding.UTF8.GetBytes(key)) + key.Length;
        at += file.AsSpan(at).IndexOf(Encoding.UTF8.GetBytes(old));
        Encoding.UTF8.GetBytes(changed).CopyTo(file, at);
        return file;
    }
}
