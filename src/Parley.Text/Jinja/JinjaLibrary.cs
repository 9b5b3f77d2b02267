using System.Globalization;
using System.Text;

namespace Parley.Text.Jinja;

/// <summary>The filters, tests, global functions and methods that published chat templates use; anything else is an error by name.</summary>
internal sealed class JinjaLibrary(JinjaEvaluator evaluator, Func<int, string, JinjaException> fault, TimeProvider time)
{
    private const int LongestRange = 100_000;

    public Callable? Global(string name, int line) => name switch
    {
        "namespace" => new(name, arguments => MakeNamespace(arguments, line)),
        "range" => new(name, arguments => MakeRange(arguments, line)),
        "dict" => new(name, arguments => MakeMap(arguments)),
        "raise_exception" => new(name, arguments => Raise(arguments, line)),
        "strftime_now" => new(name, arguments => MarkedText.OfTemplate(FormatNow(Text(arguments.Get(0, "format", null), line), line))),
        _ => null,
    };

    public Callable? Method(object? target, string name, int line) => target switch
    {
        MarkedText text => StringMethod(text, name, line),
        JinjaMap map => MapMethod(map, name),
        List<object?> list when name == "append" => new(name, arguments => Append(list, arguments)),
        _ => null,
    };

    public object? ApplyFilter(string name, object? value, CallArguments arguments, int line)
    {
        switch (name)
        {
            case "default" or "d":
                bool alsoFalse = Values.IsTrue(arguments.Get(1, "boolean", false));
                return value is Undefined || (alsoFalse && !Values.IsTrue(value)) ? arguments.Get(0, "default_value", MarkedText.Empty) : value;
            case "length" or "count":
                return value is MarkedText text ? (long)text.Length : evaluator.Iterate(value, line).LongCount();
            case "list":
                return evaluator.Iterate(value, line).ToList();
            case "items":
                return value is Undefined ? [] : Items(Map(value, line));
            case "dictsort":
                return SortedItems(Map(value, line), line);
            case "first":
                return evaluator.Iterate(value, line).DefaultIfEmpty(Undefined.Value).First();
            case "last":
                return evaluator.Iterate(value, line).DefaultIfEmpty(Undefined.Value).Last();
            case "join":
                return JoinItems(value, arguments, line);
            case "map":
                return MapItems(value, arguments, line);
            case "select" or "reject":
                return Choose(value, item => item, arguments, 0, keep: name == "select", line);
            case "selectattr" or "rejectattr":
                string attribute = Text(arguments.Get(0, "attr", null), line);
                return Choose(value, item => evaluator.GetAttribute(item, attribute, line), arguments, 1, keep: name == "selectattr", line);
            case "sort":
                return Sort(value, arguments, line);
            case "string":
                return Values.ToText(value);
            case "safe":
                return value;
            case "tojson":
                return ToJson(value, arguments, line);
            case "trim":
                return Values.ToText(value).Trim(arguments.Get(0, "chars", null) is MarkedText characters ? characters.Value : null, start: true, end: true);
            case "upper":
                return Values.ToText(value).Map(s => s.ToUpperInvariant());
            case "lower":
                return Values.ToText(value).Map(s => s.ToLowerInvariant());
            case "replace":
                return Values.ToText(value).Replace(Text(arguments.Get(0, "old", null), line), Values.ToText(arguments.Get(1, "new", null)));
            default:
                throw fault(line, $"the filter '{name}' is not supported.");
        }
    }

    public bool ApplyTest(string name, object? value, CallArguments arguments, int line) => name switch
    {
        "defined" => value is not Undefined,
        "undefined" => value is Undefined,
        "none" => value is null,
        "boolean" => value is bool,
        "true" => value is true,
        "false" => value is false,
        "string" => value is MarkedText,
        "mapping" => value is JinjaMap,
        "sequence" or "iterable" => value is List<object?> or JinjaMap or MarkedText or Undefined,
        "number" => value is long or double or bool,
        "equalto" or "eq" => Values.AreEqual(value, arguments.Get(0, "other", Undefined.Value)),
        "in" => evaluator.Contains(arguments.Get(0, "seq", Undefined.Value), value, line),
        _ => throw fault(line, $"the test '{name}' is not supported."),
    };

    private static Namespace MakeNamespace(CallArguments arguments, int line)
    {
        _ = line;
        Namespace space = new();
        foreach ((string name, object? value) in arguments.Named)
            space.Members[name] = value;
        return space;
    }

    private List<object?> MakeRange(CallArguments arguments, int line)
    {
        long[] bounds = [.. arguments.Positional.Select(value => value is long whole ? whole : throw fault(line, "'range' takes whole numbers."))];
        (long start, long stop, long step) = bounds switch
        {
            [long end] => (0, end, 1),
            [long begin, long end] => (begin, end, 1),
            [long begin, long end, long by] => (begin, end, by),
            _ => throw fault(line, "'range' takes one to three numbers."),
        };
        if (step == 0)
            throw fault(line, "'range' with a step of 0.");
        List<object?> numbers = [];
        for (long i = start; step > 0 ? i < stop : i > stop; i += step)
        {
            if (numbers.Count == LongestRange)
                throw fault(line, $"'range' of more than {LongestRange} numbers.");
            numbers.Add(i);
        }
        return numbers;
    }

