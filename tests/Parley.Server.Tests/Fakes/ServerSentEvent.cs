using System.Text.Json;

namespace Parley.Server.Tests;

/// <summary>One event of a stream, read strictly: an optional name line, one data line, an empty line; or a comment.</summary>
internal sealed record ServerSentEvent(string? Name, string Data)
{
    public JsonElement Json => JsonElement.Parse(Data);

    public static List<ServerSentEvent> Read(string stream)
    {
        List<ServerSentEvent> events = [];
        Assert.EndsWith("\n\n", stream, StringComparison.Ordinal);
        foreach (string block in stream.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            string[] lines = block.Split('\n');
            if (lines is [[':', ..]])
                continue;
            string? name = lines[0].StartsWith("event: ", StringComparison.Ordinal) ? lines[0]["event: ".Length..] : null;
            string data = Assert.Single(lines, line => line.StartsWith("data: ", StringComparison.Ordinal));
            Assert.Equal(name is null ? 1 : 2, lines.Length);
            events.Add(new ServerSentEvent(name, data["data: ".Length..]));
        }
        return events;
    }
}
