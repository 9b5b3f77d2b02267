using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Engines;

namespace Parley.Agent.Tests;

/// <summary>Speech as a test makes it: every word is a stretch of one level, so that an ear can tell what was said from the sound alone.</summary>
internal sealed class SpokenLevels
{
    public const int SampleRate = 16_000;
    private const float First = 0.2f, Step = 0.002f;
    private const int MinSamples = SampleRate / 20;

    private readonly List<string> words = [];

    /// <summary>Sound of words, evenly over some time. "~" makes a noise without words.</summary>
    public float[] Speak(string text, double seconds)
    {
        string[] spoken = text.Split(' ');
        int each = (int)(seconds * SampleRate / spoken.Length);
        float[] sound = new float[each * spoken.Length];
        for (int i = 0; i < spoken.Length; i++)
        {
            words.Add(spoken[i]);
            sound.AsSpan(i * each, each).Fill(First + Step * (words.Count - 1));
        }
        return sound;
    }

    /// <summary>The words of which at least 50 ms can be heard.</summary>
    public string Hear(ReadOnlySpan<float> sound)
    {
        List<string> heard = [];
        for (int i = 0; i < sound.Length;)
        {
            int word = (int)MathF.Round((sound[i] - First) / Step), start = i;
            while (i < sound.Length && (int)MathF.Round((sound[i] - First) / Step) == word)
                i++;
            if (word >= 0 && word < words.Count && i - start >= MinSamples && words[word] != "~")
                heard.Add(words[word]);
        }
        return string.Join(' ', heard);
    }
}

/// <summary>Speech is what is loud.</summary>
internal sealed class LoudnessDetector : ISpeechDetector
{
    public int SampleRate => SpokenLevels.SampleRate;

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

/// <summary>Hears what was said, after some time.</summary>
internal sealed class FakeEar(SpokenLevels levels, TimeProvider time) : ISpeechToTextClient
{
    public TimeSpan Takes { get; set; }

    /// <summary>What it takes all speech for.</summary>
    public string Language { get; set; } = "und";

    public Exception? Fault { get; set; }

    /// <summary>Never ends, and ignores that it should.</summary>
    public bool IsStubborn { get; set; }

    public int Running { get; private set; }

    /// <summary>The most calls at once.</summary>
    public int MostRunning { get; private set; }

    public List<string> Heard { get; } = [];

    /// <summary>The languages it was told; <see langword="null"/> where it had to find out.</summary>
    public List<string?> Told { get; } = [];

    public async Task<SpeechToTextResponse> GetTextAsync(Stream audioSpeechStream, SpeechToTextOptions? options = null, CancellationToken cancellationToken = default)
    {
        AudioBuffer sound = options?.SpeechSampleRate is { } rate ? ReadRaw(audioSpeechStream, rate) : WavReader.Read(audioSpeechStream);
        Running++;
        MostRunning = Math.Max(MostRunning, Running);
        try
        {
            return await HearAsync(sound, options, cancellationToken);
        }
        finally
        {
            Running--;
        }
    }

    private static AudioBuffer ReadRaw(Stream stream, int rate)
    {
        using MemoryStream bytes = new();
        stream.CopyTo(bytes);
        float[] samples = new float[bytes.Length / 2];
        Pcm16.ToFloat(bytes.ToArray(), samples);
        return new AudioBuffer(samples, rate);
    }

    private async Task<SpeechToTextResponse> HearAsync(AudioBuffer sound, SpeechToTextOptions? options, CancellationToken cancellationToken)
    {
        Told.Add(options?.SpeechLanguage);
        if (Takes > TimeSpan.Zero)
            await Task.Delay(Takes, time, cancellationToken);
        if (IsStubborn)
            await Task.Delay(Timeout.InfiniteTimeSpan, time, CancellationToken.None);
        if (Fault is { } fault)
            throw fault;
        string text = levels.Hear(sound.Samples);
        Heard.Add(text);
        return new SpeechToTextResponse(text) { Transcript = new() { Text = text, Language = Language, Duration = sound.Duration } };
    }

    public IAsyncEnumerable<SpeechToTextResponseUpdate> GetStreamingTextAsync(Stream audioSpeechStream, SpeechToTextOptions? options = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}

/// <summary>Judges by what it is set to.</summary>
internal sealed class FakeTurnDetector(TimeProvider time) : ITurnDetector
{
    public TurnEvidence Evidence { get; set; } = TurnEvidence.Sound;

    /// <summary>What it thinks of each pause, in order; the last one again and again.</summary>
    public List<float?> Thinks { get; } = [0.9f];

    public TimeSpan Takes { get; set; }

    public List<TurnSoFar> Asked { get; } = [];

    /// <summary>The only language it judges; any by default.</summary>
    public string? Language { get; set; }

    public bool Judges(string? language) => Language is null || language == Language;

    public async ValueTask<TurnPrediction?> PredictAsync(TurnSoFar turn, CancellationToken cancel = default)
    {
        float? probability = Thinks[Math.Min(Asked.Count, Thinks.Count - 1)];
        Asked.Add(turn);
        if (Takes > TimeSpan.Zero)
            await Task.Delay(Takes, time, cancel);
        return probability is { } known ? new TurnPrediction(known, 0.5f) : null;
    }

