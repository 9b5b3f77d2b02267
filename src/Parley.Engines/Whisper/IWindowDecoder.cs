namespace Parley.Engines.Whisper;

/// <summary>The part of recognition that the model does: windows of sound to tokens.</summary>
internal interface IWindowDecoder
{
    /// <summary>Takes a window; nothing is computed before its first attempt.</summary>
    /// <param name="samples">16 kHz mono, up to 30 s; not touched by others until the window is disposed of.</param>
    IHeardWindow Open(ReadOnlyMemory<float> samples);
}

/// <summary>A window of sound: encoded once, decoded as often as it is doubtful. One call at a time.</summary>
internal interface IHeardWindow : IDisposable
{
    /// <summary>Decodes the window once, at one temperature.</summary>
    /// <param name="request">How.</param>
    /// <param name="cancel">Aborts the computation within a fraction of a second.</param>
    Task<DecodedWindow> DecodeAsync(WindowRequest request, CancellationToken cancel);
}

/// <summary>How a window is decoded.</summary>
internal sealed record WindowRequest
{
    /// <summary>A code of Whisper's; <see langword="null"/> to detect it.</summary>
    public string? Language { get; init; }

    /// <summary>The languages among which it is detected; empty for all.</summary>
    public IReadOnlyList<string> Candidates { get; init; } = [];

    public bool Translate { get; init; }

    public string? Prompt { get; init; }

    /// <summary>Words that are likely to come, shown before everything else in every window.</summary>
    public string? Hotwords { get; init; }

    /// <summary>True if what was said in one window is shown to the next.</summary>
    public bool ContinuesText { get; init; }

    /// <summary>Tokens of what was said before, behind <see cref="Prompt"/>.</summary>
    public IReadOnlyList<int> Previous { get; init; } = [];

    /// <summary>1 for greedy search; more only at temperature 0.</summary>
    public int BeamSize { get; init; } = 1;

    public float Temperature { get; init; }

    /// <summary>True if each token's time is wanted.</summary>
    public bool Align { get; init; }
}

/// <summary>What the model said about a window.</summary>
/// <param name="Language">The code of the language that was decoded; <see langword="null"/> if it was to be detected and nothing was heard.</param>
/// <param name="NoSpeechProbability">0 to 1; <see langword="null"/> where the runtime does not give a true one.</param>
/// <param name="Tokens">Text, timestamps and end of text as they were sampled; empty if the model heard no speech.</param>
internal sealed record DecodedWindow(string? Language, float? NoSpeechProbability, IReadOnlyList<DecodedToken> Tokens);

/// <summary>One sampled token.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Probability">0 to 1.</param>
/// <param name="LogProbability">Natural logarithm.</param>
/// <param name="End">Where it ends, in seconds from the start of the window; <see langword="null"/> unless text was aligned.</param>
internal readonly record struct DecodedToken(int Id, float Probability, float LogProbability, double? End);
