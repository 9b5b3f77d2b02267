using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Engines;

namespace Parley.Cli;

/// <summary>The sound of a text as frames, with what there is to say about its making.</summary>
internal sealed class SpokenSound(TimeProvider time)
{
    private readonly long start = time.GetTimestamp();

    /// <summary>From the request to the first sound.</summary>
    public TimeSpan? FirstSound { get; private set; }

    /// <summary>Length of the sound so far.</summary>
    public TimeSpan Duration { get; private set; }

    public int SampleRate { get; private set; }

    /// <summary>Since the request.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(start);

    public async IAsyncEnumerable<AudioFrame> FramesAsync(ITextToSpeechClient voice, string text, TextToSpeechOptions options, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (TextToSpeechResponseUpdate update in voice.GetStreamingAudioAsync(text, options, cancel))
        {
            foreach (DataContent content in update.Contents.OfType<DataContent>())
            {
                AudioFrame frame = PcmContent.ToFrame(content);
                FirstSound ??= Elapsed;
                Duration += frame.Duration;
                SampleRate = frame.SampleRate;
                yield return frame;
            }
        }
    }
}
