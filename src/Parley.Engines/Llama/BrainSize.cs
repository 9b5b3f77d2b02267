using System.Globalization;

namespace Parley.Engines.Llama;

/// <summary>What a language model takes of the machine: decided when it is opened, and kept to.</summary>
/// <param name="ContextTokens">Longest conversation.</param>
/// <param name="CacheTokens">Tokens whose keys and values fit, of all conversations together.</param>
/// <param name="Sequences">Conversations whose cache can be kept.</param>
/// <param name="Memory">Bytes.</param>
internal sealed record BrainSize(int ContextTokens, int CacheTokens, int Sequences, EngineMemory Memory)
{
    private const int KeptSequences = 24, LeastTokens = 256;

    /// <param name="file">The model's file.</param>
    /// <param name="options">What the configuration wants.</param>
    /// <param name="canRewind">False for models with a state instead of a cache: each sequence then costs memory.</param>
    /// <param name="availableBytes">Memory that the process may use.</param>
    public static BrainSize Of(BrainFile file, BrainOptions options, bool canRewind, long availableBytes)
    {
        int context = Math.Min(options.ContextTokens, file.TrainedContext);
        long perToken = Math.Max(1, file.CacheBytesPerToken(options.Cache));
        int affordable = (int)Math.Clamp(availableBytes / 4 / perToken, LeastTokens, int.MaxValue);
        int cells = options.CacheTokens > 0 ? Math.Max(options.CacheTokens, LeastTokens) : Math.Max(Math.Min(2 * context, affordable), Math.Min(context, LeastTokens));
        cells = (cells + LeastTokens - 1) / LeastTokens * LeastTokens; // llama.cpp works on whole blocks of cells
        int sequences = canRewind ? Math.Min(256, options.Conversations + KeptSequences) : options.Conversations + 2;
        return new BrainSize(Math.Min(context, cells), cells, sequences, new EngineMemory(file.Gguf.WeightBytes, perToken * cells));
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Memory.WeightBytes / 1e9:0.00} GB of weights, {Memory.CacheBytes / 1e9:0.00} GB for {CacheTokens} tokens");
}
