using System.Text;
using System.Text.Json;
using Parley.Trials.Rules;

namespace Parley.Trials.Tests.Rules;

public class DecisionRuleTests
{
    private static readonly Dictionary<string, double?> Known = new()
    {
        ["candidate.score.mean"] = 4.2,
        ["baseline.score.mean"] = 3.7,
        ["candidate.ttfa.p50"] = 500,
        ["candidate.timeouts"] = 0,
        ["candidate.peak.bytes"] = 1 << 30,
        ["objective.wer.candidate"] = 0.05,
    };

    [Theory]
    [InlineData("candidate.score.mean >= baseline.score.mean + 0.5", true)] // 4.2 - 3.7 is 0.5000000000000004 or less in double: equality counts
    [InlineData("candidate.mean >= baseline.mean + 0.5 and candidate.ttfa_p50 <= 500ms", true)]
    [InlineData("candidate.ttfa.p50 < 500ms", false)]
    [InlineData("candidate.ttfa.p50 <= 0.5s", true)]
    [InlineData("not candidate.ttfa.p50 < 500ms", true)]
    [InlineData("candidate.ttfa.p50 > 1s or candidate.timeouts == 0", true)]
    [InlineData("candidate.peak.bytes <= 1GiB and candidate.peak.bytes > 1GB", true)]
    [InlineData("objective.wer.candidate <= 5%", true)]
    [InlineData("candidate.score.mean >= baseline.score.mean * 1.2", false)]
    [InlineData("0.5s >= candidate.ttfa.p50 - 100ms", true)]
    [InlineData("candidate.total.p50 <= 1s", null)]                                    // has no value
    [InlineData("candidate.total.p50 <= 1s and candidate.ttfa.p50 > 1s", false)]       // false beats unknown
    [InlineData("candidate.total.p50 <= 1s or candidate.timeouts == 0", true)]         // true beats unknown
    [InlineData("candidate.total.p50 <= 1s or candidate.timeouts == 1", null)]
    [InlineData("not (candidate.total.p50 <= 1s)", null)]
    [InlineData("candidate.timeouts == 0 or candidate.timeouts == 1 and candidate.ttfa.p50 > 1s", true)] // and binds closer
    public void A_rule_is_true_false_or_unknown(string text, bool? expected) =>
        Assert.Equal(expected, DecisionRule.Parse(text).Evaluate(metric => Known.GetValueOrDefault(metric.Name)));

    [Fact]
    public void A_call_that_never_ended_is_longer_than_any_limit() =>
        Assert.False(DecisionRule.Parse("candidate.ttfa.p95 <= 1000000s").Evaluate(_ => double.PositiveInfinity));

