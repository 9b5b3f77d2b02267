using System.Buffers;
using System.Globalization;
using System.Net;
using System.Numerics;
using System.Text;

namespace Parley.Cli.Configuration;

/// <summary>How a value of one .NET type is written in a configuration.</summary>
/// <param name="Expected">What a user should write, for errors and the reference: <c>a whole number</c>.</param>
/// <param name="Read">From what was written; <see langword="null"/> if it is not of that type.</param>
/// <param name="Show">Back to what a user would write.</param>
internal sealed record ValueReader(string Expected, Func<ConfigurationNode, object?> Read, Func<object, string> Show);

/// <summary>The types that settings have, and how each is read and shown. Numbers are written the same in every country.</summary>
internal static class ValueReaders
{
    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    private static readonly ValueReader Text = new("text",
        node => node.Kind is NodeKind.Text or NodeKind.Word ? node.Text : null,
        value => (string)value);

    private static readonly ValueReader Boolean = new("true or false", ReadBoolean, value => (bool)value ? "true" : "false");

    private static readonly ValueReader Duration = new("a duration with its unit, such as \"500ms\", \"30s\" or \"1h30m\"",
        node => node.Kind is NodeKind.Text or NodeKind.Word && TryReadDuration(node.Text, out TimeSpan duration) ? duration : null,
        value => ShowDuration((TimeSpan)value));

    private static readonly ValueReader Bytes = new("a size, such as \"64MiB\", \"2GB\" or a number of bytes",
        node => node.Kind is NodeKind.Text or NodeKind.Word or NodeKind.Number && TryReadBytes(node.Text, out long bytes) ? bytes : null,
        value => ShowBytes(Convert.ToInt64(value, CultureInfo.InvariantCulture)));

    private static readonly ValueReader Address = new("an IP address",
        node => node.Kind is NodeKind.Text or NodeKind.Word && IPAddress.TryParse(node.Text, out IPAddress? address) ? address : null,
        value => value.ToString()!);

