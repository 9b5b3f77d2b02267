namespace Parley.Server;

/// <summary>Encodes a stream of sound as it is made.</summary>
/// <param name="pcm">Signed 16 bit little endian, mono, whole samples in each piece.</param>
/// <param name="sampleRate">Samples a second, in Hz.</param>
/// <param name="cancel">Stops the encoder.</param>
/// <returns>The bytes of the format, each piece valid until the next is asked for.</returns>
internal delegate IAsyncEnumerable<ReadOnlyMemory<byte>> SpeechEncoder(IAsyncEnumerable<ReadOnlyMemory<byte>> pcm, int sampleRate, CancellationToken cancel);

/// <summary>One format of the answer.</summary>
/// <param name="Name">What a request says in <c>response_format</c>; also the file's extension.</param>
/// <param name="ContentType">Clients choose their decoder by it.</param>
/// <param name="Encode">The encoder of a stream.</param>
internal sealed record SpeechFormat(string Name, string ContentType, SpeechEncoder Encode)
{
    /// <summary>Rates that the format can carry, in Hz; empty for all from 8,000 to 48,000.</summary>
    public IReadOnlyList<long> SampleRates { get; init; } = [];
}

/// <summary>The formats of <c>/v1/audio/speech</c>.</summary>
internal static class SpeechFormats
{
    public static readonly SpeechFormat Pcm = new("pcm", "audio/pcm", (pcm, _, _) => pcm);
    public static readonly SpeechFormat Wav = new("wav", "audio/wav", WavStream.EncodeAsync);

    public static readonly IReadOnlyList<SpeechFormat> All = [Wav, Pcm];

    /// <summary>What an answer is in where the client does not say.</summary>
    public static SpeechFormat Default => Wav;

    public static SpeechFormat Named(string name) => All.First(format => format.Name == name);
}
