using System.Globalization;
using System.Text.Json.Nodes;
using Parley.Trials.Plans;

namespace Parley.Trials.Rules;

/// <summary>A rule written before the measurement: its text, its hash and its tree. Nothing but its measures can decide.</summary>
public sealed class DecisionRule
{
    // Two numbers closer than this, relative to the larger, are equal: what is left of decimal fractions after a few sums in double.
    private const double RoundingError = 1e-12;

    private DecisionRule(string text, RuleNode root)
    {
        Text = text;
        Root = root;
        Sha256 = Sha256Text.Of(text);
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Of the text in UTF-8; 64 hexadecimal digits.</summary>
    public string Sha256 { get; }

    public RuleNode Root { get; }

    /// <summary>The measures that it names, each once.</summary>
    public IReadOnlyList<RuleMetric> Metrics => [.. Operands(Root).OfType<Measure>().Select(measure => measure.Metric).Distinct()];

    /// <exception cref="RuleException">The text is no rule; the message points at the place.</exception>
    public static DecisionRule Parse(string text) => new(text, RuleParser.Parse(text));

    /// <summary>True, false, or <see langword="null"/> where it depends on a measure without a value. Equality at a limit counts as met.</summary>
    /// <param name="valueOf">The value of a measure in milliseconds, bytes, points or plain; <see langword="null"/> if it has none. Infinity is a value: a call that never ended.</param>
    public bool? Evaluate(Func<RuleMetric, double?> valueOf) => Evaluate(Root, valueOf);

    /// <summary>Every comparison of the rule with its values, in the order of the text.</summary>
    public IReadOnlyList<RuleFinding> Explain(Func<RuleMetric, double?> valueOf) =>
        [.. Comparisons(Root).Select(comparison => new RuleFinding(Show(comparison), Value(comparison.Left, valueOf), Value(comparison.Right, valueOf), Evaluate(comparison, valueOf)))];

    /// <summary>
    /// The tree as JSON: <c>{"all": [...]}</c>, <c>{"any": [...]}</c>, <c>{"not": x}</c>, <c>{"cmp": {"left", "op", "right"}}</c>; operands are
    /// <c>{"number", "unit"}</c>, a name, or <c>{"metric", "plus" | "times"}</c>.
    /// </summary>
    public JsonObject ToJson() => ToJson(Root);

    /// <summary>The rule in one line with canonical names; parsing it gives the same tree.</summary>
    public override string ToString() => Show(Root);

    private static bool? Evaluate(RuleNode node, Func<RuleMetric, double?> valueOf)
    {
        switch (node)
        {
            case AllOf all:
                bool?[] terms = [.. all.Terms.Select(term => Evaluate(term, valueOf))];
                return terms.Contains(false) ? false : terms.Contains(null) ? null : true;
            case AnyOf any:
                terms = [.. any.Terms.Select(term => Evaluate(term, valueOf))];
                return terms.Contains(true) ? true : terms.Contains(null) ? null : false;
            case Not not:
                return !Evaluate(not.Term, valueOf);
            default:
                Comparison comparison = (Comparison)node;
                return Value(comparison.Left, valueOf) is { } left && Value(comparison.Right, valueOf) is { } right ? Compare(left, comparison.Operator, right) : null;
        }
    }

    private static bool Compare(double left, string op, double right)
    {
        bool isEqual = left.Equals(right) || double.IsFinite(left) && double.IsFinite(right) && Math.Abs(left - right) <= RoundingError * Math.Max(Math.Abs(left), Math.Abs(right));
        return op switch
        {
            ">=" => isEqual || left > right,
            "<=" => isEqual || left < right,
            ">" => !isEqual && left > right,
            "<" => !isEqual && left < right,
            _ => isEqual,
        };
    }

    private static double? Value(RuleOperand operand, Func<RuleMetric, double?> valueOf) => operand switch
    {
        Quantity number => number.Value,
        Measure { Times: { } times } measure => valueOf(measure.Metric) * times,
        Measure measure => valueOf(measure.Metric) + (measure.Plus?.Value ?? 0),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static IEnumerable<Comparison> Comparisons(RuleNode node) => node switch
    {
        AllOf all => all.Terms.SelectMany(Comparisons),
        AnyOf any => any.Terms.SelectMany(Comparisons),
        Not not => Comparisons(not.Term),
        _ => [(Comparison)node],
    };

    private static IEnumerable<RuleOperand> Operands(RuleNode node) => Comparisons(node).SelectMany(comparison => (RuleOperand[])[comparison.Left, comparison.Right]);

    private static string Show(RuleNode node) => node switch
    {
        AllOf all => string.Join(" and ", all.Terms.Select(term => term is AllOf or AnyOf ? $"({Show(term)})" : Show(term))),
        AnyOf any => string.Join(" or ", any.Terms.Select(term => term is AnyOf ? $"({Show(term)})" : Show(term))),
        Not not => not.Term is AllOf or AnyOf ? $"not ({Show(not.Term)})" : $"not {Show(not.Term)}",
        _ => Show((Comparison)node),
    };

    private static string Show(Comparison comparison) => $"{Show(comparison.Left)} {comparison.Operator} {Show(comparison.Right)}";

    private static string Show(RuleOperand operand) => operand switch
    {
        Measure { Times: { } times } measure => $"{measure.Metric.Name} * {times.ToString("R", CultureInfo.InvariantCulture)}",
        Measure { Plus: { } plus } measure => double.IsNegative(plus.Number) ? $"{measure.Metric.Name} - {plus with { Number = -plus.Number }}" : $"{measure.Metric.Name} + {plus}",
        Measure measure => measure.Metric.Name,
        _ => operand.ToString()!,
    };

    private static JsonObject ToJson(RuleNode node) => node switch
    {
        AllOf all => new() { ["all"] = new JsonArray([.. all.Terms.Select(ToJson)]) },
        AnyOf any => new() { ["any"] = new JsonArray([.. any.Terms.Select(ToJson)]) },
        Not not => new() { ["not"] = ToJson(not.Term) },
        Comparison comparison => new()
        {
            ["cmp"] = new JsonObject { ["left"] = ToJson(comparison.Left), ["op"] = comparison.Operator, ["right"] = ToJson(comparison.Right) },
        },
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static JsonNode ToJson(RuleOperand operand) => operand switch
    {
        Quantity number => Number(number),
        Measure { Times: { } times } measure => new JsonObject { ["metric"] = measure.Metric.Name, ["times"] = times },
        Measure { Plus: { } plus } measure => new JsonObject { ["metric"] = measure.Metric.Name, ["plus"] = Number(plus) },
        Measure measure => JsonValue.Create(measure.Metric.Name),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static JsonObject Number(Quantity number)
    {
        JsonObject json = new() { ["number"] = number.Number };
        if (number.Unit.Length > 0)
            json["unit"] = number.Unit;
        return json;
    }
}

/// <summary>One comparison of a rule, with what was found.</summary>
/// <param name="Comparison">In canonical words.</param>
/// <param name="Left">Value of the left side; <see langword="null"/> if unknown.</param>
/// <param name="Right">Value of the right side; <see langword="null"/> if unknown.</param>
/// <param name="IsMet"><see langword="null"/> if unknown.</param>
public sealed record RuleFinding(string Comparison, double? Left, double? Right, bool? IsMet);
