using System.Text.Json.Nodes;
using Parley.Trials.Guarding;
using Parley.Trials.Listening;
using Parley.Trials.Measuring;
using Parley.Trials.Plans;
using Parley.Trials.Rules;
using Parley.Trials.Running;
using Parley.Trials.Statistics;
using Parley.Trials.Verdicts;

namespace Parley.Trials.Tests.Verdicts;

public sealed class VerdictTests : IDisposable
{
    private const string Rule = "candidate.score.mean >= baseline.score.mean + 0.5 and candidate.ttfa.p50 <= 500ms";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("parley-verdict-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void A_better_and_quick_enough_candidate_is_swapped_in()
    {
        TrialResults results = VerdictComputation.Of(Evidence());

        Assert.Equal(VerdictComputation.Swap, results.Verdict);
        Assert.Equal(20, results.Scores!.Pairs);
        Assert.Equal(4, results.Scores.MeanCandidate);
        Assert.Equal(3, results.Scores.MeanBaseline);
        Assert.Equal(500, results.Summary["candidate"].Ttfa!.P50); // equality at the limit
        Assert.Equal((6, 15), (Rank(results.Summary["candidate"].Total!.P50CiLow), Rank(results.Summary["candidate"].Total!.P50CiHigh)));
        Assert.Equal(17, Rank(results.Summary["candidate"].Total!.P50Conservative)); // three discarded
        static int Rank(double? total) => (int)Math.Round((total!.Value - 1000) / 10) + 1;
    }

    [Theory]
    [InlineData("slow", VerdictComputation.Keep)]
    [InlineData("no streaming", VerdictComputation.Unverified)]
    [InlineData("nobody listened", VerdictComputation.Unverified)]
    [InlineData("few pairs of an incomplete baseline", VerdictComputation.Unverified)]
    [InlineData("one byte of the rule", VerdictComputation.Aborted)]
    [InlineData("aborted", VerdictComputation.Aborted)]
    [InlineData("anchor wins", VerdictComputation.Unverified)]
    [InlineData("null differs", VerdictComputation.Unverified)]
    [InlineData("repeats reversed", VerdictComputation.Unverified)]
    [InlineData("eleven calls failed", VerdictComputation.Keep)]
    public void Every_other_end_has_its_own_verdict(string what, string verdict)
    {
        TrialResults evidence = Evidence();
        UnblindedScore first = evidence.Answers[0], second = evidence.Answers[1];
        evidence = what switch
        {
            "slow" => evidence with { Records = [.. evidence.Records.Select(record => record with { TtfaMs = record.TtfaMs + 0.001 })] },
            "no streaming" => evidence with { Engines = [.. evidence.Engines.Select(engine => engine with { StreamingCapable = engine.Role == "baseline" })] },
            "nobody listened" => evidence with { Answers = [] },
            "few pairs of an incomplete baseline" => evidence with { BaselineIncomplete = true, Answers = [.. evidence.Answers.Take(14)] },
            "one byte of the rule" => evidence with { RuleText = Rule + " " },
            "aborted" => evidence with { Abort = new(AbortReason.NeighbourSlow, TrialPhase.Benchmark, "it was 2.1 times slower", default) },
            "anchor wins" => evidence with { Answers = [.. evidence.Answers, first with { Pair = "x", Check = UnblindedScore.Anchor, Baseline = 3, Candidate = 4 }] },
            "null differs" => evidence with { Answers = [.. evidence.Answers, first with { Pair = "x", Check = UnblindedScore.Null, Baseline = 2, Candidate = 4 }] },
            "repeats reversed" => evidence with
            {
                Answers = [.. evidence.Answers, .. new[] { first, second }.Select(score => score with { Pair = "r" + score.Pair, RepeatOf = score.Pair, Check = UnblindedScore.Repeat, Baseline = 4, Candidate = 3 })],
            },
            _ => evidence with { Records = [.. evidence.Records.Select(record => record.Order < 22 && record.Engine == "candidate" ? record with { ErrorClass = ErrorClass.Http5xx } : record)] },
        };

        Assert.Equal(verdict, VerdictComputation.Of(evidence).Verdict);
    }

    [Fact]
    public void Of_several_candidates_that_meet_the_rule_the_best_liked_wins_and_each_has_its_own_verdict()
    {
        TrialResults results = VerdictComputation.Of(Several());

        Assert.Equal((VerdictComputation.Swap, "better"), (results.Verdict, results.Winner));
        Assert.Equal(["good", "better", "same"], results.Candidates.Select(outcome => outcome.Role));
        Assert.Equal([VerdictComputation.Swap, VerdictComputation.Swap, VerdictComputation.Keep], results.Candidates.Select(outcome => outcome.Verdict));
        Assert.Equal(results.Candidates[1].Scores, results.Scores);
        Assert.StartsWith("better, swap_candidate: met", results.VerdictReasons[0], StringComparison.Ordinal);
        string file = Path.Combine(folder.FullName, "results.json");
        File.WriteAllBytes(file, ResultsFile.Write(results));
        Assert.Empty(ResultsFile.Check(file));
        Assert.Contains("The best of 3 looks better than it is", HtmlReport.Write(results), StringComparison.Ordinal);
    }

    [Fact]
    public void The_p_values_of_several_candidates_are_corrected_together_and_one_alone_is_left_as_it_is()
    {
        ScoreResult?[] scores = [.. VerdictComputation.Of(Several()).Candidates.Select(outcome => outcome.Scores)];

        Assert.Equal(Proportions.Holm([.. scores.Select(score => score!.WilcoxonP!.Value)]), scores.Select(score => score!.WilcoxonPHolm!.Value));
        Assert.True(scores[0]!.WilcoxonPHolm > scores[0]!.WilcoxonP);
        ScoreResult alone = VerdictComputation.Of(Evidence()).Scores!;
        Assert.Equal(alone.WilcoxonP, alone.WilcoxonPHolm);
    }

    [Fact]
    public void A_difference_that_passes_alone_can_fail_among_several()
    {
        // Six pairs for, none against: p = 0.03125 alone, three times that as the smallest of three.
        DecisionRule rule = DecisionRule.Parse("diff.p <= 0.05");
        TrialResults several = Several() with { RuleText = rule.Text, RuleSha256 = rule.Sha256 };
        several = several with { Answers = [.. several.Answers.Where(answer => answer.Engine == "good").Take(6), .. several.Answers.Where(answer => answer.Engine != "good").Select(answer => answer with { Candidate = answer.Baseline })] };
        TrialResults alone = several with { Engines = [.. several.Engines.Take(2)], Records = [.. several.Records.Where(record => record.Engine is "baseline" or "good")] };

        Assert.Equal(VerdictComputation.Swap, VerdictComputation.Of(alone).Verdict);
        Assert.Equal(VerdictComputation.Keep, VerdictComputation.Of(several).Verdict);
    }

    [Fact]
    public void One_doubtful_listener_of_three_is_left_out_and_named()
    {
        TrialResults evidence = Evidence();
        UnblindedScore[] three = [.. new[] { "anna", "ben", "cleo" }.SelectMany(listener => evidence.Answers.Select(answer => answer with { Listener = listener }))];

        TrialResults results = VerdictComputation.Of(evidence with { Answers = [.. three, three[0] with { Listener = "ben", Pair = "x", Check = UnblindedScore.Anchor, Baseline = 1, Candidate = 5 }] });

        Assert.Equal(["ben"], results.Scores!.Excluded.Select(listener => listener.Listener));
        Assert.Equal(VerdictComputation.Swap, results.Verdict);
        Assert.Contains(results.VerdictReasons, reason => reason.Contains("ben", StringComparison.Ordinal));
    }

    [Fact]
    public void Two_timeouts_of_twenty_leave_the_median_and_take_the_ninetieth_percentile()
    {
        TrialResults evidence = Evidence();
        EngineSummary summary = VerdictComputation.Of(evidence with
        {
            Records = [.. evidence.Records.Select(record => record is { Engine: "candidate", Order: 1 or 3 } ? record with { ErrorClass = ErrorClass.ReadTimeout } : record)],
        }).Summary["candidate"];

        Assert.Equal((20, 2), (summary.N, summary.NTimeout));
        Assert.True(double.IsFinite(summary.Total!.P50));
        Assert.Equal(double.PositiveInfinity, summary.Total.P90);
        Assert.Equal(0.317, summary.TimeoutCiHigh, 3);
    }

    [Fact]
    public void Written_read_and_computed_again_every_number_is_the_same()
    {
        string file = Path.Combine(folder.FullName, "results.json");
        File.WriteAllBytes(file, ResultsFile.Write(VerdictComputation.Of(Evidence())));

        Assert.Empty(ResultsFile.Check(file));
    }

    [Theory]
    [InlineData("verdict", "\"keep\"", "/verdict")]
    [InlineData("summary/candidate/ttfa/p50", "400", "/summary/candidate/ttfa/p50")]
    [InlineData("scores/diff_ci_low", "2", "/scores/diff_ci_low")]
    [InlineData("records/1/total_ms", "5000", "/summary/candidate/total/max")]
    [InlineData("answers/3/candidate", "1", "/scores/mean_candidate")]
    [InlineData("neighbour_probes/samples/49/round", "3", "/neighbour/post")]
    [InlineData("rule_text", "\"candidate.timeouts == 0\"", "/verdict")]
    public void A_number_that_was_changed_is_found(string path, string value, string where)
    {
        JsonNode json = JsonNode.Parse(ResultsFile.Write(VerdictComputation.Of(Evidence())))!;
        string[] steps = path.Split('/');
        JsonNode at = json;
        foreach (string step in steps.SkipLast(1))
            at = (int.TryParse(step, out int index) ? at[index] : at[step])!;
        at[steps[^1]] = JsonNode.Parse(value);
        string file = Path.Combine(folder.FullName, "results.json");
        File.WriteAllText(file, json.ToJsonString());

        Assert.Contains(ResultsFile.Check(file), difference => difference.StartsWith(where, StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_no_results_file_is_refused()
    {
        string file = Path.Combine(folder.FullName, "results.json");
        foreach (string text in (string[])["", "null", "[]", "{\"schema\": 2}", "{"])
        {
            File.WriteAllText(file, text);
            Assert.Throws<TrialException>(() => ResultsFile.Check(file));
        }
    }

    [Fact]
    public void The_neighbour_is_compared_with_itself()
    {
        NeighbourResult found = VerdictComputation.Of(Evidence()).Neighbour!;

        Assert.Equal(100, found.Baseline.MedianMs);
        Assert.Equal(1.5, found.Live!.MaxWindowRatio);
        Assert.Equal(1.1, found.Post!.Ratio, 9);
    }

    [Fact]
    public void What_the_rule_can_show_is_told_with_the_deviation_that_was_found()
    {
        TrialResults evidence = Evidence();
        evidence = evidence with { Answers = [.. evidence.Answers.Select((answer, i) => answer with { Candidate = i % 2 == 0 ? 5 : 3 })] };

        ScorePower power = Assert.Single(VerdictComputation.Of(evidence).Power!.Score);

        Assert.False(power.IsSdAssumed);
        Assert.Equal((0.5, 20), (power.Limit, power.Pairs));
        Assert.Equal(0.5, power.Chances[power.Gains.ToList().IndexOf(0.5)]); // truly at the limit it passes half of the time
        Assert.Equal(3, VerdictComputation.Of(evidence with { Answers = [] }).Power!.Score.Count); // assumed ones before anybody has listened
    }

    [Fact]
    public void The_report_tells_the_verdict_and_lets_nothing_in()
    {
        TrialResults evidence = Evidence() with { Trial = "<script>alert(1)</script>" };
        string page = HtmlReport.Write(VerdictComputation.Of(evidence with { Answers = [.. evidence.Answers.Select(answer => answer with { Note = "<img src=x>" })] }));

        Assert.Contains("Swap in the candidate", page, StringComparison.Ordinal);
        Assert.Equal(5, page.Split("<svg").Length - 1); // first byte, last byte, texts, neighbour, scores
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<img", page, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", page, StringComparison.Ordinal);
        System.Xml.Linq.XDocument.Parse(page[page.IndexOf("<svg", StringComparison.Ordinal)..(page.IndexOf("</svg>", StringComparison.Ordinal) + 6)]);
    }

    [Fact]
    public void The_published_schema_is_the_one_in_use() =>
        Assert.Equal(ResultsFile.SchemaText, File.ReadAllText(Path.Combine(TestData.Root, "docs", "trial-results.schema.json")));

    /// <summary>Twenty cells, the candidate a point better in every pair and at the limit of its time; a neighbour that slowed down and recovered.</summary>
    internal static TrialResults Evidence()
    {
        DecisionRule rule = DecisionRule.Parse(Rule);
        Cell[] cells = [.. StandardUtterances.English.SelectMany(utterance => new[] { new Cell(utterance.Id, "v1"), new Cell(utterance.Id, "v2") })];
        return new TrialResults
        {
            Trial = "first",
            RunId = "20260101-120000-0a1b2c3d",
            ToolVersion = "1",
            StartedUtc = DateTimeOffset.UnixEpoch,
            FinishedUtc = DateTimeOffset.UnixEpoch,
            RuleText = rule.Text,
            RuleSha256 = rule.Sha256,
            ConfigSha256 = new('c', 64),
            UtterancesSha256 = new('d', 64),
            Utterances = StandardUtterances.English,
            Seed = 42,
            Order = "interleaved",
            AllowedTimeouts = 2,
            ReadLimitMs = 30_000,
            BaselineIncomplete = false,
            Drift = null,
            Abort = null,
            Host = HostFacts.Read(0.5),
            Engines = [Engine("baseline"), Engine("candidate")],
            Records = [.. cells.SelectMany((cell, i) => new[] { Call("baseline", cell, 2 * i, 900, 1500), Call("candidate", cell, 2 * i + 1, 500, 1000 + 10 * i) })],
            OtherCalls = [],
            NeighbourProbes = new(new('e', 64), "llama", 2.0, 1.2, 20,
            [
                .. Enumerable.Range(0, 20).Select(i => Sample("baseline", 0, i, 100)),
                .. Enumerable.Range(20, 5).Select(i => Sample("live", 0, i, 150)),
                .. Enumerable.Range(25, 5).Select(i => Sample("post", 1, i, 130)),
                .. Enumerable.Range(30, 20).Select(i => Sample("post", 2, i, 110)),
            ]),
            Answers = [.. cells.Select((cell, i) => new UnblindedScore($"p{i:00}", "", null, "candidate", cell.Utterance, cell.Condition, "anna", 3, 4, i % 3 == 0 ? "candidate" : null, i % 2 == 0, 1, 1, null, DateTimeOffset.UnixEpoch))],
            ObjectiveItems = [],
            Asserts = [],
            Teardown = [],
            Artefacts = [],
        };
    }

    /// <summary>Three candidates: one a point better, one better still, one like the baseline.</summary>
    private static TrialResults Several()
    {
        TrialResults one = Evidence();
        (string Role, int Score)[] candidates = [("good", 4), ("better", 5), ("same", 3)];
        return one with
        {
            Engines = [one.Engines[0], .. candidates.Select(candidate => Engine(candidate.Role))],
            Records = [.. one.Records.Where(record => record.Engine == "baseline"), .. candidates.SelectMany(candidate => one.Records.Where(record => record.Engine == "candidate").Select(record => record with { Engine = candidate.Role }))],
            Answers = [.. candidates.SelectMany(candidate => one.Answers.Select((answer, i) => answer with
            {
                Pair = $"{candidate.Role}{answer.Pair}", Engine = candidate.Role, Candidate = candidate.Role == "same" ? 2 + i % 3 : candidate.Score,
            }))],
        };
    }

    private static EngineResult Engine(string role) => new()
    {
        Role = role, Name = role + " engine", Versions = new("engine", "model", null, ".NET"), Launch = [], StreamingDeclared = true, StreamingCapable = true, WarmupCalls = 3, PeakBytes = 1 << 28,
    };

    private static CallRecord Call(string engine, Cell cell, int order, double first, double total) => new()
    {
        Engine = engine, Utterance = cell.Utterance, Condition = cell.Condition, Cloned = false, Repetition = 1, Order = order, Attempt = 1, Timed = true, Part = "timed", Resumed = false,
        AtUtc = DateTimeOffset.UnixEpoch, TotalMs = total, TtfaMs = first, TtfaBasis = "payload", OnsetOffsetMs = 10, PerceivedTtfaMs = first + 10, AudioS = 4, RtfTotal = total / 4000, WavValid = true, WavPlausible = true,
        ContinuityOk = true, MaxStallMs = 0, Stalls = 0,
    };

    private static NeighbourSample Sample(string stage, int round, int i, double latency) => new(stage, round, 2000 * i, latency, null, null, null, DateTimeOffset.UnixEpoch.AddSeconds(2 * i));
}
