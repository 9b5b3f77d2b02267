using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;
using Parley.Audio;
using Parley.Engines;

namespace Parley.Agent.Tests;

/// <summary>Speech is what is loud.</summary>
internal sealed class LoudnessDetector : ISpeechDetector
{
    public int SampleRate => 16_000;

    public int WindowSamples => 512;

    public float Next(ReadOnlySpan<float> window)
    {
        float peak = 0;
        foreach (float sample in window)
            peak = Math.Max(peak, Math.Abs(sample));
        return peak > 0.1f ? 1 : 0;
    }

    public void Reset()
    {
    }

    public void Dispose()
    {
    }
}

/// <summary>Hears what it is told, after some time.</summary>
internal sealed class ScriptedEar(FakeTimeProvider time, TimeSpan takes, params string[] words) : ISpeechToTextClient
{
    private int turn;

    public List<TimeSpan> Heard { get; } = [];

    /// <summary>The languages it was told; <see langword="null"/> where it had to find out.</summary>
    public List<string?> Told { get; } = [];

    /// <summary>What it takes all speech for.</summary>
    public string Language { get; init; } = "und";

    public Task<SpeechToTextResponse> GetTextAsync(Stream audioSpeechStream, SpeechToTextOptions? options = null, CancellationToken cancellationToken = default)
    {
        Heard.Add(WavReader.Read(audioSpeechStream).Duration);
        Told.Add(options?.SpeechLanguage);
        time.Advance(takes);
        string text = words[turn++];
        return Task.FromResult(new SpeechToTextResponse(text) { Transcript = new() { Text = text, Language = Language, Duration = Heard[^1] } });
    }

    public IAsyncEnumerable<SpeechToTextResponseUpdate> GetStreamingTextAsync(Stream audioSpeechStream, SpeechToTextOptions? options = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}

/// <summary>Says its pieces, each after some time; a piece that is null is a fault.</summary>
internal sealed class ScriptedBrain(FakeTimeProvider time, TimeSpan takes, params string?[] pieces) : IChatClient
{
    public List<string> Asked { get; } = [];

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Asked.Add(string.Join(" / ", messages.Select(message => $"{message.Role}: {message.Text}")));
        foreach (string? piece in pieces)
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            time.Advance(takes);
            yield return new ChatResponseUpdate(ChatRole.Assistant, piece ?? throw new IOException("the line is dead"));
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}

/// <summary>Gives one piece of sound for each text, as many samples as the text has characters.</summary>
internal sealed class ScriptedVoice(FakeTimeProvider time, TimeSpan takes) : ITextToSpeechClient
{
    public List<string> Spoken { get; } = [];

    public bool IsBroken { get; init; }

    public Task<TextToSpeechResponse> GetAudioAsync(string text, TextToSpeechOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public async IAsyncEnumerable<TextToSpeechResponseUpdate> GetStreamingAudioAsync(
        string text, TextToSpeechOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.Yield();
        if (IsBroken)
            throw new IOException("the voice is gone");
        Spoken.Add(text);
        time.Advance(takes);
        yield return new TextToSpeechResponseUpdate([PcmContent.FromFrame(new AudioFrame(new float[text.Length], 24_000))]);
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}
