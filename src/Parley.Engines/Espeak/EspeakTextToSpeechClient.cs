using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Audio.Effects;
using Parley.Text;

namespace Parley.Engines;

/// <summary>
/// espeak-ng behind <see cref="ITextToSpeechClient"/>: a child for every utterance (several, one after another, for a long
/// text), whose sound flows while it speaks. Safe for concurrent calls.
/// </summary>
internal sealed class EspeakTextToSpeechClient(EngineDescription engine, EspeakProgram espeak, IReadOnlyList<string> variants) : ITextToSpeechClient
{
    private const int BlockSamples = 1323;      // 60 ms
    private const int WordsPerMinute = 175;     // the program's own pace
    private const int SlowestWordsPerMinute = 80; // it goes no slower: the rest is stretched

    public Task<TextToSpeechResponse> GetAudioAsync(string text, TextToSpeechOptions? options = null, CancellationToken cancellationToken = default) =>
        PieceStream.GatherAsync(GetStreamingAudioAsync(text, options, cancellationToken), engine, cancellationToken);

    public IAsyncEnumerable<TextToSpeechResponseUpdate> GetStreamingAudioAsync(
        string text, TextToSpeechOptions? options = null, CancellationToken cancellationToken = default)
    {
        (TextToSpeechOptions? plain, string variant) = TakeVariant(options);
        SpeechOrder order = SpeechOrder.Read(text, plain, engine);
        return StreamAsync(order, order.Voice.Id + variant, cancellationToken);
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => PieceStream.Service(this, engine, serviceType, serviceKey);

    public void Dispose()
    {
        // Every child belongs to the call that started it.
    }

    private async IAsyncEnumerable<TextToSpeechResponseUpdate> StreamAsync(
        SpeechOrder order, string voice, [EnumeratorCancellation] CancellationToken cancel)
    {
        float wanted = WordsPerMinute * order.Speed;
        int pace = Math.Max(SlowestWordsPerMinute, (int)MathF.Round(wanted));
        TimeStretcher? stretcher = wanted < SlowestWordsPerMinute ? new(engine.SampleRate, wanted / SlowestWordsPerMinute) : null;
        byte[] block = new byte[2 * BlockSamples];
        float[] samples = new float[BlockSamples];
        float[] stretched = new float[stretcher is null ? 0 : Math.Max(stretcher.MaxOutputSamples(BlockSamples), stretcher.MaxFlushedSamples)];
        foreach (string piece in ClauseSplitter.Gather(order.Text, EspeakProgram.LongestText))
        {
            await using EspeakChild child = await espeak.SpeakAsync(piece, voice, pace, cancel);
            WavDecoder decoder = new();
            for (int read; (read = await child.ReadAsync(block)) > 0;)
            {
                int count = Decode(decoder, block.AsSpan(0, read), samples);
                float[] sound = samples;
                if (stretcher is not null)
                    (sound, count) = (stretched, stretcher.Push(samples.AsSpan(0, count), stretched));
                if (count > 0)
                    yield return PieceStream.Update(new(sound.AsMemory(0, count), engine.SampleRate), engine);
            }
        }
        if (stretcher is not null && stretcher.Flush(stretched) is > 0 and int rest)
            yield return PieceStream.Update(new(stretched.AsMemory(0, rest), engine.SampleRate), engine);
    }

    /// <summary>The samples in the next bytes of the program's WAV, whose header promises 2 GB because it cannot know better.</summary>
    private int Decode(WavDecoder decoder, ReadOnlySpan<byte> bytes, Span<float> samples)
    {
        int count = decoder.Decode(ref bytes, samples);
        if (decoder.Format is { } format && format.SampleRate != engine.SampleRate)
            throw new EngineProcessException(EspeakProgram.Name, $"speaks at {format.SampleRate} Hz; {engine.SampleRate} Hz was expected. Is this voice an MBROLA voice?");
        return count;
    }

    /// <summary>Takes <c>+f3</c> off <c>en-us+f3</c>, so that the voice itself can be found.</summary>
    private (TextToSpeechOptions? Options, string Variant) TakeVariant(TextToSpeechOptions? options)
    {
        if (options?.VoiceId?.IndexOf('+') is not (>= 0 and int plus))
            return (options, "");
        string variant = options.VoiceId[(plus + 1)..];
        if (!variants.Contains(variant, StringComparer.Ordinal))
            throw new UnknownVoiceException($"{engine.Name}, after the '+'", variant, variants);
        TextToSpeechOptions plain = options.Clone();
        plain.VoiceId = options.VoiceId[..plus];
        return (plain, "+" + variant);
    }
}
