using System.Text.Json.Serialization;

namespace Parley.Server;

/// <summary>One list for all readers: some want objects, some names, some the uploads apart.</summary>
internal sealed record VoiceList(IReadOnlyList<object> Voices, IReadOnlyList<string> Names, IReadOnlyList<UploadedVoice> UploadedVoices)
{
    public string Object { get; init; } = "list";

    public string Status { get; init; } = "ok";
}

/// <summary>A voice. The name of an engine's own is its id, because some front ends send back the one and some the other; of a library voice both are understood.</summary>
internal sealed record VoiceEntry(string Id, string Name, string DisplayName, string Description, IReadOnlyList<string> Models, IReadOnlyList<string> Languages)
{
    public string Object { get; init; } = "audio.voice";

    public string Kind { get; init; } = "preset";

    public bool Usable { get; init; } = true;

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? UnusableReason { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? CreatedAt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ConsentAnswer? Consent { get; init; }
}

internal sealed record ConsentAnswer(string Status);

/// <summary>A library voice as vllm-omni describes one, and what was measured.</summary>
internal sealed record UploadedVoice(
    string Name, string Consent, long CreatedAt, long FileSize, double DurationS, double LufsI, double? MedianF0Hz, string? RefText, string? SpeakerDescription)
{
    public string MimeType { get; init; } = "audio/wav";

    public string EmbeddingSource { get; init; } = "audio";
}

/// <summary>The answer to a voice that was brought: OpenAI's four members and vllm-omni's two.</summary>
internal sealed record VoiceAdded(string Id, string Name, long CreatedAt, UploadedVoice Voice, IReadOnlyList<string> Warnings)
{
    public bool Success { get; init; } = true;

    public string Object { get; init; } = "audio.voice";
}

internal sealed record VoiceDeleted(string Id, string Name, string Message)
{
    public bool Success { get; init; } = true;

    public string Object { get; init; } = "audio.voice";

    public bool Deleted { get; init; } = true;
}
