using System.Collections.Frozen;
using Parley.Graphs;
using Parley.Models;

namespace Parley.Engines.Llama;

/// <summary>What a GGUF file says about the language model in it; looked at before llama.cpp, which trusts a file.</summary>
internal sealed record BrainFile(GgufFile Gguf)
{
    // The architectures of llama.cpp that make text from left to right, at the commit inside LLamaSharp 0.30.
    private static readonly FrozenSet<string> Decoders = FrozenSet.Create(StringComparer.Ordinal,
        "llama", "llama4", "deci", "falcon", "grok", "gpt2", "gptj", "gptneox", "mpt", "baichuan", "starcoder", "refact", "bloom", "stablelm",
        "qwen", "qwen2", "qwen2moe", "qwen2vl", "qwen3", "qwen3moe", "qwen3next", "qwen3vl", "qwen3vlmoe", "qwen35", "qwen35moe", "phi2", "phi3",
        "phimoe", "plamo", "plamo2", "plamo3", "codeshell", "orion", "internlm2", "minicpm", "minicpm3", "gemma", "gemma2", "gemma3", "gemma3n",
        "gemma4", "starcoder2", "mamba", "mamba2", "jamba", "falcon-h1", "xverse", "command-r", "cohere2", "cohere2moe", "dbrx", "olmo", "olmo2",
        "olmoe", "openelm", "arctic", "deepseek", "deepseek2", "deepseek32", "deepseek4", "chatglm", "glm4", "glm4moe", "glm-dsa", "bitnet",
        "jais", "jais2", "nemotron", "nemotron_h", "nemotron_h_moe", "exaone", "exaone4", "exaone-moe", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7",
        "granite", "granitemoe", "granitehybrid", "chameleon", "plm", "bailingmoe", "bailingmoe2", "dots1", "arcee", "afmoe", "laguna", "ernie4_5",
        "ernie4_5-moe", "hunyuan-moe", "hunyuan-dense", "hunyuan_vl", "hy_v3", "smollm3", "gpt-oss", "lfm2", "lfm2moe", "smallthinker", "seed_oss",
        "grovemoe", "apertus", "minimax-m2", "minimax-m3", "cogvlm", "pangu-embedded", "mistral3", "mistral4", "mimo2", "step35", "maincoder",
        "kimi-linear", "talkie", "mellum", "nanbeige");

    private const string TemplateKey = "tokenizer.chat_template", ToolTemplateKey = "tokenizer.chat_template.tool_use";

    public string Path => Gguf.Path;

    /// <summary>The model's own name, or its architecture.</summary>
    public string Name => Gguf.Text("general.name") is { Length: > 0 } name ? name : Gguf.Architecture;

    public string? Template => Gguf.Text(TemplateKey);

    /// <summary>The template for conversations with tools, where the file has one of its own.</summary>
    public string? ToolTemplate => Gguf.Text(ToolTemplateKey) ?? Template;

    public int TrainedContext => (int)Math.Min(int.MaxValue, Of("context_length") ?? 0);

    /// <summary>Bytes of keys and values of one token, where all layers keep them; an upper bound for the others.</summary>
    /// <param name="cache">How they are kept.</param>
    public long CacheBytesPerToken(CacheType cache)
    {
        long layers = Of("block_count") ?? 0, heads = Math.Max(1, Of("attention.head_count") ?? 1);
        long width = (Of("embedding_length") ?? 0) / heads;
        long keyWidth = Of("attention.key_length") ?? width, valueWidth = Of("attention.value_length") ?? width;
        long keyHeads = Gguf.Integers($"{Gguf.Architecture}.attention.head_count_kv") is { Count: > 0 } perLayer
            ? perLayer.Sum() : layers * (Of("attention.head_count_kv") ?? heads);
        double bytes = cache switch { CacheType.F32 => 4, CacheType.Q8 => 34 / 32.0, _ => 2 };
        return (long)(keyHeads * (keyWidth + valueWidth) * bytes);
    }

