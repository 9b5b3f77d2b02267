using System.Collections.Concurrent;
using Microsoft.Extensions.AI;
using Parley.Models.Hibari;
using Parley.Models.Misaki;
using Parley.Models.Speech;

namespace Parley.Engines;

/// <summary>
/// The Hibari voices behind <see cref="ITextToSpeechClient"/>. A voice is opened when it is first asked for and kept; voices of
/// one accent share a front end. Safe for concurrent calls; work is done in the enumerator, on the caller's turn.
/// </summary>
internal sealed class HibariTextToSpeechClient : ITextToSpeechClient
{
    private readonly EngineDescription engine;
    private readonly IReadOnlyDictionary<string, string> networks;
    private readonly IReadOnlyDictionary<string, HibariEntry> registry;
    private readonly string vocabulary;
    private readonly Lazy<MisakiFrontEnd> american, british;
    private readonly ConcurrentDictionary<string, Lazy<HibariVoice>> opened = new(StringComparer.Ordinal);

    /// <param name="engine">Its voices are the keys of <paramref name="networks"/>.</param>
    /// <param name="folder">The starter voice's folder, whose files have been verified.</param>
    /// <param name="registry">The voices that exist.</param>
    /// <param name="networks">Voice to the path of its network.</param>
    public HibariTextToSpeechClient(
        EngineDescription engine, string folder, IReadOnlyDictionary<string, HibariEntry> registry, IReadOnlyDictionary<string, string> networks)
    {
        this.engine = engine;
        this.registry = registry;
        this.networks = networks;
        vocabulary = Path.Combine(folder, "vocab.json");
        american = new(() => MisakiFrontEnd.Open(folder, EnglishAccent.American));
        british = new(() => MisakiFrontEnd.Open(folder, EnglishAccent.British));
    }

    /// <summary>Opens the default voice and speaks a word with it, so that the first request finds everything loaded and compiled.</summary>
    public void WarmUp(CancellationToken cancel)
    {
        foreach (var _ in Open(engine.Voices[0].Id).Speak("Ready.", new HibariOptions { Seed = 0 }, cancel))
            continue;
    }

    public Task<TextToSpeechResponse> GetAudioAsync(string text, TextToSpeechOptions? options = null, CancellationToken cancellationToken = default) =>
        PieceStream.GatherAsync(GetStreamingAudioAsync(text, options, cancellationToken), engine, cancellationToken);

    public IAsyncEnumerable<TextToSpeechResponseUpdate> GetStreamingAudioAsync(
        string text, TextToSpeechOptions? options = null, CancellationToken cancellationToken = default)
    {
        SpeechOrder order = SpeechOrder.Read(text, options, engine);
        return PieceStream.StreamAsync(Speak(order, cancellationToken).ToAsyncEnumerable(), engine, order.Seed, cancellationToken);
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => PieceStream.Service(this, engine, serviceType, serviceKey);

    public void Dispose()
    {
        foreach (Lazy<HibariVoice> voice in opened.Values.Where(voice => voice.IsValueCreated))
            voice.Value.Dispose();
        foreach (Lazy<MisakiFrontEnd> frontEnd in (ReadOnlySpan<Lazy<MisakiFrontEnd>>)[american, british])
        {
            if (frontEnd.IsValueCreated)
                frontEnd.Value.Dispose();
        }
    }

    private IEnumerable<SpokenPiece> Speak(SpeechOrder order, CancellationToken cancel)
    {
        foreach (SpokenPiece piece in Open(order.Voice.Id).Speak(order.Text, new() { Speed = order.Speed, Seed = order.Seed }, cancel))
            yield return piece;
    }

    private HibariVoice Open(string voice) => opened.GetOrAdd(voice, _ => new(() =>
    {
        HibariEntry entry = registry[voice];
        if (!entry.Bundled)
            ModelFileHash.Verify(networks[voice], entry.Sha256);
        return HibariVoice.Open(networks[voice], vocabulary, (entry.British ? british : american).Value);
    })).Value;
}
