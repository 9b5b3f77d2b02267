using System.Globalization;

namespace Parley.Trials.Rules;

/// <summary>One node of a rule: it is true, false, or unknown because a measure in it has no value.</summary>
public abstract record RuleNode;

/// <summary>True if all terms are; unknown if none is false and one is unknown.</summary>
public sealed record AllOf(IReadOnlyList<RuleNode> Terms) : RuleNode;

/// <summary>True if one term is; unknown if none is true and one is unknown.</summary>
public sealed record AnyOf(IReadOnlyList<RuleNode> Terms) : RuleNode;

/// <summary>The opposite of a term; of the unknown, unknown.</summary>
public sealed record Not(RuleNode Term) : RuleNode;

/// <summary>Two operands of one dimension.</summary>
/// <param name="Left">What stands on the left.</param>
/// <param name="Operator"><c>&gt;=</c>, <c>&lt;=</c>, <c>&gt;</c>, <c>&lt;</c> or <c>==</c>.</param>
/// <param name="Right">What stands on the right.</param>
public sealed record Comparison(RuleOperand Left, string Operator, RuleOperand Right) : RuleNode;

/// <summary>One side of a comparison.</summary>
public abstract record RuleOperand;

/// <summary>A number as it was written.</summary>
/// <param name="Number">Finite.</param>
/// <param name="Unit">Its suffix; empty for none.</param>
public sealed record Quantity(double Number, string Unit) : RuleOperand
{
    /// <summary>In the dimension's own unit: milliseconds, bytes, or plain.</summary>
    public double Value => Number * RuleUnit.Factor(Unit);

    public override string ToString() => Number.ToString("R", CultureInfo.InvariantCulture) + Unit;
}

/// <summary>A measure, perhaps with something added or multiplied.</summary>
/// <param name="Metric">What is measured.</param>
/// <param name="Plus">Is added, if set; of the metric's dimension.</param>
/// <param name="Times">Is multiplied, if set.</param>
public sealed record Measure(RuleMetric Metric, Quantity? Plus = null, double? Times = null) : RuleOperand;

/// <summary>The suffixes of numbers.</summary>
internal static class RuleUnit
{
    private static readonly Dictionary<string, (RuleDimension Dimension, double Factor)> Units = new(StringComparer.Ordinal)
    {
        ["ms"] = (RuleDimension.Time, 1),
        ["s"] = (RuleDimension.Time, 1000),
        ["%"] = (RuleDimension.Ratio, 0.01),
        ["B"] = (RuleDimension.Bytes, 1),
        ["KB"] = (RuleDimension.Bytes, 1e3),
        ["MB"] = (RuleDimension.Bytes, 1e6),
        ["GB"] = (RuleDimension.Bytes, 1e9),
        ["KiB"] = (RuleDimension.Bytes, 1 << 10),
        ["MiB"] = (RuleDimension.Bytes, 1 << 20),
        ["GiB"] = (RuleDimension.Bytes, 1 << 30),
    };

    public static IEnumerable<string> Names => Units.Keys;

    public static bool IsKnown(string unit) => Units.ContainsKey(unit);

    public static double Factor(string unit) => unit.Length == 0 ? 1 : Units[unit].Factor;

    /// <returns>What is wrong with this unit for numbers of this dimension, or <see langword="null"/>.</returns>
    public static string? Problem(string unit, RuleDimension dimension) => dimension switch
    {
        RuleDimension.Time when unit.Length == 0 => "a time needs its unit: ms or s",
        RuleDimension.Bytes when unit.Length == 0 => "a memory size needs its unit: MiB, GiB, MB ...",
        RuleDimension.Score when unit.Length > 0 => "a score has no unit",
        _ when unit.Length > 0 && Units[unit].Dimension != dimension => $"'{unit}' does not fit: the other side is a {Word(dimension)}",
        _ => null,
    };

    public static string Word(RuleDimension dimension) => dimension switch
    {
        RuleDimension.Score => "score",
        RuleDimension.Time => "time",
        RuleDimension.Ratio => "plain number",
        _ => "memory size",
    };
}
