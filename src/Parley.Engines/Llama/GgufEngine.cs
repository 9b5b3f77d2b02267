using Parley.Engines.Llama;
using Parley.Models;

namespace Parley.Engines;

/// <summary>Language models in GGUF files, run by llama.cpp in this process.</summary>
public static class GgufEngine
{
    public const string Prefix = "gguf:";

    /// <summary>
    /// Most tokens of one pass through the model: a cancelled answer, or a new one, waits for one pass at most. Rows of weights are
    /// read once for all of them; beyond this little is gained.
    /// </summary>
    internal const int BatchTokens = 64;

    private const int Waiting = 64;

    /// <summary>Where a name's file lies: a path as it is, or <c>gguf/NAME.gguf</c> in the folder of models.</summary>
    /// <param name="file">What follows <see cref="Prefix"/>.</param>
    /// <param name="modelFolder">The folder of models that were brought here.</param>
    public static string PathOf(string file, string modelFolder)
    {
        bool isPath = file.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) && Path.GetFileName(file) != file;
        if (isPath)
            return Path.GetFullPath(file);
        string name = file.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? file : file + ".gguf";
        if (file.Length == 0 || Path.GetFileName(name) != name)
            throw new UnknownEngineException(Prefix + file, "after the colon comes the name of a file in the models' folder, or a path that ends in .gguf.");
        return Path.Combine(modelFolder, "gguf", name);
    }

    /// <summary>Reads what the file says about itself; the weights are loaded with the engine.</summary>
    /// <param name="path">A GGUF file.</param>
    /// <param name="options">How language models run; the defaults where absent.</param>
    /// <param name="time">Clock of caches and of templates that name the date; the system's by default.</param>
    /// <exception cref="ModelFileException">The file is missing, cut short, damaged, of an unknown architecture, or no chat model.</exception>
    public static EngineRegistration Register(string path, BrainOptions? options = null, TimeProvider? time = null)
    {
        options ??= new BrainOptions();
        time ??= TimeProvider.System;
        BrainFile file = BrainFile.Read(path);
        string name = Prefix + Path.GetFileNameWithoutExtension(path);
        AnswerFormat format = ChatTemplate.Read(name, file, "", "", time).Format;
        EngineDescription description = new()
        {
            Name = name,
            Task = EngineTask.Chat,
            Description = $"{file.Name} ({file.Gguf.Architecture}) on this machine, by llama.cpp.",
            Model = file.Name,
            CanStream = true,
            Slots = options.Conversations,
            Honours = [.. Honoured, .. format.TakesTools ? ["Tools"] : (ReadOnlySpan<string>)[]],
        };
        return new EngineRegistration(description, cancel => Task.Run<IDisposable>(() => Open(description, path, options, time, progress: null, cancel), cancel));
    }

    private static readonly string[] Honoured =
        ["Temperature", "TopP", "TopK", "MinP", "FrequencyPenalty", "PresencePenalty", "RepetitionPenalty", "LogitBias", "LogProbabilities", "Seed", "ResponseFormat", "Reasoning"];

    private static GgufChatClient Open(EngineDescription description, string path, BrainOptions options, TimeProvider time, IProgress<double>? progress, CancellationToken cancel)
    {
        BrainFile file = BrainFile.Read(path);
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (file.Gguf.WeightBytes > available)
        {
            throw new ModelFileException(path, string.Create(System.Globalization.CultureInfo.InvariantCulture,
                $"has {file.Gguf.WeightBytes / 1e9:0.0} GB of weights, and this process may use {available / 1e9:0.0} GB of memory. Take a smaller model, or one of fewer bits."));
        }
        LlamaModel model = LlamaModel.Load(path, progress, cancel);
        try
        {
            if (!model.Handle.HasDecoder || model.Handle.HasEncoder || model.Handle.IsDiffusion)
                throw new ModelFileException(path, "holds a model that does not write text from left to right.");
            ChatTemplate template = ChatTemplate.Read(description.Name, file, model.BeginText, model.EndText, time);
            BrainSize size = BrainSize.Of(file, options, model.CanRewind, available);
            return new GgufChatClient(description, file, model, template, Schedule(description.Name, model, size, options, BatchTokens, time), size, options);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    internal static LlamaScheduler Schedule(string engine, LlamaModel model, BrainSize size, BrainOptions options, int batchTokens, TimeProvider time)
    {
        int threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        LlamaContext context = new(model, size.CacheTokens, size.Sequences, batchTokens, options.Conversations, threads, options.Cache);
        return new LlamaScheduler(context, new SchedulerOptions { Engine = engine, Slots = options.Conversations, Waiting = Waiting, IdleAge = options.IdleAge }, time);
    }
}
