namespace Parley.Cli.Configuration;

/// <summary>
/// The accidents that befall variables on their way here: two entries run together on one line, a placeholder left in,
/// typographic quotes. Each costs its owner hours, because the error otherwise comes from a server far away.
/// </summary>
internal static class SecretLint
{
    private static readonly string[] SecretSuffixes = ["KEY", "TOKEN", "SECRET", "PASSWORD"];

    private static readonly string[] NameSuffixes =
        ["_KEY", "_TOKEN", "_SECRET", "_PASSWORD", "_URL", "_URI", "_HOST", "_PORT", "_PATH", "_DIR", "_HOME", "_MODEL", "_ENDPOINT"];

    public static bool IsSecret(string name) => Array.Exists(SecretSuffixes, suffix => name.EndsWith(suffix, StringComparison.Ordinal));

    /// <summary>True for texts that begin as keys do; such a text is never printed.</summary>
    public static bool LooksSecret(string text) => text.StartsWith("sk-", StringComparison.Ordinal) || text.StartsWith("hf_", StringComparison.Ordinal);

    /// <param name="variable">The variable to look at.</param>
    /// <param name="known">Names that are certainly names of variables.</param>
    /// <param name="errors">Receives what is certainly wrong.</param>
    /// <param name="warnings">Receives what may be.</param>
    public static void Check(EnvironmentVariable variable, IReadOnlySet<string> known, List<Problem> errors, List<Problem> warnings)
    {
        if (variable.Value is not { Length: > 0 } value)
            return;
        CheckMerged(variable, value, known, errors, warnings);
        if (!IsSecret(variable.Name))
            return;
        if (value == variable.Name || IsPlaceholder(value))
            errors.Add(new(variable.Origin, $"{variable.Name} still holds a placeholder. Put the real value there, or take the line out."));
        foreach (char character in value)
        {
            if (character is > ' ' and < (char)0x7F)
                continue;
            errors.Add(new(variable.Origin, $"the value of {variable.Name} contains U+{(int)character:X4} ({Describe(character)}). Keys are plain ASCII without spaces."));
            break;
        }
        if (value[0] is '\'' or '"' || value[^1] is '\'' or '"')
            errors.Add(new(variable.Origin, $"the value of {variable.Name} carries a quotation mark at an end. Take it off."));
    }

    private static void CheckMerged(EnvironmentVariable variable, string value, IReadOnlySet<string> known, List<Problem> errors, List<Problem> warnings)
    {
        // From each '=' that something follows, back over what may be a name.
        int from = 0;
        for (int equals = value.IndexOf('='); equals >= 0 && equals < value.Length - 1; equals = value.IndexOf('=', equals + 1))
        {
            int start = equals;
            while (start > from && (char.IsAsciiLetterUpper(value[start - 1]) || char.IsAsciiDigit(value[start - 1]) || value[start - 1] == '_'))
                start--;
            from = equals + 1;
            string run = value[start..equals];
            string? exact = KnownEnding(run, known);
            string? name = exact ?? (LooksLikeName(run) ? run : null);
            if (name is null)
                continue;
            int at = equals - name.Length;
            if (at == 0)
                errors.Add(new(variable.Origin, $"the value of {variable.Name} begins with another assignment: {variable.Name}={name}=... ({value.Length - equals - 1} characters hidden). Put each on its own line."));
            else if (exact is not null || IsSecret(variable.Name))
                errors.Add(new(variable.Origin, $"the value of {variable.Name} runs into another assignment: ...{name}=... ({value.Length - name.Length - 1} characters hidden). Put each on its own line."));
            else if (value[at - 1] is '?' or '&' or ';' or ',')
                warnings.Add(new(variable.Origin, $"the value of {variable.Name} contains {name}=; if that is another variable, put it on its own line."));
            return;
        }
    }

    private static string? KnownEnding(string run, IReadOnlySet<string> known)
    {
        int own = run.IndexOf("PARLEY__", StringComparison.Ordinal);
        if (own >= 0 && run.Length > own + "PARLEY__".Length)
            return run[own..];
        return known.Where(name => run.EndsWith(name, StringComparison.Ordinal)).MaxBy(name => name.Length);
    }

    private static bool LooksLikeName(string run) =>
        run.Length > 0 && char.IsAsciiLetterUpper(run[0]) && !run.Contains("__", StringComparison.Ordinal)
        && Array.Exists(NameSuffixes, suffix => run.EndsWith(suffix, StringComparison.Ordinal) && run.Length > suffix.Length);

    private static bool IsPlaceholder(string value) =>
        value.StartsWith('<') && value.EndsWith('>')
        || value.Contains("...", StringComparison.Ordinal)
        || value.StartsWith("YOUR_", StringComparison.OrdinalIgnoreCase)
        || value.ToLowerInvariant() is "changeme" or "change_me" or "change-me" or "placeholder"
        || value.Length > 2 && value.All(character => character is 'x' or 'X');

    private static string Describe(char character) => character switch
    {
        ' ' => "a space",
        '\u00A0' => "a no-break space",
        '\u200B' or '\u200C' or '\u200D' or '\uFEFF' => "invisible",
        '\u2018' or '\u2019' or '\u201C' or '\u201D' => "a typographic quotation mark",
        _ when char.IsControl(character) => "a control character",
        _ => "not ASCII",
    };
}
