using System.Text;

namespace Parley.Cli.Configuration;

/// <summary>
/// Reads files of <c>NAME=value</c> lines, so that one file serves Parley and Compose alike: <c>#</c> comments, single quotes
/// take everything literally, double quotes know <c>\n \r \t \\ \"</c>, nothing is interpolated. Byte-order marks and carriage
/// returns of other systems are taken off. Spaces round <c>=</c>, a second value and unclosed quotes are errors.
/// </summary>
internal sealed class EnvironmentFile
{
    private const int MaxBytes = 1 << 20, MaxLine = 32 << 10;

    private readonly string name;
    private readonly List<EnvironmentVariable> variables = [];
    private readonly List<Problem> errors = [], warnings = [];

    private EnvironmentFile(string name) => this.name = name;

    public IReadOnlyList<EnvironmentVariable> Variables => variables;

    public IReadOnlyList<Problem> Errors => errors;

    /// <summary>What other readers of such files would understand differently.</summary>
    public IReadOnlyList<Problem> Warnings => warnings;

    /// <exception cref="ConfigurationException">The file cannot be read.</exception>
    public static EnvironmentFile Read(string path)
    {
        Origin origin = new(SourceKind.EnvironmentFile, path);
        try
        {
            using FileStream stream = File.OpenRead(path);
            if (stream.Length > MaxBytes)
                throw new ConfigurationException([new(origin, $"{stream.Length} bytes; an env file has at most {MaxBytes}.")]);
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return Parse(bytes, path);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ConfigurationException([new(origin, "there is no such file.", ExitCodes.NoInput)]);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException([new(origin, $"cannot be read: {fault.Message}", ExitCodes.NoInput)]);
        }
    }

    public static EnvironmentFile Parse(ReadOnlySpan<byte> bytes, string name)
    {
        EnvironmentFile file = new(name);
        if (bytes.StartsWith(Encoding.UTF8.Preamble))
            bytes = bytes[Encoding.UTF8.Preamble.Length..];
        int line = 0;
        foreach (Range range in bytes.Split((byte)'\n'))
            file.ReadLine(bytes[range], ++line);
        return file;
    }

    private void ReadLine(ReadOnlySpan<byte> bytes, int number)
    {
        Origin origin = new(SourceKind.EnvironmentFile, name, number);
        if (bytes.Length > MaxLine)
        {
            errors.Add(new(origin, $"a line of {bytes.Length} bytes; at most {MaxLine}."));
            return;
        }
        if (!System.Text.Unicode.Utf8.IsValid(bytes))
        {
            errors.Add(new(origin, "not UTF-8: save the file in that encoding."));
            return;
        }
        string line = Encoding.UTF8.GetString(bytes).TrimEnd('\r');
        string entry = line.TrimStart();
        if (entry.Length == 0 || entry[0] == '#')
            return;
        if (entry.StartsWith("export ", StringComparison.Ordinal))
        {
            warnings.Add(new(origin, "'export' is for shells; other readers of this file may not know it. Leave it out."));
            entry = entry["export ".Length..].TrimStart();
        }

        int nameLength = entry.AsSpan().IndexOfAnyExcept(NameCharacters);
        string variable = nameLength < 0 ? entry : entry[..nameLength];
        string rest = entry[variable.Length..];
        if (variable.Length == 0 || char.IsAsciiDigit(variable[0]))
            errors.Add(new(origin, "a line is NAME=value, and a name has letters, digits and underscores."));
        else if (rest.TrimEnd().Length == 0)
            Add(new(variable, null, origin));
        else if (rest[0] != '=')
            errors.Add(new(origin, rest.TrimStart() is ['=', ..]
                ? $"a space before '=': some tools would set \"{variable} \". Write {variable}=value."
                : $"after {variable} comes {Describe(rest[0])} instead of '='."));
        else if (rest.Length > 1 && rest[1] is ' ' or '\t')
            errors.Add(new(origin, $"a space after '=': quote the value if it begins with one. Write {variable}=value."));
        else
            ReadValue(variable, rest[1..], origin);
    }

    private void ReadValue(string variable, string text, Origin origin)
    {
        StringBuilder value = new();
        if (text is not ['\'' or '"', ..])
        {
            int comment = text.IndexOf(" #", StringComparison.Ordinal);
            if (comment >= 0)
                warnings.Add(new(origin, $"the value of {variable} ends before '#'; some tools take the comment for a part of it."));
            string plain = (comment < 0 ? text : text[..comment]).TrimEnd();
            if (plain.Contains('$', StringComparison.Ordinal))
                WarnOfDollar(variable, origin);
            Add(new(variable, plain, origin));
            return;
        }

        char quote = text[0];
        int i = 1;
        for (; i < text.Length && text[i] != quote; i++)
        {
            if (quote == '"' && text[i] == '\\' && i + 1 < text.Length && Unescape(text[i + 1]) is { } escaped)
            {
                value.Append(escaped);
                i++;
            }
            else
                value.Append(text[i]);
        }
        if (i >= text.Length)
        {
            errors.Add(new(origin, $"the value of {variable} begins with {quote} and does not end with it."));
            return;
        }
        string after = text[(i + 1)..].Trim();
        if (after.Length > 0 && after[0] != '#')
        {
            errors.Add(new(origin, $"something stands behind the closing {quote} of {variable}."));
            return;
        }
        if (quote == '"' && value.ToString().Contains('$', StringComparison.Ordinal))
            WarnOfDollar(variable, origin);
        Add(new(variable, value.ToString(), origin));
    }

    private void Add(EnvironmentVariable variable)
    {
        EnvironmentVariable? earlier = variables.Find(known => known.Name == variable.Name);
        if (earlier is not null)
            errors.Add(new(variable.Origin, $"{variable.Name} is already set in line {earlier.Origin.Line}. Keep one."));
        else
            variables.Add(variable);
    }

    private void WarnOfDollar(string variable, Origin origin) =>
        warnings.Add(new(origin, $"the '$' in {variable} stays as it is; some tools would put another variable there. Single quotes make all agree."));

    private static char? Unescape(char letter) => letter switch
    {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        '\\' => '\\',
        '"' => '"',
        _ => null,
    };

    private static string Describe(char found) => char.IsControl(found) ? $"the control character U+{(int)found:X4}" : $"'{found}'";

    private static readonly System.Buffers.SearchValues<char> NameCharacters =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
}
