using System.Security.Cryptography;
using System.Text;

namespace Parley.Cli.Configuration;

/// <summary>The configuration in force: the options, and for every value where it came from.</summary>
internal sealed class ParleyConfiguration
{
    private readonly SettingBranch written;
    private readonly IReadOnlyDictionary<string, EnvironmentVariable> variables;

    public ParleyConfiguration(
        ParleyOptions options, SettingBranch written, string? file, IReadOnlyDictionary<string, EnvironmentVariable> variables, IReadOnlyList<Problem> warnings)
    {
        Options = options;
        File = file;
        Warnings = warnings;
        this.written = written;
        this.variables = variables;
    }

    public static SectionSchema Schema { get; } = SettingSchema.Of(typeof(ParleyOptions));

    public ParleyOptions Options { get; }

    /// <summary>The <c>parley.json</c> that was read, if any.</summary>
    public string? File { get; }

    /// <summary>What looks wrong but may be meant.</summary>
    public IReadOnlyList<Problem> Warnings { get; }

    /// <summary>The value of a variable that holds a secret, from the env file or the environment.</summary>
    /// <exception cref="ConfigurationException">It comes from a file that others can read.</exception>
    public string? Secret(string variable)
    {
        if (!variables.TryGetValue(variable, out EnvironmentVariable? found))
            return Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null;
        if (found.Origin.Kind == SourceKind.EnvironmentFile && SecretFile.Exposure(found.Origin.Name) is { } exposure)
            throw new ConfigurationException([new(found.Origin, exposure, ExitCodes.Permission)]);
        return found.Value;
    }

    /// <summary>Every setting with its effective value, then the variables of other programs that are set.</summary>
    public IEnumerable<EffectiveSetting> Settings() =>
        Settings(Schema, Options, written, "").Concat(variables.Values
            .OrderBy(variable => variable.Name, StringComparer.Ordinal)
            .Select(variable => new EffectiveSetting(variable.Name, SecretLint.IsSecret(variable.Name) ? Fingerprint(variable.Value!) : variable.Value, variable.Origin, [])));

    private static IEnumerable<EffectiveSetting> Settings(SettingSchema schema, object? value, SettingBranch? branch, string key)
    {
        switch (schema)
        {
            case SectionSchema section when value is not null:
                foreach ((string name, SectionMember member) in section.Members)
                {
                    foreach (EffectiveSetting setting in Settings(member.Schema, member.Get(value), branch?.Children.GetValueOrDefault(name), key.Length == 0 ? name : $"{key}.{name}"))
                        yield return setting;
                }
                break;
            case MapSchema map when value is System.Collections.IDictionary { Count: > 0 } entries:
                foreach (System.Collections.DictionaryEntry entry in entries)
                {
                    foreach (EffectiveSetting setting in Settings(map.Value, entry.Value, branch?.Children.GetValueOrDefault((string)entry.Key), $"{key}.{entry.Key}"))
                        yield return setting;
                }
                break;
            default:
                ConfigurationNode[] all = branch is null ? [] : [.. branch.Written];
                string? shown = value is null ? null : schema is ValueSchema { Reader: { } reader } ? reader.Show(value) : null;
                yield return new(key, shown, all.LastOrDefault()?.Origin ?? Origin.Default, [.. all.SkipLast(1).Select(node => node.Origin)]);
                break;
        }
    }

    private static string Fingerprint(string secret)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(secret);
        return $"set ({bytes.Length} bytes, sha256 {Convert.ToHexStringLower(SHA256.HashData(bytes))[..6]}...)";
    }
}

/// <summary>One line of <c>parley config</c>.</summary>
/// <param name="Key">The setting's key, or the name of a variable.</param>
/// <param name="Value">As a user would write it; <see langword="null"/> if it is not set. Never a secret.</param>
/// <param name="Origin">Where it comes from.</param>
/// <param name="Overridden">Where weaker values for it stand.</param>
internal sealed record EffectiveSetting(string Key, string? Value, Origin Origin, IReadOnlyList<Origin> Overridden);