    /// <exception cref="ModelFileException">Missing, cut short, damaged, contradictory, or no language model.</exception>
    public static BrainFile Read(string path)
    {
        if (!File.Exists(path))
            throw new ModelFileException(path, $"is missing. Put the file there, or name it by a path with a folder in it, such as ./{System.IO.Path.GetFileName(path)}.");
        try
        {
            BrainFile file = new(GgufFile.Read(path));
            file.Check();
            return file;
        }
        catch (CheckpointException fault)
        {
            throw new ModelFileException(path, $"cannot be used: {fault.Problem}", fault);
        }
    }

    /// <summary>Contradictions on which llama.cpp ends the process instead of refusing the file.</summary>
    private void Check()
    {
        if (!Decoders.Contains(Gguf.Architecture))
        {
            string near = Nearest.Of(Gguf.Architecture, Decoders) is { } known ? $" (the nearest known one is '{known}')" : "";
            throw Broken($"is of the architecture '{Gguf.Architecture}', which is not among the language models that this program runs{near}.");
        }
        if (Gguf.Integer("split.count") is > 1 && Gguf.Integer("split.no") is > 0)
            throw Broken("is a later part of a model in several files: name the first one, ...-00001-of-....gguf.");
        foreach (string key in (ReadOnlySpan<string>)["block_count", "embedding_length", "context_length"])
        {
            if (Of(key) is not (> 0 and < 1 << 24))
                throw Broken($"has no sensible '{Gguf.Architecture}.{key}': {Of(key)?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none"}.");
        }
        if (Of("attention.head_count") is { } heads and not (> 0 and < 1 << 16))
            throw Broken($"claims {heads} attention heads.");
        if (Of("attention.head_count_kv") is { } keyHeads && Of("attention.head_count") is { } queryHeads && (keyHeads < 0 || (keyHeads > 0 && queryHeads % keyHeads != 0)))
            throw Broken($"claims {queryHeads} attention heads over {keyHeads} key heads, and the one is no multiple of the other.");
        if (Of("rope.dimension_count") is { } rope and not (> 0 and < 1 << 16))
            throw Broken($"claims {rope} rotary dimensions.");
        long? tokens = Gguf.Count("tokenizer.ggml.tokens");
        if (Gguf.Text("tokenizer.ggml.model") is { } vocabulary && vocabulary != "no_vocab" && tokens is not > 0)
            throw Broken("has a tokenizer without tokens.");
        foreach (string key in (ReadOnlySpan<string>)["tokenizer.ggml.scores", "tokenizer.ggml.token_type"])
        {
            if (Gguf.Count(key) is { } items && items != tokens)
                throw Broken($"has {items} entries in '{key}' for {tokens} tokens.");
        }
        foreach (string key in Gguf.Keys.Where(key => key.StartsWith("tokenizer.ggml.", StringComparison.Ordinal) && key.EndsWith("_token_id", StringComparison.Ordinal)))
        {
            if (tokens is { } count && Gguf.Integer(key) is { } id && (id < 0 || id >= count) && id != uint.MaxValue)
                throw Broken($"names token {id} in '{key}' and has {count} tokens.");
        }
        if (Gguf.Tensors.FirstOrDefault(tensor => tensor.Name == "token_embd.weight") is { } embedding)
        {
            if (embedding.Shape.Count != 2 || embedding.Shape[0] != Of("embedding_length") || (tokens is { } rows && embedding.Shape[1] < rows))
                throw Broken($"has embeddings of [{string.Join(", ", embedding.Shape)}] for {tokens} tokens of width {Of("embedding_length")}.");
        }
        else if (Gguf.Integer("split.count") is not > 1)
            throw Broken("has no token embeddings (token_embd.weight).");
    }

    private long? Of(string key) => Gguf.Integer($"{Gguf.Architecture}.{key}");

    private ModelFileException Broken(string problem) => new(Path, problem);
}
