using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Engines.Llama;
using Parley.Graphs;
using Parley.Text.Jinja;

namespace Parley.Engines.Tests.Llama;

/// <summary>The tiny random Llama of the goldens, loaded once, and what transformers says about it.</summary>
public sealed class TinyBrain : IDisposable
{
    public static string FilePath { get; } = TestData.Golden("decoder/tiny-llama/tiny-llama-f32.gguf");

    public TinyBrain()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(TestData.Golden("decoder/tiny-llama/case.json")));
        Cases = [.. golden.RootElement.GetProperty("cases").EnumerateArray().Select(Read)];
        Safe = golden.RootElement.GetProperty("safe_token")[0].GetInt32();
        Unsafe = golden.RootElement.GetProperty("unsafe_token")[0].GetInt32();
        Model = LlamaModel.Load(FilePath, null, CancellationToken.None);
    }

    internal LlamaModel Model { get; }

    internal IReadOnlyList<DecoderCase> Cases { get; }

    internal int Safe { get; }

    internal int Unsafe { get; }

    /// <summary>A scheduler of its own, with keys and values in f32 as the reference has them.</summary>
    internal LlamaScheduler Schedule(int slots = 8, int cells = 2048, int waiting = 100, TimeProvider? time = null) => new(
        new LlamaContext(Model, cells, slots + 24, GgufEngine.BatchTokens, slots, threads: 1, CacheType.F32),
        new SchedulerOptions { Engine = "tiny", Slots = slots, Waiting = waiting, IdleAge = TimeSpan.FromMinutes(10) }, time ?? TimeProvider.System);

    /// <summary>The tiny model behind its client.</summary>
    internal static async Task<IChatClient> OpenAsync(string? path = null, BrainOptions? options = null) =>
        (IChatClient)await GgufEngine.Register(path ?? FilePath, options ?? new BrainOptions { Cache = CacheType.F32, Threads = 1 }).Open(TestContext.Current.CancellationToken);

    /// <summary>A copy of the model with another chat template; it is the last entry of the metadata.</summary>
    internal static string WithTemplate(string folder, string template)
    {
        byte[] file = File.ReadAllBytes(FilePath);
        byte[] key = Encoding.UTF8.GetBytes("tokenizer.chat_template");
        int value = file.AsSpan().IndexOf(key) + key.Length + sizeof(uint);
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(value));
        GgufFile gguf = GgufFile.Read(FilePath);
        int infos = gguf.Tensors.Sum(tensor => 8 + Encoding.UTF8.GetByteCount(tensor.Name) + 4 + 8 * tensor.Shape.Count + 4 + 8);
        int afterValue = value + 8 + length, headerEnd = afterValue + infos, dataStart = (headerEnd + 31) / 32 * 32;
        byte[] written = Encoding.UTF8.GetBytes(template), size = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(size, (ulong)written.Length);
        byte[] header = [.. file.AsSpan(0, value), .. size, .. written, .. file.AsSpan(afterValue, infos)];
        string path = Path.Combine(folder, $"tiny-{Guid.NewGuid():N}.gguf");
        File.WriteAllBytes(path, [.. header, .. new byte[(32 - header.Length % 32) % 32], .. file.AsSpan(dataStart)]);
        return path;
    }

    /// <summary>A copy whose last weights are no numbers.</summary>
    internal static string WithoutNumbers(string folder)
    {
        byte[] file = File.ReadAllBytes(FilePath);
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(file.AsSpan()[^4000..]).Fill(float.NaN);
        string path = Path.Combine(folder, "no-numbers.gguf");
        File.WriteAllBytes(path, file);
        return path;
    }

    public void Dispose() => Model.Dispose();

    private static DecoderCase Read(JsonElement entry)
    {
        bool isChat = entry.GetProperty("kind").GetString() == "chat";
        return new DecoderCase(
            entry.TryGetProperty("text", out JsonElement text) ? text.GetString()! : "",
            isChat ? [.. entry.GetProperty("messages").EnumerateArray().Select(message => new ChatMessage(new ChatRole(message.GetProperty("role").GetString()!), message.GetProperty("content").GetString()!))] : [],
            isChat ? entry.GetProperty("rendered").GetString()! : "",
            Numbers(entry.GetProperty(isChat ? "tokens_without_injection" : "tokens")),
            Numbers(entry.GetProperty("greedy")),
            entry.GetProperty("greedy_text").GetString()!,
            entry.TryGetProperty("logits_last_first16", out JsonElement logits) ? [.. logits.EnumerateArray().Select(logit => logit.GetSingle())] : [],
            entry.TryGetProperty("p_unsafe_between_two", out JsonElement p) ? p.GetDouble() : double.NaN);
    }

    private static int[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(number => number.GetInt32())];
}

internal sealed record DecoderCase(
    string Text, IReadOnlyList<ChatMessage> Messages, string Rendered, int[] Tokens, int[] Greedy, string GreedyText, float[] FirstLogits, double Unsafe);

/// <summary>Takes the likeliest token a number of times.</summary>
internal sealed class GreedyJob(IReadOnlyList<int> prompt, int count, Action<GreedyJob>? afterEach = null) : LlamaJob(prompt)
{
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public List<int> Answer { get; } = [];

    public float[] FirstLogits { get; private set; } = [];

    public Task Ended => ended.Task;

    public override int? Continue(ReadOnlySpan<float> logits, SamplerBuffers buffers)
    {
        if (Answer.Count == 0)
            FirstLogits = logits.ToArray();
        Answer.Add(System.Numerics.Tensors.TensorPrimitives.IndexOfMax(logits));
        afterEach?.Invoke(this);
        return Answer.Count < count ? Answer[^1] : null;
    }

    public override void End(Exception? fault)
    {
        if (fault is OperationCanceledException)
            ended.TrySetCanceled();
        else if (fault is not null)
            ended.TrySetException(fault);
        else
            ended.TrySetResult();
    }
}
