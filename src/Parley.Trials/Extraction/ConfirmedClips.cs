using System.Text.Json;
using System.Text.Json.Serialization;
using Parley.Trials.Plans;

namespace Parley.Trials.Extraction;

/// <summary>The clips of an extraction that a person has listened to and confirmed: the list that the clips' page saves.</summary>
public static class ConfirmedClips
{
    private const int MaxBytes = 1 << 20;

    /// <summary>What the extraction wrote beside a clip; <see langword="null"/> if nothing lies there.</summary>
    /// <exception cref="TrialException">It cannot be read, or the clip is another than the one that was extracted.</exception>
    public static ReferenceClip? About(string clip)
    {
        string metadata = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(clip))!, $"metadata_{Path.GetFileNameWithoutExtension(clip)}.json");
        if (!File.Exists(metadata))
            return null;
        ReferenceClip about = Read(metadata, ClipJson.Default.ReferenceClip);
        return Matches(clip, about.Sha256) ? about : throw new TrialException($"{clip} was changed after it was extracted: its hash is not the one in {metadata}.");
    }

    /// <summary>Reads the list, finds its clips, and writes into what lies beside each that it was confirmed.</summary>
    /// <param name="list">The file that the page saved.</param>
    /// <param name="folder">Of the clips; the list's own by default.</param>
    /// <exception cref="TrialException">The list is none, or a clip is missing or another.</exception>
    public static IReadOnlyList<(string Path, ReferenceClip Clip)> Read(string list, string? folder)
    {
        ConfirmedList confirmed = Read(list, ConfirmedJson.Default.ConfirmedList);
        string where = Path.GetFullPath(folder ?? Path.GetDirectoryName(Path.GetFullPath(list))!);
        if (confirmed.Clips.Count == 0)
            throw new TrialException($"{list} names no clip: confirm one on the page and save the list again.");
        List<(string, ReferenceClip)> found = [];
        foreach (ConfirmedClip clip in confirmed.Clips)
        {
            if (Path.GetFileName(clip.Clip) != clip.Clip || !clip.Clip.EndsWith(".wav", StringComparison.Ordinal))
                throw new TrialException($"{list} names '{clip.Clip}', which is no clip of an extraction.");
            string path = Path.Combine(where, clip.Clip);
            if (!File.Exists(path))
                throw new TrialException($"{path} does not exist. Put the list into the folder of the clips, or name that with --clips.");
            if (!Matches(path, clip.Sha256))
                throw new TrialException($"{path} is not the clip that was confirmed: its hash is another.");
            ReferenceClip about = About(path) ?? throw new TrialException($"{path} has no metadata beside it: it was not made by 'voices extract'.");
            about = about with { ConfirmedByUser = true, ConfirmedUtc = confirmed.ConfirmedUtc };
            Running.AtomicFile.Write(Path.Combine(where, $"metadata_{Path.GetFileNameWithoutExtension(clip.Clip)}.json"), JsonSerializer.SerializeToUtf8Bytes(about, ClipJson.Default.ReferenceClip));
            found.Add((path, about));
        }
        return found;
    }

    private static bool Matches(string file, string sha256) => Sha256Text.Of(File.ReadAllBytes(file)) == sha256;

    private static T Read<T>(string file, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        try
        {
            return new FileInfo(file).Length <= MaxBytes ? JsonSerializer.Deserialize(File.ReadAllBytes(file), type) ?? throw new JsonException("it is empty")
                : throw new JsonException("it is larger than any such file");
        }
        catch (JsonException fault)
        {
            throw new TrialException($"{file} cannot be read: {fault.Message}", fault);
        }
    }
}

/// <param name="Schema">1.</param>
/// <param name="ConfirmedUtc">When the list was saved.</param>
/// <param name="Clips">In the order of the page: best first.</param>
internal sealed record ConfirmedList(int Schema, DateTimeOffset ConfirmedUtc, IReadOnlyList<ConfirmedClip> Clips);

internal sealed record ConfirmedClip(string Clip, string Sha256);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ConfirmedList))]
internal sealed partial class ConfirmedJson : JsonSerializerContext;
