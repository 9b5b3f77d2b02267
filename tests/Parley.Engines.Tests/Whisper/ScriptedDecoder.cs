using System.Runtime.CompilerServices;
using System.Text;
using Parley.Audio;
using Parley.Engines.Whisper;
using Parley.Models.Whisper;

namespace Parley.Engines.Tests.Whisper;

/// <summary>A decoder that says what the test wrote down for it, and remembers what it was asked.</summary>
internal sealed class ScriptedDecoder(params Func<WindowRequest, DecodedWindow>[] script) : IWindowDecoder
{
    private readonly Func<WindowRequest, DecodedWindow>[] script = script;

    /// <summary>Every byte is a token; the special tokens are those of a multilingual model.</summary>
    public static readonly WhisperVocabulary Vocabulary = new([.. Enumerable.Range(0, 256).Select(i => new[] { (byte)i })], 51865);

    public List<(int Samples, WindowRequest Request)> Asked { get; } = [];

    public IHeardWindow Open(ReadOnlyMemory<float> samples) => new ScriptedWindow(this, samples.Length);

    private sealed class ScriptedWindow(ScriptedDecoder decoder, int samples) : IHeardWindow
    {
        public Task<DecodedWindow> DecodeAsync(WindowRequest request, CancellationToken cancel)
        {
            cancel.ThrowIfCancellationRequested();
            decoder.Asked.Add((samples, request));
            return Task.FromResult(decoder.script[Math.Min(decoder.Asked.Count, decoder.script.Length) - 1](request));
        }

        public void Dispose()
        {
        }
    }

    /// <summary>A window: <c>&lt;1.50&gt;</c> is a timestamp, <c>&lt;end&gt;</c> the end of the text, all else bytes that take 10 ms each.</summary>
    public static DecodedWindow Window(string script, float logProbability = -0.1f, float? noSpeech = null, string? language = "en")
    {
        List<DecodedToken> tokens = [];
        double at = 0;
        foreach (string part in script.Split('<', '>').Select((part, i) => i % 2 == 1 ? "<" + part : part).Where(part => part.Length > 0))
        {
            if (part == "<end")
            {
                tokens.Add(new DecodedToken(Vocabulary.EndOfText, 1, logProbability, null));
            }
            else if (part[0] == '<')
            {
                at = double.Parse(part.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture);
                tokens.Add(new DecodedToken(Vocabulary.FirstTimestamp + (int)Math.Round(at / 0.02), 1, logProbability, null));
            }
            else
            {
                foreach (byte letter in Encoding.UTF8.GetBytes(part))
                    tokens.Add(new DecodedToken(letter, 0.9f, logProbability, at += 0.01));
            }
        }
        return new DecodedWindow(language, noSpeech, tokens);
    }
}

/// <summary>A chunk from sound to segments, as the client does it.</summary>
internal static class HearingExtensions
{
    extension(WhisperSession session)
    {
        public async IAsyncEnumerable<TranscriptSegment> HearAsync(SoundChunk chunk, [EnumeratorCancellation] CancellationToken cancel)
        {
            foreach (TranscriptSegment segment in session.Segments(await session.DecodeAsync(chunk, cancel)))
                yield return segment;
        }
    }
}
