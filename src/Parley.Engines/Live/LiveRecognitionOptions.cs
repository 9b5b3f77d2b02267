using System.ComponentModel.DataAnnotations;

namespace Parley.Engines;

/// <summary>How speech is recognised while it goes on.</summary>
public sealed class LiveRecognitionOptions
{
    /// <summary>New sound between two recognitions; where one takes longer, it is the pace. 200 ms to 10 s; default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.200", "00:00:10")]
    public TimeSpan Step { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Silence that ends an utterance. 200 ms to 5 s; default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.200", "00:00:05")]
    public TimeSpan EndOfSpeech { get; set; } = TimeSpan.FromMilliseconds(500);
}