    public void Dispose()
    {
    }
}

/// <summary>Answers in pieces; says back what it heard unless it is told what to say.</summary>
internal sealed class FakeBrain(TimeProvider time) : IChatClient
{
    public List<string> Asked { get; } = [];

    public List<ChatOptions?> Options { get; } = [];

    /// <summary>What each call gives, in order; the last one again and again.</summary>
    public List<Func<IReadOnlyList<ChatMessage>, IEnumerable<AIContent>>> Answers { get; } = [];

    public TimeSpan FirstTakes { get; set; }

    public TimeSpan EachTakes { get; set; }

    /// <summary>Calls that have not ended.</summary>
    public int Running { get; private set; }

    public ChatFinishReason? Reason { get; set; }

    public void Says(params string[] pieces) => Answers.Add(_ => pieces.Select(piece => new TextContent(piece)));

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        IReadOnlyList<ChatMessage> told = [.. messages];
        Func<IReadOnlyList<ChatMessage>, IEnumerable<AIContent>> answer = Answers.Count == 0 ? Echo : Answers[Math.Min(Asked.Count, Answers.Count - 1)];
        Asked.Add(string.Join(" / ", told.Select(Show)));
        Options.Add(options);
        Running++;
        try
        {
            await PassAsync(FirstTakes, cancellationToken);
            foreach (AIContent content in answer(told))
            {
                await PassAsync(EachTakes, cancellationToken);
                if (content is ErrorContent error)
                    throw new IOException(error.Message);
                yield return new ChatResponseUpdate(ChatRole.Assistant, [content]);
            }
            yield return new ChatResponseUpdate(ChatRole.Assistant, [new UsageContent(new UsageDetails { InputTokenCount = told.Count, OutputTokenCount = 1 })]) { FinishReason = Reason ?? ChatFinishReason.Stop };
        }
        finally
        {
            Running--;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }

    private async Task PassAsync(TimeSpan takes, CancellationToken cancel)
    {
        await Task.Yield();
        if (takes > TimeSpan.Zero)
            await Task.Delay(takes, time, cancel);
        cancel.ThrowIfCancellationRequested();
    }

    private static IEnumerable<AIContent> Echo(IReadOnlyList<ChatMessage> told) => [new TextContent($"You said {told[^1].Text}.")];

    private static string Show(ChatMessage message) => $"{message.Role}{(message.WasInterrupted ? "!" : "")}: " + string.Join(" ", message.Contents.Select(content => content switch
    {
        TextContent text => text.Text,
        FunctionCallContent call => $"[{call.Name}]",
        FunctionResultContent result => $"[={result.Result}]",
        _ => content.GetType().Name,
    }));
}

/// <summary>Speaks every word for 0.3 s, in pieces of 0.1 s; the samples count, so that a gap can be heard.</summary>
internal sealed class FakeVoice(TimeProvider time) : ITextToSpeechClient
{
    public const int SampleRate = 8_000;
    public const double SecondsAWord = 0.3;

    public List<string> Spoken { get; } = [];

    public List<TextToSpeechOptions?> Options { get; } = [];

    public TimeSpan FirstTakes { get; set; }

    public TimeSpan EachTakes { get; set; }

    public bool GivesWords { get; set; } = true;

    /// <summary>After so many pieces it dies.</summary>
    public int DiesAfter { get; set; } = int.MaxValue;

    /// <summary>Ignores that it should stop.</summary>
    public bool IsStubborn { get; set; }

    public int Running { get; private set; }

    public Task<TextToSpeechResponse> GetAudioAsync(string text, TextToSpeechOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public async IAsyncEnumerable<TextToSpeechResponseUpdate> GetStreamingAudioAsync(
        string text, TextToSpeechOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        CancellationToken cancel = IsStubborn ? CancellationToken.None : cancellationToken;
        Spoken.Add(text);
        Options.Add(options);
        Running++;
        try
        {
            await PassAsync(FirstTakes, cancel);
            string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            int piece = SampleRate / 10, all = (int)(words.Length * SecondsAWord * SampleRate), pieces = 0;
            for (int at = 0; at < all; at += piece)
            {
                if (pieces++ == DiesAfter)
                    throw new IOException("the voice is gone");
                await PassAsync(EachTakes, cancel);
                float[] samples = [.. Enumerable.Range(at, Math.Min(piece, all - at)).Select(i => (i % 10_000) / 32_768f)];
                TextToSpeechResponseUpdate update = new([PcmContent.FromFrame(new AudioFrame(samples, SampleRate))]);
                if (GivesWords)
                    update.Words = [.. words.Index().Where(word => InPiece(word.Index, at, piece)).Select(word => new WordTiming(word.Item, Time(word.Index), Time(word.Index + 1)))];
                yield return update;
            }
        }
        finally
        {
            Running--;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }

    private static bool InPiece(int word, int at, int piece) => (int)(word * SecondsAWord * SampleRate) is int start && start >= at && start < at + piece;

    private static TimeSpan Time(int word) => TimeSpan.FromSeconds(word * SecondsAWord);

    private async Task PassAsync(TimeSpan takes, CancellationToken cancel)
    {
        await Task.Yield();
        if (takes > TimeSpan.Zero)
            await Task.Delay(takes, time, cancel);
        cancel.ThrowIfCancellationRequested();
    }
}
