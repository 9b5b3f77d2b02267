using Parley.Agent;
using Parley.Audio;
using Parley.Engines;
using Parley.Models.Silero;

namespace Parley.Server;

/// <summary>What conversations need beside the engines of the catalogue.</summary>
/// <param name="options">How they take turns. Not changed afterwards.</param>
/// <param name="createDetector">Makes the voice activity detector of one conversation; <see langword="null"/> for Silero, which comes with Parley.</param>
public sealed class ConversationSetup(ConversationOptions options, Func<ISpeechDetector>? createDetector = null) : IDisposable
{
    private const int SampleRate = 16_000;

    // One network for all; what a conversation has of its own is a kilobyte of state.
    private readonly Lazy<SileroModel> silero = new(() => SileroModel.Open(StarterModels.Locate().Verified("silero/silero_vad.onnx")));

    public ConversationOptions Options { get; } = options;

    /// <returns>A detector with a state of its own; dispose it if it can be.</returns>
    /// <exception cref="Parley.Models.ModelFileException">The network is missing or damaged.</exception>
    internal ISpeechDetector CreateDetector() => createDetector?.Invoke() ?? silero.Value.CreateStream(SampleRate);

    public void Dispose()
    {
        if (silero.IsValueCreated)
            silero.Value.Dispose();
    }
}
