using Microsoft.Extensions.AI;
using Parley.Models.Kokoro;
using Parley.Models.Misaki;
using Parley.Models.Speech;

namespace Parley.Engines;

/// <summary>Kokoro-82M's English voices behind <see cref="ITextToSpeechClient"/>. Safe for concurrent calls.</summary>
/// <param name="engine">Its voices are names of styles.</param>
/// <param name="kokoro">Owned.</param>
/// <param name="frontEnds">Owned.</param>
internal sealed class KokoroTextToSpeechClient(
    EngineDescription engine, KokoroVoices kokoro, IReadOnlyDictionary<EnglishAccent, Lazy<MisakiFrontEnd>> frontEnds) : ITextToSpeechClient
{
    public Task<TextToSpeechResponse> GetAudioAsync(string text, TextToSpeechOptions? options = null, CancellationToken cancellationToken = default) =>
        PieceStream.GatherAsync(GetStreamingAudioAsync(text, options, cancellationToken), engine, cancellationToken);

    public IAsyncEnumerable<TextToSpeechResponseUpdate> GetStreamingAudioAsync(
        string text, TextToSpeechOptions? options = null, CancellationToken cancellationToken = default)
    {
        SpeechOrder order = SpeechOrder.Read(text, options, engine);
        IEnumerable<SpokenPiece> pieces = kokoro.Speak(order.Text, order.Voice.Id, order.Speed, Pauses.Conversational, cancellationToken);
        return PieceStream.StreamAsync(pieces.ToAsyncEnumerable(), engine, seed: null, cancellationToken); // nothing in it is left to chance
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => PieceStream.Service(this, engine, serviceType, serviceKey);

    public void Dispose()
    {
        kokoro.Dispose();
        foreach (Lazy<MisakiFrontEnd> frontEnd in frontEnds.Values.Where(frontEnd => frontEnd.IsValueCreated))
            frontEnd.Value.Dispose();
    }
}
