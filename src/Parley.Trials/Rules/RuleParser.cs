using System.Globalization;

namespace Parley.Trials.Rules;

/// <summary>
/// From a rule as people write it to its tree:
/// <code>
/// rule       = term { "or" term }
/// term       = factor { "and" factor }
/// factor     = "not" factor | "(" rule ")" | operand op operand
/// op         = "&gt;=" | "&lt;=" | "&gt;" | "&lt;" | "=="
/// operand    = number [unit] | metric [ ("+" | "-") number [unit] | "*" number ]
/// </code>
/// Line breaks are spaces.
/// </summary>
internal ref struct RuleParser
{
    private const int MaxLength = 4_000, MaxDepth = 50;

    private readonly string text;
    private int at;
    private int depth;

    private RuleParser(string text) => this.text = text;

    /// <exception cref="RuleException">It cannot be read.</exception>
    public static RuleNode Parse(string text)
    {
        if (text.Length > MaxLength)
            throw new RuleException(text, MaxLength, $"a rule has at most {MaxLength} characters, this one has {text.Length}.");
        RuleParser parser = new(text);
        RuleNode rule = parser.Rule();
        parser.SkipSpace();
        if (parser.at < text.Length)
            throw parser.Fault($"expected 'and', 'or' or the end, found '{parser.Glimpse()}'.");
        return rule;
    }

    private RuleNode Rule()
    {
        if (++depth > MaxDepth)
            throw Fault($"more than {MaxDepth} parentheses and 'not's inside each other.");
        List<RuleNode> terms = [Term()];
        while (TakeWord("or"))
            terms.Add(Term());
        depth--;
        return terms is [RuleNode only] ? only : new AnyOf(terms);
    }

    private RuleNode Term()
    {
        List<RuleNode> factors = [Factor()];
        while (TakeWord("and"))
            factors.Add(Factor());
        return factors is [RuleNode only] ? only : new AllOf(factors);
    }

    private RuleNode Factor()
    {
        if (TakeWord("not"))
        {
            if (++depth > MaxDepth)
                throw Fault($"more than {MaxDepth} parentheses and 'not's inside each other.");
            Not not = new(Factor());
            depth--;
            return not;
        }
        SkipSpace();
        if (!Take('('))
            return Comparison();
        RuleNode inner = Rule();
        SkipSpace();
        if (!Take(')'))
            throw Fault(at < text.Length ? $"expected ')', found '{Glimpse()}'." : "a ')' is missing.");
        return inner;
    }

    private Comparison Comparison()
    {
        SkipSpace();
        int leftAt = at;
        RuleOperand left = Operand();
        SkipSpace();
        string op = Operator();
        SkipSpace();
        int rightAt = at;
        RuleOperand right = Operand();
        switch (left, right)
        {
            case (Quantity, Quantity):
                throw new RuleException(text, leftAt, "two numbers are compared; one side must be a measure.");
            case (Measure a, Measure b) when a.Metric.Dimension != b.Metric.Dimension:
                throw new RuleException(text, rightAt, $"{b.Metric.Name} is a {RuleUnit.Word(b.Metric.Dimension)}, {a.Metric.Name} a {RuleUnit.Word(a.Metric.Dimension)}: they cannot be compared.");
            case (Measure a, Quantity number):
                CheckUnit(number, a.Metric.Dimension, rightAt);
                break;
            case (Quantity number, Measure b):
                CheckUnit(number, b.Metric.Dimension, leftAt);
                break;
        }
        return new(left, op, right);
    }

    private string Operator()
    {
        foreach (string op in (ReadOnlySpan<string>)[">=", "<=", "==", ">", "<"])
        {
            if (text.AsSpan(at).StartsWith(op, StringComparison.Ordinal))
            {
                at += op.Length;
                return op;
            }
        }
        throw Fault($"expected >=, <=, >, < or ==, found {(at < text.Length ? $"'{Glimpse()}'" : "the end")}.");
    }

    private RuleOperand Operand()
    {
        if (at >= text.Length)
            throw Fault("expected a measure or a number, found the end.");
        if (char.IsAsciiDigit(text[at]) || text[at] is '-' or '.')
            return Number(isSigned: true);
        int start = at;
        string name = Name();
        if (name.Length == 0)
            throw Fault($"expected a measure or a number, found '{Glimpse()}'.");
        if (!RuleMetric.TryFind(name, out RuleMetric? metric))
        {
            string hint = RuleMetric.Nearest(name) is { } near ? $" Did you mean '{near}'?" : $" The measures are {string.Join(", ", RuleMetric.All.Select(known => known.Name))}.";
            throw new RuleException(text, start, $"'{name}' is no measure.{hint}");
        }
        SkipSpace();
        if (Take('*'))
        {
            SkipSpace();
            int factorAt = at;
            Quantity factor = Number(isSigned: true);
            return factor.Unit is "" or "%" ? new Measure(metric, Times: factor.Value) : throw new RuleException(text, factorAt, "a factor is a plain number.");
        }
        bool isLess = at < text.Length && text[at] == '-';
        if (!isLess && !Take('+'))
            return new Measure(metric);
        if (isLess)
            at++;
        SkipSpace();
        int plusAt = at;
        Quantity plus = Number(isSigned: false);
        CheckUnit(plus, metric.Dimension, plusAt);
        return new Measure(metric, Plus: isLess ? plus with { Number = -plus.Number } : plus);
    }

    private Quantity Number(bool isSigned)
    {
        int start = at;
        if (isSigned)
            Take('-');
        while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '.'))
            at++;
        if (at < text.Length - 1 && text[at] is 'e' or 'E' && (char.IsAsciiDigit(text[at + 1]) || text[at + 1] is '-' or '+'))
        {
            at += 2;
            while (at < text.Length && char.IsAsciiDigit(text[at]))
                at++;
        }
        if (!double.TryParse(text.AsSpan(start, at - start), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) || !double.IsFinite(number))
            throw new RuleException(text, start, $"expected a number, found '{(at > start ? text[start..at] : start < text.Length ? Glimpse() : "the end")}'.");
        int unitAt = at;
        string unit = Take('%') ? "%" : Letters();
        if (unit.Length > 0 && !RuleUnit.IsKnown(unit))
            throw new RuleException(text, unitAt, $"'{unit}' is no unit. The units are {string.Join(", ", RuleUnit.Names)}.");
        return new(number, unit);
    }

    private void CheckUnit(Quantity number, RuleDimension dimension, int place)
    {
        if (RuleUnit.Problem(number.Unit, dimension) is { } problem)
            throw new RuleException(text, place, $"{problem}.");
    }

    private string Name()
    {
        int start = at;
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] is '_' or '.'))
            at++;
        return text[start..at];
    }

    private string Letters()
    {
        int start = at;
        while (at < text.Length && char.IsAsciiLetter(text[at]))
            at++;
        return text[start..at];
    }

    private bool TakeWord(string word)
    {
        SkipSpace();
        int end = at + word.Length;
        if (!text.AsSpan(at).StartsWith(word, StringComparison.Ordinal) || (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '_' or '.')))
            return false;
        at = end;
        return true;
    }

    private bool Take(char wanted)
    {
        if (at >= text.Length || text[at] != wanted)
            return false;
        at++;
        return true;
    }

    private void SkipSpace()
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
            at++;
    }

    private readonly string Glimpse()
    {
        int end = at + 1;
        while (end < text.Length && end - at < 20 && !char.IsWhiteSpace(text[end]))
            end++;
        return text[at..end];
    }

    private readonly RuleException Fault(string problem) => new(text, at, problem);
}
