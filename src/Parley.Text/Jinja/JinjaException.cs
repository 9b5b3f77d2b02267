namespace Parley.Text.Jinja;

/// <summary>A template that cannot be read or rendered; the message quotes the line.</summary>
public class JinjaException(int line, string lineText, string problem)
    : Exception($"template line {line}: {problem} In: {Shorten(lineText)}")
{
    /// <summary>Line in the template, from 1.</summary>
    public int Line { get; } = line;

    private const int LongestQuote = 200; // characters; some published templates are one line

    private static string Shorten(string text) =>
        text.Trim() is var trimmed && trimmed.Length > LongestQuote ? trimmed[..LongestQuote] + "…" : trimmed;
}

/// <summary>The template itself refused its input by <c>raise_exception</c>, for instance a role it does not know.</summary>
public sealed class JinjaRaisedException(int line, string lineText, string message) : JinjaException(line, lineText, message)
{
    /// <summary>The template's own words.</summary>
    public string Reason { get; } = message;
}
