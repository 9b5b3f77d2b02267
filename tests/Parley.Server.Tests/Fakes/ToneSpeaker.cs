using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Engines;

namespace Parley.Server.Tests;

/// <summary>
/// A speech engine of the simplest kind: every word is a tenth of a second of a 440 Hz tone, words come one by one, and what is
/// no word (an emoji, a quote mark) makes no sound. Speed divides the length, as in the real ones.
/// </summary>
internal sealed class ToneSpeaker(int sampleRate = 24_000) : ITextToSpeechClient
{
    private int made;
    private int running;
    private int started;

    /// <summary>Awaited before each word; tests hold the engine here.</summary>
    public Func<int, CancellationToken, Task> BeforeWord { get; init; } = (_, _) => Task.CompletedTask;

    /// <summary>The word before which the engine breaks.</summary>
    public int? BreaksAt { get; init; }

    /// <summary>Words spoken so far, over all texts.</summary>
    public int Made => Volatile.Read(ref made);

    public int Started => Volatile.Read(ref started);

    /// <summary>Texts being spoken now.</summary>
    public int Running => Volatile.Read(ref running);

    public List<TextToSpeechOptions?> Options { get; } = [];

    public async Task<TextToSpeechResponse> GetAudioAsync(string text, TextToSpeechOptions? options = null, CancellationToken cancellationToken = default) =>
        await GetStreamingAudioAsync(text, options, cancellationToken).ToTextToSpeechResponseAsync(cancellationToken);

    public async IAsyncEnumerable<TextToSpeechResponseUpdate> GetStreamingAudioAsync(
        string text, TextToSpeechOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (text == Warmup.Sentence)
        {
            // The server tries each engine once when it starts; tests count and hold only what they ask for themselves.
            yield return new TextToSpeechResponseUpdate([PcmContent.FromFrame(Tone(TimeSpan.FromSeconds(0.2)))]);
            yield break;
        }
        Interlocked.Increment(ref running);
        Interlocked.Increment(ref started);
        lock (Options)
            Options.Add(options);
        try
        {
            TimeSpan at = TimeSpan.Zero;
            int index = 0;
            foreach (string word in text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Where(word => word.Any(char.IsLetterOrDigit)))
            {
                cancellationToken.ThrowIfCancellationRequested();
                await BeforeWord(index, cancellationToken);
                if (index == BreaksAt)
                    throw new InvalidOperationException("The engine broke.");
                AudioFrame tone = Tone(TimeSpan.FromSeconds(0.1 / (options?.Speed ?? 1)));
                Interlocked.Increment(ref made);
                yield return new TextToSpeechResponseUpdate([PcmContent.FromFrame(tone)])
                {
                    Kind = TextToSpeechResponseUpdateKind.AudioUpdating,
                    Words = [new WordTiming(word, at, at + tone.Duration)],
                };
                at += tone.Duration;
                index++;
            }
        }
        finally
        {
            Interlocked.Decrement(ref running);
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }

    private AudioFrame Tone(TimeSpan length)
    {
        float[] samples = new float[(int)(length.TotalSeconds * sampleRate)];
        for (int i = 0; i < samples.Length; i++)
            samples[i] = 0.5f * MathF.Sin(2 * MathF.PI * 440 * i / sampleRate);
        return new AudioFrame(samples, sampleRate);
    }
}
