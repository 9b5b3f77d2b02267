using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.AI;
using Parley.Audio;

namespace Parley.Engines;

/// <summary>
/// Any recogniser, made to hear sound while it arrives: <see cref="GetStreamingTextAsync"/> gives what is committed
/// (<see cref="SpeechToTextResponseUpdateKind.TextUpdated"/>: put together, these are the text) and what may still change
/// (<see cref="SpeechToTextResponseUpdateKind.TextUpdating"/>: takes the place of the one before) while speech goes on. For a
/// recording that is all there already, the recogniser alone hears more for less work.
/// </summary>
/// <param name="ear">The recogniser; it stays its owner's.</param>
/// <param name="createDetector">Makes the voice activity of one stream, at 16 kHz; it is disposed of with the stream.</param>
/// <param name="live">Pace and the silence that ends an utterance.</param>
public sealed class LiveSpeechToTextClient(ISpeechToTextClient ear, Func<ISpeechDetector> createDetector, LiveRecognitionOptions? live = null)
    : ISpeechToTextClient
{
    // Sound that may wait while the last words of an utterance are recognised: half a minute in pieces of 0.1 s and more.
    private const int MaxWaitingPieces = 300;

    /// <summary>As the recogniser alone: nobody reads along.</summary>
    public Task<SpeechToTextResponse> GetTextAsync(Stream audioSpeechStream, SpeechToTextOptions? options = null, CancellationToken cancellationToken = default) =>
        ear.GetTextAsync(audioSpeechStream, options, cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="AudioFormatException">The stream is no sound that can be read.</exception>
    public async IAsyncEnumerable<SpeechToTextResponseUpdate> GetStreamingTextAsync(
        Stream audioSpeechStream, SpeechToTextOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(audioSpeechStream);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Channel<float[]> sound = Channel.CreateBounded<float[]>(new BoundedChannelOptions(MaxWaitingPieces) { SingleReader = true, SingleWriter = true });
        Task reading = ReadAsync(audioSpeechStream, options?.SpeechSampleRate, sound.Writer, stop.Token);
        try
        {
            using ISpeechDetector detector = createDetector();
            await foreach (SpeechToTextResponseUpdate update in new LiveSession(ear, options, live ?? new(), detector).HearAsync(sound.Reader, stop.Token))
                yield return update;
            await reading; // says what was wrong with the sound
        }
        finally
        {
            await stop.CancelAsync();
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType.IsInstanceOfType(this) ? this : ear.GetService(serviceType, serviceKey);

    /// <summary>Leaves the recogniser to its owner, who may have lent it to others.</summary>
    public void Dispose()
    {
    }

    private static async Task ReadAsync(Stream stream, int? sampleRate, ChannelWriter<float[]> sound, CancellationToken cancel)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            await foreach (AudioFrame frame in SpeechInput.ReadAsync(stream, sampleRate, cancel).ResampleAsync(LiveUtterance.SampleRate, cancel: cancel))
                await sound.WriteAsync(frame.Samples.ToArray(), cancel);
        }
        finally
        {
            sound.Complete();
        }
    }
}
