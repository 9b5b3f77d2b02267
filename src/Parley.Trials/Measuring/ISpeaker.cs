using Parley.Trials.Plans;

namespace Parley.Trials.Measuring;

/// <summary>An engine under trial, as the measurement calls it: one text at a time.</summary>
internal interface ISpeaker : IAsyncDisposable
{
    /// <summary>What the engine says of itself, for the record; known once it is open.</summary>
    EngineFacts Facts { get; }

    /// <summary>Loads the model, or waits until the server answers.</summary>
    Task OpenAsync(CancellationToken cancel);

    /// <summary>Speaks one text and measures it. What the engine does wrong is in the result; an exception is a fault of the trial.</summary>
    /// <param name="text">What to say.</param>
    /// <param name="voice">With which voice.</param>
    /// <param name="cancel">Ends the trial, not only the call.</param>
    Task<SpokenCall> SpeakAsync(string text, VoicePlan voice, CancellationToken cancel);
}

/// <summary>Facts about an engine.</summary>
/// <param name="Engine">Program, server or engine name with its version where known.</param>
/// <param name="Model">The model behind it.</param>
/// <param name="WeightsSha256">Of the weights, where there is one file; <see langword="null"/> otherwise.</param>
/// <param name="InstallPath">Where the program or model lies, for the local record.</param>
/// <param name="Launch">Program and arguments, without secrets; empty for an engine of this process.</param>
/// <param name="ProcessIds">Whose memory is the engine's; empty if nobody knows.</param>
internal sealed record EngineFacts(string Engine, string Model, string? WeightsSha256, string? InstallPath, IReadOnlyList<string> Launch, IReadOnlyList<int> ProcessIds);
