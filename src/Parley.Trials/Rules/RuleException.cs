namespace Parley.Trials.Rules;

/// <summary>A rule that cannot be read; the message shows the line and points at the place.</summary>
public sealed class RuleException : Exception
{
    internal RuleException(string rule, int at, string problem) : this(rule, Place(rule, at), problem) { }

    private RuleException(string rule, (int Line, int Column) place, string problem)
        : base($"rule, line {place.Line}, column {place.Column}: {problem}\n  {LineAt(rule, place.Line)}\n  {new string(' ', place.Column - 1)}^")
    {
        (Line, Column) = place;
        Problem = problem;
    }

    /// <summary>Counted from 1.</summary>
    public int Line { get; }

    /// <summary>Counted from 1, in UTF-16 units.</summary>
    public int Column { get; }

    /// <summary>What is wrong, without the place.</summary>
    public string Problem { get; }

    private static (int Line, int Column) Place(string rule, int at)
    {
        int line = 1, start = 0;
        for (int i = 0; i < at; i++)
        {
            if (rule[i] == '\n')
                (line, start) = (line + 1, i + 1);
        }
        return (line, at - start + 1);
    }

    private static string LineAt(string rule, int line) => rule.Split('\n')[line - 1].TrimEnd('\r').Replace('\t', ' ');
}