    [Theory]
    [InlineData("candidate.maen >= 3", 1, 1, "Did you mean 'candidate.mean'?")]
    [InlineData("candidate.ttfa.p50 <= 500", 1, 23, "a time needs its unit")]
    [InlineData("candidate.ttfa.p50 <= 500 ms", 1, 23, "a time needs its unit")]
    [InlineData("candidate.ttfa.p50 <= 3MiB", 1, 23, "does not fit")]
    [InlineData("candidate.ttfa.p50 <= 3parsec", 1, 24, "'parsec' is no unit")]
    [InlineData("candidate.score.mean >= 4ms", 1, 25, "a score has no unit")]
    [InlineData("candidate.score.mean => 4", 1, 22, "expected >=")]
    [InlineData("candidate.score.mean >=\n  candidate.ttfa.p50", 2, 3, "cannot be compared")]
    [InlineData("3 >= 2", 1, 1, "one side must be a measure")]
    [InlineData("(candidate.timeouts == 0", 1, 25, "')' is missing")]
    [InlineData("candidate.timeouts == 0 candidate.timeouts", 1, 25, "expected 'and'")]
    [InlineData("", 1, 1, "found the end")]
    [InlineData("candidate.timeouts == 1e999", 1, 23, "expected a number")]
    [InlineData("candidate.score.mean * 2ms >= 3", 1, 24, "a factor is a plain number")]
    public void A_fault_is_named_and_pointed_at(string text, int line, int column, string problem)
    {
        RuleException fault = Assert.Throws<RuleException>(() => DecisionRule.Parse(text));

        Assert.Equal((line, column), (fault.Line, fault.Column));
        Assert.Contains(problem, fault.Problem, StringComparison.Ordinal);
        Assert.EndsWith("\n  " + new string(' ', column - 1) + "^", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Endless_nesting_is_refused_and_does_not_end_the_process()
    {
        Assert.Contains("inside each other", Assert.Throws<RuleException>(() => DecisionRule.Parse(new string('(', 3900))).Problem, StringComparison.Ordinal);
        Assert.Contains("inside each other", Assert.Throws<RuleException>(() => DecisionRule.Parse(string.Concat(Enumerable.Repeat("not ", 900)))).Problem, StringComparison.Ordinal);
        Assert.Contains("at most", Assert.Throws<RuleException>(() => DecisionRule.Parse(new string(' ', 5000))).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_tree_uses_canonical_names()
    {
        JsonElement json = JsonSerializer.SerializeToElement(DecisionRule.Parse("candidate.mean >= baseline.mean + 0.5 and not candidate.ttfa_p50 > 500ms").ToJson());

        Assert.Equal("""{"all":[{"cmp":{"left":"candidate.score.mean","op":">=","right":{"metric":"baseline.score.mean","plus":{"number":0.5}}}},{"not":{"cmp":{"left":"candidate.ttfa.p50","op":">","right":{"number":500,"unit":"ms"}}}}]}""",
            json.GetRawText().Replace("\\u003E", ">", StringComparison.Ordinal).Replace("\\u003C", "<", StringComparison.Ordinal));
    }

    [Fact]
    public void One_byte_changes_the_hash() =>
        Assert.NotEqual(DecisionRule.Parse("candidate.timeouts == 0").Sha256, DecisionRule.Parse("candidate.timeouts == 0 ").Sha256);

    [Fact]
    public void Written_and_read_again_a_rule_is_the_same() =>
        Rules.Sample(rule => DecisionRule.Parse(rule.ToString()).ToString() == rule.ToString()
            && DecisionRule.Parse(rule.ToString()).ToJson().ToJsonString() == rule.ToJson().ToJsonString());

    [Fact]
    public void Garbage_is_refused_by_a_rule_exception_and_nothing_else()
    {
        string[] words = ["and", "or", "not", "(", ")", ">=", "<=", "==", "<", "+", "-", "*", "3", "0.5", ".", "-1", "500ms", "1e3", "GiB", "%", " ", "\n", "\0", "\u00e9", "candidate.mean", "candidate.ttfa.p50", "x", ".."];
        Gen.OneOf(Gen.Int[0, words.Length - 1].Select(i => words[i]), Gen.String[0, 4]).Array[0, 30].Select(string.Concat).Sample(text =>
        {
            try
            {
                DecisionRule rule = DecisionRule.Parse(text);
                rule.Evaluate(_ => null);
            }
            catch (RuleException fault)
            {
                Assert.InRange(fault.Column, 1, text.Length + 1);
            }
        }, iter: 20_000);
    }

    private static Gen<DecisionRule> Rules { get; } =
        Gen.Select(Gen.Int[0, 5].Array[1, 30], Gen.Int[0, RuleMetric.All.Count - 1].Array[30], Gen.Double[-1e6, 1e6].Array[30]).Select((shape, metrics, numbers) =>
        {
            StringBuilder text = new();
            int open = 0;
            foreach ((int i, int kind) in shape.Index())
            {
                if (i > 0)
                    text.Append(kind % 2 == 0 ? " and " : " or ");
                if (kind == 1)
                    text.Append("not ");
                if (kind >= 4)
                {
                    text.Append('(');
                    open++;
                }
                RuleMetric metric = RuleMetric.All[metrics[i]];
                string unit = metric.Dimension switch { RuleDimension.Time => "ms", RuleDimension.Bytes => "MiB", _ => "" };
                string number = FormattableString.Invariant($"{Math.Abs(numbers[i]):R}{unit}");
                text.Append(kind switch { 0 => $"{metric.Name} + {number}", 2 => FormattableString.Invariant($"{metric.Name} * {numbers[i]:R}"), 3 => $"{metric.Name} - {number}", _ => metric.Name });
                text.Append(i % 3 == 0 ? " >= " : " == ").Append(number);
                if (kind == 5 && open > 0)
                {
                    text.Append(')');
                    open--;
                }
            }
            return DecisionRule.Parse(text.Append(')', open).ToString());
        });
}
