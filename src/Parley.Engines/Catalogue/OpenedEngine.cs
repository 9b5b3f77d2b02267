using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Parley.Engines;

/// <summary>
/// An engine that has been opened. Its calls are counted, so that closing it never takes the native memory away from under
/// one: most native work cannot be interrupted at once, only asked to stop and waited for.
/// </summary>
internal sealed class OpenedEngine : IAsyncDisposable
{
    private readonly OpenCalls calls;

    /// <param name="client">Owned.</param>
    public OpenedEngine(IDisposable client)
    {
        Engine = client;
        calls = new OpenCalls(client, client.Dispose);
        Client = client switch
        {
            ITextToSpeechClient voice => new Voice(voice, calls),
            ISpeechToTextClient ear => new Ear(ear, calls),
            IChatClient brain => new Brain(brain, calls),
            ITurnDetector judge => new Judge(judge, calls),
            IGuard guard => new Guard(guard, calls),
            _ => client,
        };
    }

    /// <summary>What was opened; for its facts, not for calls.</summary>
    public IDisposable Engine { get; }

    /// <summary>What callers get.</summary>
    public IDisposable Client { get; }

    /// <summary>Refuses new calls, asks those under way to stop, waits for them and closes the engine.</summary>
    public ValueTask DisposeAsync() => calls.DisposeAsync();

    private sealed class Voice(ITextToSpeechClient inner, OpenCalls calls) : DelegatingTextToSpeechClient(inner)
    {
        public override async Task<TextToSpeechResponse> GetAudioAsync(string text, TextToSpeechOptions? options = null, CancellationToken cancellationToken = default)
        {
            using OpenCall call = calls.Enter(cancellationToken);
            return await base.GetAudioAsync(text, options, call.Token);
        }

        public override async IAsyncEnumerable<TextToSpeechResponseUpdate> GetStreamingAudioAsync(
            string text, TextToSpeechOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            using OpenCall call = calls.Enter(cancellationToken);
            await foreach (TextToSpeechResponseUpdate update in base.GetStreamingAudioAsync(text, options, call.Token))
                yield return update;
        }
    }

    private sealed class Ear(ISpeechToTextClient inner, OpenCalls calls) : DelegatingSpeechToTextClient(inner)
    {
        public override async Task<SpeechToTextResponse> GetTextAsync(Stream audioSpeechStream, SpeechToTextOptions? options = null, CancellationToken cancellationToken = default)
        {
            using OpenCall call = calls.Enter(cancellationToken);
            return await base.GetTextAsync(audioSpeechStream, options, call.Token);
        }

        public override async IAsyncEnumerable<SpeechToTextResponseUpdate> GetStreamingTextAsync(
            Stream audioSpeechStream, SpeechToTextOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            using OpenCall call = calls.Enter(cancellationToken);
            await foreach (SpeechToTextResponseUpdate update in base.GetStreamingTextAsync(audioSpeechStream, options, call.Token))
                yield return update;
        }
    }

    private sealed class Brain(IChatClient inner, OpenCalls calls) : DelegatingChatClient(inner)
    {
        public override async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            using OpenCall call = calls.Enter(cancellationToken);
            return await base.GetResponseAsync(messages, options, call.Token);
        }

        public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            using OpenCall call = calls.Enter(cancellationToken);
            await foreach (ChatResponseUpdate update in base.GetStreamingResponseAsync(messages, options, call.Token))
                yield return update;
        }
    }

    private sealed class Judge(ITurnDetector inner, OpenCalls calls) : ITurnDetector
    {
        public TurnEvidence Evidence => inner.Evidence;

        public bool Judges(string? language) => inner.Judges(language);

        public async ValueTask<TurnPrediction?> PredictAsync(TurnSoFar turn, CancellationToken cancel = default)
        {
            using OpenCall call = calls.Enter(cancel);
            return await inner.PredictAsync(turn, call.Token);
        }

        public void Dispose()
        {
            // The catalogue owns what it opened.
        }
    }

    private sealed class Guard(IGuard inner, OpenCalls calls) : IGuard
    {
        public EngineDescription Description => inner.Description;

        public IReadOnlyList<GuardCategory> Categories => inner.Categories;

        public async Task<GuardVerdict> JudgeAsync(GuardRequest request, CancellationToken cancel = default)
        {
            using OpenCall call = calls.Enter(cancel);
            return await inner.JudgeAsync(request, call.Token);
        }

        public void Dispose()
        {
            // The catalogue owns what it opened.
        }
    }
}
