using Parley.Engines.Llama;
using Parley.Models;

namespace Parley.Engines;

/// <summary>Llama Guard 3 in a GGUF file.</summary>
public static class LlamaGuardEngine
{
    public const string Prefix = "llama-guard:";

    /// <summary>Most tokens of one pass: a judgement's new tokens go in one.</summary>
    internal const int BatchTokens = 256;

    private const int ContextTokens = 4096, Judgements = 4;

    /// <param name="path">A GGUF file of Llama Guard 3, 1B or 8B.</param>
    /// <param name="options">How language models run; threads and type of the cache are taken from it.</param>
    /// <param name="time">Clock of the caches; the system's by default.</param>
    /// <exception cref="ModelFileException">The file is missing, cut short, damaged, or of an unknown architecture.</exception>
    public static EngineRegistration Register(string path, BrainOptions? options = null, TimeProvider? time = null)
    {
        options ??= new BrainOptions();
        BrainFile file = BrainFile.Read(path);
        EngineDescription description = new()
        {
            Name = Prefix + Path.GetFileNameWithoutExtension(path),
            Task = EngineTask.Guard,
            Description = $"{file.Name} on this machine, by llama.cpp: judges what is said and answered.",
            Model = file.Name,
            Languages = ["en", "fr", "de", "hi", "it", "pt", "es", "th"],
            Slots = Judgements,
            Honours = ["Categories"],
        };
        BrainOptions own = new() { ContextTokens = ContextTokens, Conversations = Judgements, Threads = options.Threads, Cache = options.Cache };
        return new EngineRegistration(description, cancel => Task.Run<IDisposable>(
            async () => await LlamaGuard.OpenAsync(description, BrainFile.Read(path), own, time ?? TimeProvider.System, cancel), cancel));
    }
}
