using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Parley.Cli.Configuration;

/// <summary>
/// Reads <c>parley.json</c>: JSON with comments and trailing commas, UTF-8 with or without a byte-order mark, at most 1 MiB and
/// 16 levels. A key that stands twice in one object is an error. Every value keeps its line and column.
/// </summary>
internal static class JsonSource
{
    private const int MaxBytes = 1 << 20, MaxDepth = 16;

    /// <exception cref="ConfigurationException">The file cannot be read or is not such JSON.</exception>
    public static ConfigurationNode Read(string path)
    {
        Origin origin = new(SourceKind.File, path);
        try
        {
            using FileStream stream = File.OpenRead(path);
            if (stream.Length > MaxBytes)
                throw new ConfigurationException([new(origin, $"{stream.Length} bytes; a configuration has at most {MaxBytes}.")]);
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

    /// <param name="bytes">The file.</param>
    /// <param name="name">Its name in origins and errors.</param>
    /// <exception cref="ConfigurationException">It is not such JSON.</exception>
    public static ConfigurationNode Parse(ReadOnlySpan<byte> bytes, string name)
    {
        if (bytes.StartsWith(Encoding.UTF8.Preamble))
            bytes = bytes[Encoding.UTF8.Preamble.Length..];
        if (bytes.Length > MaxBytes)
            throw new ConfigurationException([new(new Origin(SourceKind.File, name), $"{bytes.Length} bytes; a configuration has at most {MaxBytes}.")]);
        Walker walker = new(bytes, name);
        return walker.ReadDocument();
    }

    private ref struct Walker
    {
        private readonly ReadOnlySpan<byte> bytes;
        private readonly string name;
        private readonly List<Problem> problems = [];
        private Utf8JsonReader reader;
        private int countedTo, line = 1, lineStart;

        public Walker(ReadOnlySpan<byte> bytes, string name)
        {
            this.bytes = bytes;
            this.name = name;
            reader = new(bytes, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = MaxDepth });
        }

        public ConfigurationNode ReadDocument()
        {
            try
            {
                if (!Utf8.IsValid(bytes))
                    throw Refusal("not UTF-8: save the file in that encoding.", FirstInvalidByte());
                reader.Read();
                if (reader.TokenType != JsonTokenType.StartObject)
                    throw Refusal("a configuration is an object: it begins with '{'.", (int)reader.TokenStartIndex);
                ConfigurationNode root = ReadValue();
                reader.Read(); // whatever follows the object is refused here
                return problems.Count == 0 ? root : throw new ConfigurationException(problems);
            }
            catch (JsonException fault)
            {
                int faultLine = (int)(fault.LineNumber ?? 0) + 1, column = (int)(fault.BytePositionInLine ?? 0) + 1;
                string reason = fault.Message.Split(". LineNumber:", 2)[0].TrimEnd('.');
                throw new ConfigurationException([.. problems, new(new Origin(SourceKind.File, name, faultLine, column), $"not valid JSON: {reason}.")]);
            }
        }

        private ConfigurationNode ReadValue()
        {
            Origin origin = Here();
            return reader.TokenType switch
            {
                JsonTokenType.StartObject => new(NodeKind.Object, origin) { Members = ReadMembers() },
                JsonTokenType.StartArray => new(NodeKind.List, origin) { Items = ReadItems() },
                JsonTokenType.String => new(NodeKind.Text, origin) { Text = ReadText() },
                JsonTokenType.Number => new(NodeKind.Number, origin) { Text = Encoding.UTF8.GetString(reader.ValueSpan) },
                JsonTokenType.True => new(NodeKind.Boolean, origin) { Text = "true" },
                JsonTokenType.False => new(NodeKind.Boolean, origin) { Text = "false" },
                _ => new(NodeKind.Null, origin) { Text = "null" },
            };
        }

        private List<ConfigurationMember> ReadMembers()
        {
            List<ConfigurationMember> members = [];
            Dictionary<string, int> lines = new(StringComparer.Ordinal);
            while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
            {
                Origin origin = Here();
                string key = ReadText();
                reader.Read();
                ConfigurationNode value = ReadValue();
                if (!lines.TryAdd(key, origin.Line))
                    problems.Add(new(origin, $"\"{key}\" stands here again; it is already set in line {lines[key]}. Keep one."));
                else
                    members.Add(new(key, origin, value));
            }
            return members;
        }

        private List<ConfigurationNode> ReadItems()
        {
            List<ConfigurationNode> items = [];
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                items.Add(ReadValue());
            return items;
        }

        private string ReadText()
        {
            try
            {
                return reader.GetString()!;
            }
            catch (InvalidOperationException)
            {
                throw Refusal("this text has half of a surrogate pair in an escape (\\uD800 to \\uDFFF come in twos).", (int)reader.TokenStartIndex);
            }
        }

        private Origin Here() => At((int)reader.TokenStartIndex);

        /// <summary>Offsets are asked for in growing order, so that the whole file is counted once.</summary>
        private Origin At(int offset)
        {
            for (; countedTo < offset; countedTo++)
            {
                if (bytes[countedTo] == '\n')
                    (line, lineStart) = (line + 1, countedTo + 1);
            }
            return new(SourceKind.File, name, line, offset - lineStart + 1);
        }

        private ConfigurationException Refusal(string message, int offset) => new([.. problems, new(At(offset), message)]);

        private readonly int FirstInvalidByte()
        {
            ReadOnlySpan<byte> rest = bytes;
            while (Rune.DecodeFromUtf8(rest, out _, out int consumed) == System.Buffers.OperationStatus.Done)
                rest = rest[consumed..];
            return bytes.Length - rest.Length;
        }
    }
}
