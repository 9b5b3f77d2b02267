using System.Text.Json.Serialization;
using Microsoft.Extensions.AI;
using Parley.Engines;

namespace Parley.Cli;

/// <summary>Words while they are spoken. What is committed goes to standard output; a person also sees, dim behind it, what may still change.</summary>
internal static class LiveTranscript
{
    private const string SaveCursor = "\u001b7", RestoreCursor = "\u001b8", Dim = "\u001b[2m", Plain = "\u001b[22m", EraseBelow = "\u001b[0J";

    public static async Task WriteAsync(Terminal terminal, IAsyncEnumerable<SpeechToTextResponseUpdate> updates, bool asJson)
    {
        await foreach (SpeechToTextResponseUpdate update in updates)
        {
            if (asJson)
                WriteJson(terminal, update);
            else
                WriteText(terminal, update);
        }
    }

    private static void WriteText(Terminal terminal, SpeechToTextResponseUpdate update)
    {
        if (terminal.IsErrorInteractive && update.Kind != SpeechToTextResponseUpdateKind.SessionOpen)
            Write(terminal.Error, EraseBelow);
        if (update.Kind == SpeechToTextResponseUpdateKind.TextUpdated)
            Write(terminal.Out, update.Text);
        else if (update.Kind == SpeechToTextResponseUpdateKind.TextUpdating && terminal.IsErrorInteractive)
            Write(terminal.Error, SaveCursor + Dim + update.Text + Plain + RestoreCursor);
        else if (update.Kind == SpeechToTextResponseUpdateKind.SessionClose)
            Write(terminal.Out, terminal.Out.NewLine);
    }

    private static void WriteJson(Terminal terminal, SpeechToTextResponseUpdate update)
    {
        if (update.Kind == SpeechToTextResponseUpdateKind.TextUpdating)
            DataJson.WriteLine(terminal, new LiveLine("partial", update.Text, Seconds(update.StartTime), Seconds(update.EndTime)));
        else if (update.Kind == SpeechToTextResponseUpdateKind.TextUpdated && update.Text.Length > 0)
            DataJson.WriteLine(terminal, new LiveLine("delta", update.Text, Seconds(update.StartTime), Seconds(update.EndTime)));
        if (update.Segment is { } said)
            DataJson.WriteLine(terminal, new LiveLine("final", said.Text.Trim(), Seconds(said.Start), Seconds(said.End)) { Words = Words(said) });
        if (update.Transcript is { } whole)
            DataJson.WriteLine(terminal, new LiveLine("done", whole.Text, 0, Seconds(whole.Duration)) { Language = whole.Language });
        terminal.Out.Flush();
    }

    private static IReadOnlyList<VerboseReportWord>? Words(TranscriptSegment segment) =>
        segment.Words.Count == 0 ? null : [.. segment.Words.Select(word => new VerboseReportWord(word.Text, Seconds(word.Start), Seconds(word.End)))];

    private static double Seconds(TimeSpan? time) => Math.Round(time?.TotalSeconds ?? 0, 3);

    private static void Write(TextWriter writer, string text)
    {
        writer.Write(text);
        writer.Flush();
    }
}

/// <summary>One thing that was heard.</summary>
/// <param name="Type">delta: text that stands, to be put behind what came before; partial: what may follow it, in place of the one before; final: an utterance, whole; done: everything.</param>
/// <param name="Text">The words; a delta and a partial begin with the space before them.</param>
/// <param name="Start">In seconds of the sound.</param>
/// <param name="End">In seconds of the sound.</param>
internal sealed record LiveLine(string Type, string Text, double Start, double End)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<VerboseReportWord>? Words { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Language { get; init; }
}