    private static readonly ValueReader Url = new("an address that begins with http:// or https://",
        node => node.Kind is NodeKind.Text or NodeKind.Word && Uri.TryCreate(node.Text, UriKind.Absolute, out Uri? url)
            && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps) ? url : null,
        value => value.ToString()!);

    private static readonly ValueReader TextList = new("a list of texts",
        ReadTextList,
        value => string.Join(", ", (IEnumerable<string>)value));

    /// <returns>The reader of a property's type, or <see langword="null"/> if it is a section of its own.</returns>
    public static ValueReader? For(Type type, string propertyName)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(long) && propertyName.EndsWith("Bytes", StringComparison.Ordinal))
            return Bytes;
        if (type.IsEnum)
            return OfEnum(type);
        return type == typeof(string) ? Text
            : type == typeof(bool) ? Boolean
            : type == typeof(TimeSpan) ? Duration
            : type == typeof(IPAddress) ? Address
            : type == typeof(Uri) ? Url
            : type == typeof(int) ? Number<int>("a whole number", NumberStyles.AllowLeadingSign)
            : type == typeof(long) ? Number<long>("a whole number", NumberStyles.AllowLeadingSign)
            : type == typeof(double) ? Number<double>("a number", NumberStyles.Float)
            : type == typeof(float) ? Number<float>("a number", NumberStyles.Float)
            : type.IsAssignableFrom(typeof(string[])) && type != typeof(object) ? TextList
            : null;
    }

    private static ValueReader Number<T>(string expected, NumberStyles style) where T : struct, INumber<T> => new(expected,
        node => node.Kind is NodeKind.Number or NodeKind.Word && T.TryParse(node.Text, style, CultureInfo.InvariantCulture, out T value) && T.IsFinite(value) ? value : null,
        value => Convert.ToString(value, CultureInfo.InvariantCulture)!);

    /// <summary><c>1h30m</c>, <c>2.5s</c>, <c>150ms</c>: numbers with units, the larger before the smaller.</summary>
    internal static bool TryReadDuration(ReadOnlySpan<char> text, out TimeSpan duration)
    {
        duration = default;
        if (text.IsEmpty)
            return false;
        double milliseconds = 0, lastUnit = double.PositiveInfinity;
        while (!text.IsEmpty)
        {
            int digits = text.IndexOfAnyExcept(NumberCharacters);
            if (digits <= 0 || !double.TryParse(text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double amount))
                return false;
            text = text[digits..];
            int letters = text.IndexOfAny(NumberCharacters) is >= 0 and int next ? next : text.Length;
            double unit = text[..letters] switch { "ms" => 1, "s" => 1_000, "m" => 60_000, "h" => 3_600_000, "d" => 86_400_000, _ => 0 };
            if (unit == 0 || unit >= lastUnit)
                return false;
            (milliseconds, lastUnit) = (milliseconds + amount * unit, unit);
            text = text[letters..];
        }
        if (milliseconds > 1e12)
            return false;
        duration = TimeSpan.FromTicks((long)Math.Round(milliseconds * TimeSpan.TicksPerMillisecond));
        return true;
    }

    internal static string ShowDuration(TimeSpan duration)
    {
        if (duration == TimeSpan.Zero)
            return "0s";
        StringBuilder text = new();
        foreach ((long ticks, string unit) in new[] { (TimeSpan.TicksPerDay, "d"), (TimeSpan.TicksPerHour, "h"), (TimeSpan.TicksPerMinute, "m"), (TimeSpan.TicksPerSecond, "s") })
        {
            long count = duration.Ticks / ticks;
            duration -= new TimeSpan(count * ticks);
            if (count > 0)
                text.Append(CultureInfo.InvariantCulture, $"{count}{unit}");
        }
        if (duration > TimeSpan.Zero)
            text.Append(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds:0.####}ms");
        return text.ToString();
    }

    // In the order in which a size tries them to be shown.
    private static readonly (string Unit, long Factor)[] ByteUnits =
    [
        ("TiB", 1L << 40), ("TB", 1_000_000_000_000), ("GiB", 1L << 30), ("GB", 1_000_000_000), ("MiB", 1L << 20), ("MB", 1_000_000),
        ("KiB", 1L << 10), ("kB", 1_000), ("KB", 1_000), ("", 1), ("B", 1),
    ];

    internal static bool TryReadBytes(string text, out long bytes)
    {
        bytes = 0;
        int digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9') is >= 0 and int end ? end : text.Length;
        if (!long.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out long amount))
            return false;
        foreach ((string unit, long factor) in ByteUnits)
        {
            if (!text.AsSpan(digits).SequenceEqual(unit))
                continue;
            if (amount > long.MaxValue / factor)
                return false;
            bytes = amount * factor;
            return true;
        }
        return false;
    }

    internal static string ShowBytes(long bytes)
    {
        (string unit, long factor) = bytes == 0 ? ("", 1) : Array.Find(ByteUnits, unit => bytes % unit.Factor == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{bytes / factor}{unit}");
    }

    private static object? ReadBoolean(ConfigurationNode node) => (node.Kind, node.Text) switch
    {
        (NodeKind.Boolean, "true") => true,
        (NodeKind.Boolean, _) => false,
        (NodeKind.Word, _) => node.Text.ToLowerInvariant() switch
        {
            "true" or "1" or "yes" or "on" => true,
            "false" or "0" or "no" or "off" => false,
            _ => null,
        },
        _ => null,
    };

    private static string[]? ReadTextList(ConfigurationNode node) => node.Kind switch
    {
        NodeKind.List when node.Items.All(item => item.Kind == NodeKind.Text) => [.. node.Items.Select(item => item.Text)],
        NodeKind.Word => node.Text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
        _ => null,
    };

    private static ValueReader OfEnum(Type type)
    {
        Dictionary<string, object> values = Enum.GetValues(type).Cast<object>().ToDictionary(value => SettingName.Of(value.ToString()!), StringComparer.Ordinal);
        return new($"one of {string.Join(", ", values.Keys)}",
            node => node.Kind is NodeKind.Text or NodeKind.Word ? values.GetValueOrDefault(node.Text) : null,
            value => SettingName.Of(value.ToString()!));
    }
}
