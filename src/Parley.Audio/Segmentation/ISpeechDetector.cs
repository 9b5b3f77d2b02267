namespace Parley.Audio;

/// <summary>
/// Says for one window of sound after another how probably it is speech. Holds the state of one stream: give each caller its own.
/// </summary>
public interface ISpeechDetector : IDisposable
{
    /// <summary>The rate that <see cref="Next"/> wants, in Hz.</summary>
    int SampleRate { get; }

    /// <summary>The length that <see cref="Next"/> wants, in samples.</summary>
    int WindowSamples { get; }

    /// <summary>The probability of speech in the window that follows the last one.</summary>
    /// <param name="window">Exactly <see cref="WindowSamples"/> samples, -1 to 1.</param>
    /// <returns>0 to 1.</returns>
    float Next(ReadOnlySpan<float> window);

    /// <summary>Forgets what was heard, as if the stream began anew.</summary>
    void Reset();
}
