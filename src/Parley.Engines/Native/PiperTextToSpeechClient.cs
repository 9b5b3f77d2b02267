using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Parley.Models.Piper;
using Parley.Models.Speech;

namespace Parley.Engines;

/// <summary>
/// A Piper voice behind <see cref="ITextToSpeechClient"/>: phonemes from an espeak-ng child, sound from the network, a sentence
/// at a time. Safe for concurrent calls.
/// </summary>
/// <param name="engine">Its voices are the speakers, in the order of their numbers.</param>
/// <param name="piper">Owned.</param>
/// <param name="espeak">Shared.</param>
/// <param name="speakers">Voice to the network's number of the speaker.</param>
internal sealed class PiperTextToSpeechClient(
    EngineDescription engine, PiperVoice piper, EspeakProgram espeak, IReadOnlyDictionary<string, long> speakers) : ITextToSpeechClient
{
    private readonly EspeakPhonemizer phonemizer = new(espeak, piper.Config.Espeak.Voice);

    public Task<TextToSpeechResponse> GetAudioAsync(string text, TextToSpeechOptions? options = null, CancellationToken cancellationToken = default) =>
        PieceStream.GatherAsync(GetStreamingAudioAsync(text, options, cancellationToken), engine, cancellationToken);

    public IAsyncEnumerable<TextToSpeechResponseUpdate> GetStreamingAudioAsync(
        string text, TextToSpeechOptions? options = null, CancellationToken cancellationToken = default)
    {
        SpeechOrder order = SpeechOrder.Read(text, options, engine);
        return PieceStream.StreamAsync(SpeakAsync(order, cancellationToken), engine, order.Seed, cancellationToken);
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => PieceStream.Service(this, engine, serviceType, serviceKey);

    public void Dispose() => piper.Dispose();

    private async IAsyncEnumerable<SpokenPiece> SpeakAsync(SpeechOrder order, [EnumeratorCancellation] CancellationToken cancel)
    {
        PiperInference published = piper.Config.Inference;
        PiperInference scales = published with { LengthScale = published.LengthScale / order.Speed };
        PieceJoiner joiner = new(piper.Config.Audio.SampleRate, Pauses.Conversational.AtSpeed(order.Speed));
        int pieces = 0;
        await foreach (PhonemeSentence sentence in phonemizer.ReadAsync(order.Text, cancel))
        {
            long[] ids = PiperIds.Encode(sentence.Phonemes, piper.Config);
            float[] wave = piper.Speak(ids, scales, speakers[order.Voice.Id], order.Seed, pieces++, cancel);
            yield return new(joiner.Join(wave, sentence.End).Samples, []);
        }
    }
}
