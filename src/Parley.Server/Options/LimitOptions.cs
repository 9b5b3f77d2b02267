using System.ComponentModel.DataAnnotations;
using Parley.Engines;

namespace Parley.Server;

/// <summary>What one request may ask for. What exceeds a limit is refused with the limit in the message; nothing is cut silently.</summary>
public sealed class LimitOptions
{
    /// <summary>Bytes of a JSON body, 1 KiB to 64 MiB. Default 1 MiB.</summary>
    [Range(1024, 64 << 20)]
    public long JsonBytes { get; set; } = 1 << 20;

    /// <summary>Bytes of a chat request's body, 1 KiB to 64 MiB. Default 8 MiB.</summary>
    [Range(1024, 64 << 20)]
    public long ChatBytes { get; set; } = 8 << 20;

    /// <summary>Bytes of an uploaded recording, 1 KiB to 64 GiB. Default 512 MiB.</summary>
    [Range(1024, 64L << 30)]
    public long UploadBytes { get; set; } = 512L << 20;

    /// <summary>Bytes of an uploaded voice, 1 KiB to 10 MiB. Default 10 MiB.</summary>
    [Range(1024, ReferenceRecording.MaxBytes)]
    public long VoiceBytes { get; set; } = ReferenceRecording.MaxBytes;

    /// <summary>Length of a recording once it is decoded, 1 s to 24 h. Default 4 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan AudioDuration { get; set; } = TimeSpan.FromHours(4);

    /// <summary>Characters of text in a speech request that is answered whole, 1 to 1,000,000. Default 20,000.</summary>
    [Range(1, 1_000_000)]
    public int BufferedCharacters { get; set; } = 20_000;

    /// <summary>Characters of text in a speech request that is answered as it is made, 1 to 10,000,000. Default 100,000.</summary>
    [Range(1, 10_000_000)]
    public int StreamedCharacters { get; set; } = 100_000;

    /// <summary>Time from the engine's turn to the first sound, 1 s to 1 h. Default 60 s; then 504.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan FirstAudio { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Time a reader may take nothing from a stream before it is cut, 1 s to 1 h. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan IdleReader { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Time one request may take in all, 1 s to 48 h. Default 30 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "2.00:00:00")]
    public TimeSpan Total { get; set; } = TimeSpan.FromMinutes(30);
}
