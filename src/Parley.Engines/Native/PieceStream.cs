using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Models.Speech;

namespace Parley.Engines;

/// <summary>A model's pieces as the updates and answers of <see cref="ITextToSpeechClient"/>.</summary>
internal static class PieceStream
{
    private const int UpdatesPerSecond = 10; // 100 ms each: a caller that stops is at most that far ahead of its listener

    /// <summary>Cuts pieces into updates of 100 ms. The next piece is made when the last update of the one before has been taken.</summary>
    public static async IAsyncEnumerable<TextToSpeechResponseUpdate> StreamAsync(
        IAsyncEnumerable<SpokenPiece> pieces, EngineDescription engine, long? seed, [EnumeratorCancellation] CancellationToken cancel)
    {
        await Task.Yield(); // a model computes in the enumerator; whoever asked for it gets its thread back first
        int length = engine.SampleRate / UpdatesPerSecond;
        long position = 0;
        bool isFirst = true;
        await foreach (SpokenPiece piece in pieces.WithCancellation(cancel))
        {
            int word = 0;
            for (int at = 0; at < piece.Samples.Length; at += length)
            {
                cancel.ThrowIfCancellationRequested();
                int end = Math.Min(at + length, piece.Samples.Length);
                TextToSpeechResponseUpdate update = Update(new(piece.Samples.AsMemory(at..end), engine.SampleRate), engine);
                List<WordTiming> words = [];
                for (; word < piece.Words.Count && (piece.Words[word].StartSample < position + end || end == piece.Samples.Length); word++)
                    words.Add(Timing(piece.Words[word], engine.SampleRate));
                if (words.Count > 0)
                    update.Words = words;
                if (isFirst && seed is not null)
                    update.Seed = seed;
                isFirst = false;
                yield return update;
            }
            position += piece.Samples.Length;
        }
    }

    /// <summary>One run of samples as an update.</summary>
    public static TextToSpeechResponseUpdate Update(AudioFrame frame, EngineDescription engine) => new([PcmContent.FromFrame(frame)])
    {
        Kind = TextToSpeechResponseUpdateKind.AudioUpdating,
        ModelId = engine.Model,
    };

    /// <summary>The whole utterance as one answer: one content of PCM, and all words.</summary>
    public static async Task<TextToSpeechResponse> GatherAsync(
        IAsyncEnumerable<TextToSpeechResponseUpdate> updates, EngineDescription engine, CancellationToken cancel)
    {
        using MemoryStream sound = new();
        List<WordTiming> words = [];
        await foreach (TextToSpeechResponseUpdate update in updates.WithCancellation(cancel))
        {
            foreach (DataContent content in update.Contents.OfType<DataContent>())
                sound.Write(content.Data.Span);
            words.AddRange(update.Words);
        }
        TextToSpeechResponse response = new([new DataContent(sound.ToArray(), PcmContent.MediaType(engine.SampleRate))]) { ModelId = engine.Model };
        if (words.Count > 0)
            response.Words = words;
        return response;
    }

    /// <summary>What every native client answers to <see cref="ITextToSpeechClient.GetService"/>.</summary>
    public static object? Service(ITextToSpeechClient client, EngineDescription engine, Type type, object? key) =>
        key is not null ? null
        : type == typeof(EngineDescription) ? engine
        : type == typeof(TextToSpeechClientMetadata) ? new TextToSpeechClientMetadata(engine.Name, providerUri: null, engine.Model)
        : type.IsInstanceOfType(client) ? client : null;

    private static WordTiming Timing(SpokenWord word, int rate) =>
        new(word.Text, TimeSpan.FromSeconds((double)word.StartSample / rate), TimeSpan.FromSeconds((double)word.EndSample / rate));
}
