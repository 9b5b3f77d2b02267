using System.ComponentModel.DataAnnotations;

namespace Parley.Engines;

/// <summary>How far a server's speech route goes beyond OpenAI's.</summary>
public enum RemoteDialect
{
    /// <summary>OpenAI's fields and no others; what they cannot say is refused.</summary>
    OpenAi,

    /// <summary>vllm-omni's too: language, reference recording and text, seed.</summary>
    VllmOmni,
}

/// <summary>One engine on a server that speaks OpenAI's protocol. Its name in the catalogue is <c>openai:</c> and its name here.</summary>
public sealed class RemoteOptions
{
    /// <summary>What it does: <c>speech</c>, <c>transcription</c> or <c>chat</c>.</summary>
    [AllowedValues(EngineTask.Speech, EngineTask.Transcription, EngineTask.Chat, ErrorMessage = "must be speech, transcription or chat")]
    public EngineTask? Task { get; set; }

    /// <summary>Where its routes begin, with the version: <c>http://10.0.0.5:8091/v1</c>.</summary>
    public Uri? BaseUrl { get; set; }

    /// <summary>The model's name on that server. Default: the name of the remote.</summary>
    public string? Model { get; set; }

    /// <summary>Name of the environment variable (or line of the env file) that holds the key. Default: no key is sent.</summary>
    [RegularExpression("[A-Za-z_][A-Za-z0-9_]*", ErrorMessage = "takes the name of a variable, not the key itself")]
    public string? KeyVariable { get; set; }

    /// <summary>What its speech route understands. Default <c>open_ai</c>.</summary>
    public RemoteDialect Dialect { get; set; }

    /// <summary>True for models that copy a voice only if they are told what its recording says; default false.</summary>
    public bool ReferenceNeedsText { get; set; }

    /// <summary>The voices a speech server has, its default first. Default: <c>alloy</c>.</summary>
    public IReadOnlyList<string> Voices { get; set; } = ["alloy"];

    /// <summary>BCP 47 tags of the languages it knows. Default: not said.</summary>
    public IReadOnlyList<string> Languages { get; set; } = [];

    /// <summary>Hz of the raw sound that a speech server sends where it does not say. 8,000 to 192,000; default 24,000.</summary>
    [Range(8_000, 192_000)]
    public int SampleRate { get; set; } = 24_000;

    /// <summary>False for transcription models that answer text only (<c>gpt-4o-transcribe</c>); default true.</summary>
    public bool HasSegments { get; set; } = true;

    /// <summary>Time for the server to accept a connection, 100 ms to 5 min. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Time without a byte from it, before its answer and within it, 100 ms to 1 h. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan ReadTimeout { get; set; } = TimeSpan.FromSeconds(30);
}
