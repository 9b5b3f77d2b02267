using Parley.Audio;
using Parley.Graphs;

namespace Parley.Models.Silero;

/// <summary>
/// One stream through Silero VAD, a window of 32 ms at a time. Not for two threads at once; a window allocates nothing managed.
/// </summary>
public sealed class SileroStream : ISpeechDetector
{
    private const int StateSize = 2 * 128; // h and c of one LSTM cell

    private readonly OnnxBinding binding;
    private readonly float[] input;   // [1, context + window]
    private readonly float[] state;   // [2, 1, 128]
    private readonly float[] newState;
    private readonly float[] output;  // [1, 1]
    private readonly int contextSamples;

    internal SileroStream(OnnxBinding binding, int sampleRate)
    {
        this.binding = binding;
        SampleRate = sampleRate;
        (WindowSamples, contextSamples) = sampleRate switch
        {
            16_000 => (512, 64),
            8_000 => (256, 32),
            _ => throw new ArgumentOutOfRangeException(nameof(sampleRate), sampleRate, "Silero VAD hears 16,000 or 8,000 Hz: resample first."),
        };
        input = binding.Input<float>("input", 1, contextSamples + WindowSamples);
        state = binding.Input<float>("state", 2, 1, StateSize / 2);
        binding.Input<long>("sr")[0] = sampleRate; // a scalar
        output = binding.Output<float>("output", 1, 1);
        newState = binding.Output<float>("stateN", 2, 1, StateSize / 2);
    }

    public int SampleRate { get; }

    /// <summary>512 at 16 kHz, 256 at 8 kHz.</summary>
    public int WindowSamples { get; }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The window has another length.</exception>
    /// <exception cref="OnnxModelException">The runtime failed.</exception>
    public float Next(ReadOnlySpan<float> window)
    {
        if (window.Length != WindowSamples)
            throw new ArgumentException($"A window has {WindowSamples} samples, not {window.Length}.", nameof(window));

        // The network wants the end of the previous window in front; without it it runs and is silently wrong.
        input.AsSpan(WindowSamples).CopyTo(input);
        window.CopyTo(input.AsSpan(contextSamples));
        binding.Run();
        newState.CopyTo(state, 0);
        return output[0];
    }

    public void Reset()
    {
        Array.Clear(input);
        Array.Clear(state);
    }

    public void Dispose() => binding.Dispose();
}
