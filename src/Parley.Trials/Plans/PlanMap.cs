using System.Globalization;
using Parley.Engines;
using YamlDotNet.RepresentationModel;

namespace Parley.Trials.Plans;

/// <summary>One mapping of a plan, read strictly: a key that nobody asked for is an error that names the nearest known one.</summary>
internal sealed class PlanMap
{
    private readonly string file, path;
    private readonly YamlMappingNode node;
    private readonly Dictionary<string, YamlNode> values = new(StringComparer.Ordinal);
    private readonly HashSet<string> asked = new(StringComparer.Ordinal);

    public PlanMap(string file, string path, YamlNode node)
    {
        (this.file, this.path) = (file, path);
        this.node = node as YamlMappingNode ?? throw Fault(node, path, "must be a mapping: lines of 'key: value' below it");
        foreach ((YamlNode key, YamlNode value) in this.node.Children)
        {
            if (key is not YamlScalarNode { Value: { Length: > 0 } name })
                throw Fault(key, path, "has a key that is no word");
            values.Add(name, value);
        }
    }

    public IEnumerable<string> Keys => values.Keys;

    public bool Has(string key) => values.ContainsKey(key);

    /// <summary>Call when everything has been read.</summary>
    /// <exception cref="PlanException">A key is left over.</exception>
    public void Finish()
    {
        foreach ((string key, YamlNode value) in values)
        {
            if (asked.Contains(key))
                continue;
            string hint = Nearest.Of(key, asked) is { } near ? $"did you mean '{near}'?" : $"known here: {string.Join(", ", asked)}.";
            throw Fault(value, Below(key), $"is not known; {hint}");
        }
    }

    public PlanException Fault(string key, string problem) => Fault(values.TryGetValue(key, out YamlNode? value) ? value : node, Below(key), problem);

    public string? Text(string key) => Find(key) is not { } value ? null
        : value is YamlScalarNode { Value: { } text } && !string.IsNullOrWhiteSpace(text) ? text
        : throw Fault(value, Below(key), "must be a text that is not empty");

    public string RequiredText(string key) => Text(key) ?? throw Missing(key);

    public PlanException Missing(string key) => Fault(node, Below(key), "is missing");

    public int Integer(string key, int otherwise, int low, int high) => (int)Number(key, otherwise, low, high, isWhole: true);

    public long Long(string key, long otherwise) => Text(key) is not { } text ? otherwise
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value
        : throw Fault(key, $"must be a whole number, found '{text}'");

    public double Number(string key, double otherwise, double low, double high, bool isWhole = false)
    {
        if (Text(key) is not { } text)
            return otherwise;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= low && value <= high && (!isWhole || value == Math.Floor(value))
            ? value
            : throw Fault(key, string.Create(CultureInfo.InvariantCulture, $"must be {(isWhole ? "a whole number" : "a number")} from {low} to {high}, found '{text}'"));
    }

    /// <summary>An amount that must be there.</summary>
    public decimal Money(string key) => decimal.TryParse(RequiredText(key), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value) && value <= 1_000_000 ? value
        : throw Fault(key, $"must be an amount such as 0.006, found '{Text(key)}'");

    public bool Flag(string key, bool otherwise) => Text(key) switch
    {
        null => otherwise,
        "true" => true,
        "false" => false,
        { } text => throw Fault(key, $"must be true or false, found '{text}'"),
    };

    /// <summary>A time with its unit: <c>250ms</c>, <c>5s</c>, <c>2m</c>.</summary>
    public TimeSpan Duration(string key, TimeSpan otherwise, TimeSpan low, TimeSpan high)
    {
        if (Text(key) is not { } text)
            return otherwise;
        int digits = text.TakeWhile(letter => char.IsAsciiDigit(letter) || letter == '.').Count();
        double unit = text[digits..].Trim() switch { "ms" => 1, "s" => 1000, "m" or "min" => 60_000, "h" => 3_600_000, _ => double.NaN };
        if (!double.TryParse(text.AsSpan(0, digits), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) || double.IsNaN(unit))
            throw Fault(key, $"must be a time such as 250ms, 5s or 2m, found '{text}'");
        double milliseconds = number * unit;
        return milliseconds >= low.TotalMilliseconds && milliseconds <= high.TotalMilliseconds ? TimeSpan.FromMilliseconds(milliseconds)
            : throw Fault(key, $"must be from {Show(low)} to {Show(high)}, found '{text}'");
    }

    public T Choice<T>(string key, T otherwise, params (string Word, T Value)[] choices)
    {
        if (Text(key) is not { } text)
            return otherwise;
        foreach ((string word, T value) in choices)
        {
            if (word == text)
                return value;
        }
        throw Fault(key, $"must be {string.Join(" or ", choices.Select(choice => choice.Word))}, found '{text}'");
    }

    public Uri? Address(string key) => Text(key) is not { } text ? null
        : Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https" && address.UserInfo.Length == 0 ? address
        : throw Fault(key, $"must be an http or https address without a password in it, found '{text}'");

    /// <summary>A program and its arguments, as a list: no shell reads it.</summary>
    public IReadOnlyList<string>? Program(string key)
    {
        if (Find(key) is not { } value)
            return null;
        string[] words = value is YamlSequenceNode list ? [.. list.Select(item => (item as YamlScalarNode)?.Value ?? throw Fault(item, Below(key), "must be a list of words"))] : [];
        return words is [{ Length: > 0 }, ..] && words.All(word => !word.Contains('\0')) ? words
            : throw Fault(value, Below(key), "must be a list, the program first: [espeak-ng, --stdout, \"{text}\"]");
    }

    public PlanMap? Map(string key) => Find(key) is { } value ? new PlanMap(file, Below(key), value) : null;

    /// <returns>The maps of a list, or <see langword="null"/> where there is a scalar or nothing.</returns>
    public IReadOnlyList<PlanMap>? Maps(string key) => Find(key) is YamlSequenceNode list
        ? [.. list.Select((item, i) => new PlanMap(file, $"{Below(key)}[{i + 1}]", item))] : null;

    public bool IsMap(string key) => values.TryGetValue(key, out YamlNode? value) && value is YamlMappingNode;

    private YamlNode? Find(string key)
    {
        asked.Add(key);
        return values.TryGetValue(key, out YamlNode? value) && value is not YamlScalarNode { Value: "" or "~" or "null", Style: YamlDotNet.Core.ScalarStyle.Plain } ? value : null;
    }

    private string Below(string key) => path.Length == 0 ? key : $"{path}.{key}";

    private PlanException Fault(YamlNode at, string field, string problem) => new($"{file}, line {at.Start.Line}: '{field}' {problem}{(problem.EndsWith('.') || problem.EndsWith('?') ? "" : ".")}");

    private static string Show(TimeSpan time) => time.TotalSeconds >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds}s") : string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds}ms");
}
