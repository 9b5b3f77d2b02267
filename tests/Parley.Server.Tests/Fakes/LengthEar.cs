using Microsoft.Extensions.AI;
using Parley.Engines;

namespace Parley.Server.Tests;

/// <summary>A recogniser that hears a number for every half second of sound.</summary>
internal sealed class LengthEar : ISpeechToTextClient
{
    private static readonly string[] Numbers = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    private int partial;

    /// <summary>Recognitions of speech that went on.</summary>
    public int Partial => Volatile.Read(ref partial);

    public Task<SpeechToTextResponse> GetTextAsync(Stream audioSpeechStream, SpeechToTextOptions? options = null, CancellationToken cancellationToken = default)
    {
        TimeSpan length = ScriptedEar.Length(audioSpeechStream, options);
        string text = string.Join(' ', Numbers.Take((int)(length.TotalSeconds * 2)));
        if (options?.IsPartial == true)
            Interlocked.Increment(ref partial);
        return Task.FromResult(new SpeechToTextResponse(text) { Transcript = new() { Text = text, Language = "en", Duration = length } });
    }

    public IAsyncEnumerable<SpeechToTextResponseUpdate> GetStreamingTextAsync(Stream audioSpeechStream, SpeechToTextOptions? options = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}
