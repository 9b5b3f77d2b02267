using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Parley.Models.Speech;
using Parley.Models.Voxtral;

namespace Parley.Engines;

/// <summary>
/// Voxtral behind <see cref="ITextToSpeechClient"/>. Callers speak together: every frame reads the weights once for all of them. Safe
/// for concurrent calls.
/// </summary>
/// <param name="engine">Its voices are those of the folder.</param>
/// <param name="speaker">Owned.</param>
/// <param name="slots">Utterances at a time.</param>
internal sealed class VoxtralTextToSpeechClient(EngineDescription engine, VoxtralSpeaker speaker, int slots) : ITextToSpeechClient
{
    private const int Ahead = 2; // pieces of one text in the batch at a time: the next is ready when the one before it ends

    private readonly VoxtralLoop loop = new(speaker.Model, slots);

    public Task<TextToSpeechResponse> GetAudioAsync(string text, TextToSpeechOptions? options = null, CancellationToken cancellationToken = default) =>
        PieceStream.GatherAsync(GetStreamingAudioAsync(text, options, cancellationToken), engine, cancellationToken);

    public IAsyncEnumerable<TextToSpeechResponseUpdate> GetStreamingAudioAsync(
        string text, TextToSpeechOptions? options = null, CancellationToken cancellationToken = default)
    {
        SpeechOrder order = SpeechOrder.Read(text, options, engine);
        if (order.Speed != 1)
            throw new UnsupportedOptionException(engine.Name, "Speed", "the model speaks at its own pace.");
        VoxtralOptions voxtral = new()
        {
            Seed = order.Seed,
            CfgAlpha = options?.CfgAlpha ?? 1.2f,
            Steps = options?.FlowSteps,
            MaxCodecFrames = options?.MaxNewTokens ?? 2048,
        };
        string[] pieces = [.. VoxtralText.Pieces(order.Text)];
        if (pieces.Length == 0)
            throw new ArgumentException("Input text cannot be empty: nothing in it can be spoken.", nameof(text));
        return PieceStream.StreamAsync(SpeakAsync(pieces, speaker.Prompts.Voices[order.Voice.Id], voxtral, cancellationToken), engine, order.Seed, cancellationToken);
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => PieceStream.Service(this, engine, serviceType, serviceKey);

    public void Dispose()
    {
        loop.Dispose();
        speaker.Dispose();
    }

    private async IAsyncEnumerable<SpokenPiece> SpeakAsync(
        string[] pieces, VoxtralVoice voice, VoxtralOptions options, [EnumeratorCancellation] CancellationToken cancel)
    {
        using CancellationTokenSource gone = CancellationTokenSource.CreateLinkedTokenSource(cancel); // a reader that stops early frees its places
        VoxtralJoints joints = new(speaker.SampleRate);
        Queue<IAsyncEnumerable<float[]>> underway = [];
        try
        {
            for (int i = 0, started = 0; i < pieces.Length; i++)
            {
                for (; started < Math.Min(i + Ahead, pieces.Length); started++)
                    underway.Enqueue(loop.SpeakAsync(speaker.Prompts.Prompt(pieces[started], voice), options with { Seed = options.Seed + started }, gone.Token));
                float[]? last = null; // one run behind, so that the last one is known as such
                await foreach (float[] samples in underway.Dequeue().WithCancellation(cancel))
                {
                    if (last is not null)
                        yield return new(joints.Piece(last, isEnd: false), []);
                    last = samples;
                }
                if (last is not null)
                    yield return new(joints.Piece(last, isEnd: true), []);
                if (i < pieces.Length - 1)
                    yield return new(joints.Pause(), []);
            }
        }
        finally
        {
            await gone.CancelAsync();
        }
    }
}
