using Parley.Engines;

namespace Parley.Cli.Configuration;

/// <summary>What to say about a key that nobody knows.</summary>
internal static class UnknownSetting
{
    // What people know from other programs.
    private static readonly Dictionary<string, string> Synonyms = new(StringComparer.Ordinal)
    {
        ["bind"] = "http.listen",
        ["host"] = "http.listen",
        ["address"] = "http.listen",
        ["port"] = "http.port",
        ["api_key"] = "remotes.NAME.key_variable",
        ["key"] = "remotes.NAME.key_variable",
        ["url"] = "remotes.NAME.base_url",
        ["endpoint"] = "remotes.NAME.base_url",
        ["tts"] = "engines.speech",
        ["stt"] = "engines.transcription",
        ["asr"] = "engines.transcription",
        ["llm"] = "engines.chat",
        ["no_auth"] = "auth.open",
    };

    public static string Describe(string parentKey, string name, SectionSchema siblings, SectionSchema root)
    {
        string key = Join(parentKey, name);
        string hint = Nearest.Of(name, siblings.Members.Keys) is { } sibling ? $"Did you mean \"{Join(parentKey, sibling)}\"?"
            : Elsewhere(name, root, "") is { } other ? $"There is \"{other}\"; you wrote \"{key}\"."
            : Synonyms.TryGetValue(name, out string? meant) ? $"You may mean \"{meant}\"."
            : Nearest.Of(key, Keys(root, "")) is { } far ? $"Did you mean \"{far}\"?"
            : "'parley config' lists every setting.";
        return $"unknown setting \"{key}\". {hint}";
    }

    private static string? Elsewhere(string name, SectionSchema root, string key) =>
        Keys(root, key).FirstOrDefault(candidate => candidate.EndsWith("." + name, StringComparison.Ordinal));

    /// <summary>The keys of all single settings; a name that the user chooses stands as NAME.</summary>
    internal static IEnumerable<string> Keys(SettingSchema schema, string key) => schema switch
    {
        SectionSchema section => section.Members.SelectMany(member => Keys(member.Value.Schema, Join(key, member.Key))),
        MapSchema map => Keys(map.Value, Join(key, "NAME")),
        _ => [key],
    };

    private static string Join(string parent, string name) => parent.Length == 0 ? name : $"{parent}.{name}";
}
