using Microsoft.Extensions.AI;

namespace Parley.Engines.Tests.Live;

/// <summary>A recogniser that hears what the script says of the length of the sound.</summary>
internal sealed class ScriptedEar(Func<TimeSpan, string> script) : ISpeechToTextClient
{
    /// <summary>Awaited within each recognition; tests hold it here.</summary>
    public Func<CancellationToken, Task> Working { get; init; } = _ => Task.CompletedTask;

    /// <summary>The segments of a sound of that length and of that place in the utterance, instead of a text alone.</summary>
    public Func<TimeSpan, TimeSpan, IReadOnlyList<TranscriptSegment>>? Segments { get; init; }

    /// <summary>Where the sound lies in the utterance.</summary>
    public Func<TimeSpan> Offset { get; set; } = () => TimeSpan.Zero;

    /// <summary>Lengths of the sounds heard.</summary>
    public List<TimeSpan> Heard { get; } = [];

    public List<SpeechToTextOptions> Options { get; } = [];

    public int AtOnce { get; private set; }

    public int MostAtOnce { get; private set; }

    public async Task<SpeechToTextResponse> GetTextAsync(Stream audioSpeechStream, SpeechToTextOptions? options = null, CancellationToken cancellationToken = default)
    {
        TimeSpan length = TimeSpan.FromSeconds((double)audioSpeechStream.Length / 2 / options!.SpeechSampleRate!.Value);
        MostAtOnce = Math.Max(MostAtOnce, ++AtOnce);
        Heard.Add(length);
        Options.Add(options);
        try
        {
            await Working(cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            SpeechToTextResponse response = new(script(length));
            if (Segments is not null)
            {
                IReadOnlyList<TranscriptSegment> segments = Segments(length, Offset());
                response.Transcript = new Transcript { Text = string.Concat(segments.Select(segment => segment.Text)).Trim(), Language = "en", Duration = length, Segments = segments };
            }
            return response;
        }
        finally
        {
            AtOnce--;
        }
    }

    public IAsyncEnumerable<SpeechToTextResponseUpdate> GetStreamingTextAsync(Stream audioSpeechStream, SpeechToTextOptions? options = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}