    private static JinjaMap MakeMap(CallArguments arguments)
    {
        JinjaMap map = new();
        foreach ((string name, object? value) in arguments.Named)
            map[MarkedText.OfTemplate(name)] = value;
        return map;
    }

    private object? Raise(CallArguments arguments, int line)
    {
        JinjaException plain = fault(line, "");
        throw new JinjaRaisedException(plain.Line, "raise_exception", Values.ToText(arguments.Get(0, "message", null)).Value);
    }

    private string FormatNow(string format, int line)
    {
        DateTimeOffset now = time.GetLocalNow();
        StringBuilder text = new();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }
            char directive = format[++i];
            bool unpadded = directive == '-' && i + 1 < format.Length;
            if (unpadded)
                directive = format[++i];
            string part = directive switch
            {
                'd' => now.ToString("dd", CultureInfo.InvariantCulture),
                'm' => now.ToString("MM", CultureInfo.InvariantCulture),
                'Y' => now.ToString("yyyy", CultureInfo.InvariantCulture),
                'y' => now.ToString("yy", CultureInfo.InvariantCulture),
                'b' => now.ToString("MMM", CultureInfo.InvariantCulture),
                'B' => now.ToString("MMMM", CultureInfo.InvariantCulture),
                'a' => now.ToString("ddd", CultureInfo.InvariantCulture),
                'A' => now.ToString("dddd", CultureInfo.InvariantCulture),
                'H' => now.ToString("HH", CultureInfo.InvariantCulture),
                'I' => now.ToString("hh", CultureInfo.InvariantCulture),
                'M' => now.ToString("mm", CultureInfo.InvariantCulture),
                'S' => now.ToString("ss", CultureInfo.InvariantCulture),
                'p' => now.ToString("tt", CultureInfo.InvariantCulture),
                'j' => now.DayOfYear.ToString("D3", CultureInfo.InvariantCulture),
                '%' => "%",
                _ => throw fault(line, $"'strftime_now' does not know %{directive}."),
            };
            text.Append(unpadded ? part.TrimStart('0') : part);
        }
        return text.ToString();
    }

    private Callable? StringMethod(MarkedText text, string name, int line) => name switch
    {
        "startswith" => new(name, arguments => Affixes(arguments, line).Any(affix => text.Value.StartsWith(affix, StringComparison.Ordinal))),
        "endswith" => new(name, arguments => Affixes(arguments, line).Any(affix => text.Value.EndsWith(affix, StringComparison.Ordinal))),
        "strip" => new(name, arguments => text.Trim(Characters(arguments), start: true, end: true)),
        "lstrip" => new(name, arguments => text.Trim(Characters(arguments), start: true, end: false)),
        "rstrip" => new(name, arguments => text.Trim(Characters(arguments), start: false, end: true)),
        "split" => new(name, arguments => Split(text, arguments, line)),
        "replace" => new(name, arguments => text.Replace(Text(arguments.Get(0, "old", null), line), Values.ToText(arguments.Get(1, "new", null)))),
        "upper" => new(name, _ => text.Map(s => s.ToUpperInvariant())),
        "lower" => new(name, _ => text.Map(s => s.ToLowerInvariant())),
        "title" => new(name, _ => text.Map(Title)),
        _ => null,
    };

    private static Callable? MapMethod(JinjaMap map, string name) => name switch
    {
        "get" => new(name, arguments => map.TryGet(arguments.Get(0, "key", null), out object? value) ? value : arguments.Get(1, "default", null)),
        "items" => new(name, _ => Items(map)),
        "keys" => new(name, _ => map.Entries.ConvertAll(entry => (object?)entry.Key)),
        "values" => new(name, _ => map.Entries.ConvertAll(entry => entry.Value)),
        _ => null,
    };

    private static object? Append(List<object?> list, CallArguments arguments)
    {
        list.Add(arguments.Get(0, "object", null));
        return null;
    }

    private IEnumerable<string> Affixes(CallArguments arguments, int line) => arguments.Get(0, "prefix", null) is List<object?> several
        ? several.Select(affix => Text(affix, line))
        : [Text(arguments.Get(0, "prefix", null), line)];

    private static string? Characters(CallArguments arguments) => (arguments.Get(0, "chars", null) as MarkedText)?.Value;

    private List<object?> Split(MarkedText text, CallArguments arguments, int line)
    {
        object? separator = arguments.Get(0, "sep", null);
        long most = arguments.Get(1, "maxsplit", -1L) is long count ? count : throw fault(line, "'split' takes a whole number of splits.");
        return separator is null ? SplitAtSpace(text, most) : SplitAt(text, Text(separator, line), most, line);
    }

    private List<object?> SplitAt(MarkedText text, string separator, long most, int line)
    {
        if (separator.Length == 0)
            throw fault(line, "'split' with an empty separator.");
        List<object?> parts = [];
        int from = 0;
        for (int at; most != parts.Count && (at = text.Value.IndexOf(separator, from, StringComparison.Ordinal)) >= 0; from = at + separator.Length)
            parts.Add(text.Slice(from, at - from));
        parts.Add(text.Slice(from, text.Length - from));
        return parts;
    }

    private static List<object?> SplitAtSpace(MarkedText text, long most)
    {
        List<object?> parts = [];
        for (int at = 0; at < text.Length;)
        {
            if (char.IsWhiteSpace(text.Value[at]))
            {
                at++;
                continue;
            }
            int end = at;
            while (end < text.Length && (parts.Count == most || !char.IsWhiteSpace(text.Value[end])))
                end++;
            parts.Add(text.Slice(at, end - at));
            at = end;
        }
        return parts;
    }

    private static string Title(string text)
    {
        StringBuilder title = new(text.Length);
        bool inWord = false;
        foreach (char c in text)
        {
            title.Append(inWord ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c));
            inWord = char.IsLetter(c);
        }
        return title.ToString();
    }

    private static List<object?> Items(JinjaMap map) => map.Entries.ConvertAll(entry => (object?)new List<object?> { entry.Key, entry.Value });

    private List<object?> SortedItems(JinjaMap map, int line)
    {
        List<object?> items = Items(map);
        return [.. items.Order(Comparer<object?>.Create((a, b) => evaluator.Compare(Folded(((List<object?>)a!)[0]), Folded(((List<object?>)b!)[0]), line)))];
    }

    private static object? Folded(object? value) => value is MarkedText text ? text.Map(s => s.ToLowerInvariant()) : value;

    private List<object?> Sort(object? value, CallArguments arguments, int line)
    {
        bool reverse = Values.IsTrue(arguments.Get(0, "reverse", false));
        bool caseSensitive = Values.IsTrue(arguments.Get(1, "case_sensitive", false));
        object? attribute = arguments.Get(2, "attribute", null);
        IEnumerable<object?> sorted = evaluator.Iterate(value, line).Order(Comparer<object?>.Create((a, b) => evaluator.Compare(Key(a), Key(b), line) * (reverse ? -1 : 1)));
        return [.. sorted];

        object? Key(object? item)
        {
            object? key = attribute is null ? item : evaluator.GetAttribute(item, Text(attribute, line), line);
            return caseSensitive ? key : Folded(key);
        }
    }

    private MarkedText JoinItems(object? value, CallArguments arguments, int line)
    {
        MarkedText separator = Values.ToText(arguments.Get(0, "d", MarkedText.Empty));
        object? attribute = arguments.Get(1, "attribute", null);
        MarkedTextBuilder joined = new();
        bool isFirst = true;
        foreach (object? item in evaluator.Iterate(value, line))
        {
            if (!isFirst)
                joined.Append(separator);
            isFirst = false;
            joined.Append(Values.ToText(attribute is null ? item : evaluator.GetAttribute(item, Text(attribute, line), line)));
        }
        return joined.ToText();
    }

    private List<object?> MapItems(object? value, CallArguments arguments, int line)
    {
        IEnumerable<object?> items = evaluator.Iterate(value, line);
        if (arguments.Named.TryGetValue("attribute", out object? attribute))
            return [.. items.Select(item => evaluator.GetAttribute(item, Text(attribute, line), line))];
        string filter = Text(arguments.Get(0, "filter", null), line);
        CallArguments rest = new([.. arguments.Positional.Skip(1)], arguments.Named);
        return [.. items.Select(item => ApplyFilter(filter, item, rest, line))];
    }

    private List<object?> Choose(object? value, Func<object?, object?> key, CallArguments arguments, int testAt, bool keep, int line)
    {
        object? test = arguments.Get(testAt, "test", null);
        CallArguments rest = new([.. arguments.Positional.Skip(testAt + 1)], arguments.Named);
        return [.. evaluator.Iterate(value, line).Where(item => Passes(key(item)) == keep)];

        bool Passes(object? candidate) => test is null ? Values.IsTrue(candidate) : ApplyTest(Text(test, line), candidate, rest, line);
    }

    private MarkedText ToJson(object? value, CallArguments arguments, int line)
    {
        const int widest = 16; // blanks an indent level
        string? unknown = arguments.Named.Keys.FirstOrDefault(name => name is not ("indent" or "ensure_ascii"));
        if (unknown is not null || Values.IsTrue(arguments.Get(1, "ensure_ascii", false)))
            throw fault(line, $"'tojson' with '{unknown ?? "ensure_ascii"}' is not supported.");
        int? indent = arguments.Get(0, "indent", null) switch
        {
            null => null,
            long width and >= 0 and <= widest => (int)width,
            _ => throw fault(line, $"'tojson' takes an indent of 0 to {widest}."),
        };
        try
        {
            return Values.ToJson(value, indent);
        }
        catch (ArgumentException problem)
        {
            throw fault(line, problem.Message + ".");
        }
    }

    private JinjaMap Map(object? value, int line) => value as JinjaMap ?? throw fault(line, $"a mapping is needed, not a {Values.Name(value)}.");

    private string Text(object? value, int line) => (value as MarkedText)?.Value ?? throw fault(line, $"a string is needed, not a {Values.Name(value)}.");
}
