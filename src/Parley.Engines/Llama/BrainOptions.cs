using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Parley.Engines;

/// <summary>How language models run on this machine.</summary>
public sealed class BrainOptions
{
    /// <summary>Longest conversation in tokens, prompt and answer together, 256 to 1,048,576; never more than the model was trained on. Default 8192.</summary>
    [Range(256, 1 << 20)]
    public int ContextTokens { get; set; } = 8192;

    /// <summary>
    /// Tokens whose keys and values are kept, of all conversations of a model together, 0 or 256 to 4,194,304. Default 0: twice the
    /// context, less where that would take more than a quarter of the memory.
    /// </summary>
    [Range(0, 1 << 22)]
    public int CacheTokens { get; set; }

    /// <summary>How keys and values are kept: <c>f16</c>, <c>f32</c>, or <c>q8</c>, which takes half of f16. Default f16.</summary>
    public CacheType Cache { get; set; } = CacheType.F16;

    /// <summary>Conversations that a model answers at once, 1 to 64; their tokens share each pass through the weights. Default 16.</summary>
    [Range(1, 64)]
    public int Conversations { get; set; } = 16;

    /// <summary>Threads of one computation, 0 to 256. Default 0: the cores that the process may use.</summary>
    [Range(0, 256)]
    public int Threads { get; set; }

    /// <summary>How long the cache of a conversation stays after its last turn, 10 s to 1 day; it goes earlier where room is needed. Default 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "1.00:00:00")]
    public TimeSpan IdleAge { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>True if a model that can reason aloud does so; a conversation waits for it. Default false.</summary>
    public bool Reasoning { get; set; }
}

/// <summary>Checks <see cref="BrainOptions"/> against the ranges they state.</summary>
[OptionsValidator]
public sealed partial class BrainOptionsValidator : IValidateOptions<BrainOptions>;

/// <summary>How a language model keeps keys and values.</summary>
public enum CacheType
{
    /// <summary>Half precision, llama.cpp's own default.</summary>
    F16,

    /// <summary>Single precision.</summary>
    F32,

    /// <summary>8 bit: half the memory of f16.</summary>
    Q8,
}
