using System.ComponentModel.DataAnnotations;

namespace Parley.Server;

/// <summary>How <c>/v1/audio/speech</c> answers where clients of other servers disagree.</summary>
public sealed class SpeechRouteOptions
{
    /// <summary>True answers a bare <c>"stream": true</c> with server-sent events instead of chunked audio. Default false.</summary>
    public bool StreamMeansEvents { get; set; }

    /// <summary>True answers whole unless a stream is asked for. Default false: all formats but WAV flow as they are made.</summary>
    public bool BufferByDefault { get; set; }

    /// <summary>Bits a second of MP3, 8,000 to 320,000. Default 64,000.</summary>
    [Range(8_000, 320_000)]
    public int Mp3BitRate { get; set; } = 64_000;
}
