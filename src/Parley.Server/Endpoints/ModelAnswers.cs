using System.Text.Json.Serialization;

namespace Parley.Server;

internal sealed record ModelList(IReadOnlyList<ModelEntry> Data)
{
    public string Object { get; init; } = "list";
}

/// <summary>OpenAI's four members, then ours.</summary>
internal sealed record ModelEntry(string Id, long Created, string Task, string State)
{
    public string Object { get; init; } = "model";

    public string OwnedBy { get; init; } = "parley";

    /// <summary>The engine that this other name leads to.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? AliasOf { get; init; }

    public required string Description { get; init; }

    public required IReadOnlyList<string> Languages { get; init; }

    /// <summary>In Hz; 0 where there is no sound.</summary>
    public required int SampleRate { get; init; }

    public required ModelCapabilities Capabilities { get; init; }

    public required IReadOnlyList<string> Voices { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }
}

internal sealed record ModelCapabilities(bool Streaming, bool VoiceCloning, bool WordTimestamps);

/// <summary>Under both names that front ends look for.</summary>
internal sealed record AudioModelList(IReadOnlyList<AudioModelEntry> Models, IReadOnlyList<AudioModelEntry> Data)
{
    public string Object { get; init; } = "list";
}

internal sealed record AudioModelEntry(string Id, string Name);
