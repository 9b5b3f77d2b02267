using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Engines;

namespace Parley.Server.Tests;

/// <summary>A recogniser that knows beforehand what it will hear: one segment of a second for each piece of its script.</summary>
internal sealed class ScriptedEar(params string[] script) : ISpeechToTextClient
{
    private int tried;

    /// <summary>Awaited before each segment; tests hold the engine here.</summary>
    public Func<int, CancellationToken, Task> BeforeSegment { get; init; } = (_, _) => Task.CompletedTask;

    /// <summary>The segment before which the engine breaks.</summary>
    public int? BreaksAt { get; init; }

    public List<SpeechToTextOptions> Options { get; } = [];

    /// <summary>Length of the recordings heard.</summary>
    public List<TimeSpan> Heard { get; } = [];

    public async Task<SpeechToTextResponse> GetTextAsync(Stream audioSpeechStream, SpeechToTextOptions? options = null, CancellationToken cancellationToken = default)
    {
        // The server tries each engine once when it starts; tests count and hold only what they ask for themselves.
        if (Interlocked.Exchange(ref tried, 1) == 0)
            return new SpeechToTextResponse("");
        Transcript? whole = null;
        await foreach (SpeechToTextResponseUpdate update in GetStreamingTextAsync(audioSpeechStream, options, cancellationToken))
            whole = update.Transcript ?? whole;
        return new SpeechToTextResponse(whole!.Text) { Transcript = whole };
    }

    public async IAsyncEnumerable<SpeechToTextResponseUpdate> GetStreamingTextAsync(
        Stream audioSpeechStream, SpeechToTextOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        TimeSpan length = Length(audioSpeechStream, options);
        lock (Options)
        {
            Heard.Add(length);
            Options.Add(options!);
        }
        List<TranscriptSegment> segments = [];
        for (int i = 0; i < script.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await BeforeSegment(i, cancellationToken);
            if (i == BreaksAt)
                throw new InvalidOperationException("The ear broke.");
            string text = i == 0 ? script[i] : ' ' + script[i];
            TranscriptSegment segment = new()
            {
                Id = i, Text = text, Start = TimeSpan.FromSeconds(i), End = TimeSpan.FromSeconds(i + 1),
                Words = options?.WithWords == true ? [new WordTiming(script[i].Trim(), TimeSpan.FromSeconds(i), TimeSpan.FromSeconds(i + 0.5))] : [],
            };
            segments.Add(segment);
            yield return new SpeechToTextResponseUpdate(text) { Kind = SpeechToTextResponseUpdateKind.TextUpdated, Segment = segment };
        }
        yield return new SpeechToTextResponseUpdate
        {
            Kind = SpeechToTextResponseUpdateKind.SessionClose,
            Transcript = new Transcript { Text = string.Concat(segments.Select(s => s.Text)), Language = options?.SpeechLanguage ?? "en", Duration = length, Segments = segments },
        };
    }

    /// <summary>Of a recording, or of raw samples as they come from speech that goes on.</summary>
    internal static TimeSpan Length(Stream sound, SpeechToTextOptions? options) =>
        options?.SpeechSampleRate is { } rate ? TimeSpan.FromSeconds(sound.Length / 2.0 / rate) : WavReader.Read(sound).Duration;

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}
