using System.Text;
using Parley.Trials.Plans;

namespace Parley.Trials.Tests.Plans;

public class PlanReaderTests
{
    private const string Small = """
        trial: 1
        baseline: {command: [espeak-ng, --stdout, "{text}"], voice: en}
        candidate: {url: "http://127.0.0.1:9/v1", voice: alloy}
        rule: candidate.timeouts == 0

        """;

    [Fact]
    public void The_template_is_a_plan_with_the_recommended_values()
    {
        TrialPlan plan = Read(PlanTemplate.Write("first", 42));

        Assert.Equal(["v1", "v2"], plan.Conditions);
        Assert.Equal(10, plan.Utterances.Count);
        Assert.Equal(20, plan.Cells.Count());
        Assert.Equal(42, plan.Seed);
        Assert.Equal(new LimitPlan(), plan.Limits);
        Assert.Equal(new CatalogueSource("hibari"), plan.Candidates[0].Source);
        Assert.Equal("candidate.score.mean >= baseline.score.mean + 0.5 and candidate.ttfa.p50 <= 500ms", plan.Rule.ToString());
        Assert.True(plan.Utterances[6].Text.Length > 200);
    }

    [Fact]
    public void What_the_template_offers_in_comments_can_be_read_too()
    {
        string[] lines = PlanTemplate.Write("first", 42).Split('\n');
        int start = Array.FindIndex(lines, line => line.StartsWith("# neighbour:", StringComparison.Ordinal));
        string neighbour = string.Join('\n', lines.Skip(start).TakeWhile(line => line.StartsWith('#')).Select(line => line[2..]));
        int server = Array.FindIndex(lines, line => line.StartsWith("# A server instead", StringComparison.Ordinal));
        string candidate = string.Join('\n', lines.Skip(server + 1).TakeWhile(line => line.Length > 1).Select(line => line[2..]));

        TrialPlan plan = Read("trial: 1\nbaseline: {engine: espeak, voices: {v1: a, v2: b}}\nrule: candidate.timeouts == 0\n" + candidate + "\n" + neighbour);

        Assert.Equal("llama3.1", Assert.IsType<ChatProbePlan>(plan.Neighbour!.Probe).Model);
        Assert.Equal(["systemctl", "--user", "start", "ollama"], plan.Neighbour.Pause!.Start);
        AddressSource address = Assert.IsType<AddressSource>(plan.Candidates[0].Source);
        Assert.True(address.IsOmni);
        Assert.Equal("clips/anna.wav", plan.Candidates[0].Voices["v2"].Reference);
    }

    [Fact]
    public void Several_candidates_have_names_of_their_own()
    {
        string[] lines = PlanTemplate.Write("first", 42).Split('\n');
        int start = Array.FindIndex(lines, line => line.StartsWith("# candidates:", StringComparison.Ordinal));
        string candidates = string.Join('\n', lines.Skip(start).Take(3).Select(line => line[2..]));

        TrialPlan plan = Read("trial: 1\nbaseline: {engine: espeak, voices: {v2: b, v1: a}}\nrule: diff.p <= 0.05\n" + candidates + "\n");

        Assert.Equal(["baseline", "small", "large"], plan.Engines.Select(engine => engine.Role));
        Assert.Equal(["v1", "v2"], plan.Conditions);
        Assert.True(plan.Rule.Metrics.Single().NeedsListening);
    }

    [Theory]
    [InlineData("cadidate: {}\n", "did you mean 'candidate'?")]
    [InlineData("candidates: {a: {engine: x}}\n", "'candidate' and 'candidates' exclude each other")]
    [InlineData("objective: {aligned: true}\n", "'objective.aligned' needs 'references'")]
    [InlineData("seed: many\n", "'seed' must be a whole number, found 'many'")]
    [InlineData("repetitions: 0\n", "'repetitions' must be a whole number from 1 to 100")]
    [InlineData("order: random\n", "must be interleaved or bracketed, found 'random'")]
    [InlineData("limits: {read: 30}\n", "line 5: 'limits.read' must be a time such as 250ms, 5s or 2m")]
    [InlineData("limits: {raed: 30s}\n", "'limits.raed' is not known; did you mean 'read'?")]
    [InlineData("utterances: [{id: a, text: A.}, {id: a, text: B.}]\n", "'a' is there twice")]
    [InlineData("utterances: [{id: ../a, text: A.}]\n", "must be short")]
    [InlineData("utterances: []\n", "must have 1 to 1000 texts")]
    [InlineData("neighbour: {get: \"http://a\", command: [b]}\n", "exactly one says")]
    [InlineData("neighbour: {get: \"ftp://a\"}\n", "must be an http or https address")]
    [InlineData("neighbour: {get: \"http://user:word@a\"}\n", "without a password")]
    [InlineData("neighbour: {chat: {url: \"http://a\", model: m, key_variable: sk-123}}\n", "takes the name of a variable, not the key itself")]
    public void A_fault_names_file_line_and_field(string addition, string expected) =>
        Assert.Contains(expected, Assert.Throws<PlanException>(() => Read(Small + addition)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("rule: candidate.timeouts == 0", "rule: candidate.timeouts = 0", "column 20")]
    [InlineData("voice: alloy", "voices: {v1: a, v2: b}", "need the same conditions")]
    [InlineData("voice: alloy", "voice: {reference: a.wav}", "needs an engine of this process that clones")]
    [InlineData("url: \"http://127.0.0.1:9/v1\"", "engine:", "is missing")]
    [InlineData("url: \"http://127.0.0.1:9/v1\"", "engine: a, command: [b]", "has engine and command: one of them")]
    [InlineData("\"{text}\"", "x", "must say where the text goes")]
    [InlineData("trial: 1", "trial: 2", "must be 1")]
    [InlineData("trial: 1\n", "", "'trial' is missing")]
    [InlineData("rule: candidate.timeouts == 0\n", "", "'rule' is missing")]
    [InlineData("trial: 1", "trial: 1\ntrial: 1", "line 2")]
    [InlineData("trial: 1", "trial: [", "is not YAML")]
    [InlineData("trial: 1", "trial: 1\n---\nb: 2", "one YAML document")]
    public void A_plan_that_cannot_be_carried_out_is_refused(string found, string instead, string expected) =>
        Assert.Contains(expected, Assert.Throws<PlanException>(() => Read(Small.Replace(found, instead, StringComparison.Ordinal))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{}", "'candidates' must have 1 to 10 engines, found 0")]
    [InlineData("{baseline: {engine: x}}", "'candidates.baseline' must be a short name")]
    [InlineData("{a: {engine: x, voices: {v1: x}}, b: {engine: x, voices: {v2: x}}}", "'candidates.b' has voices for v2, a for v1")]
    [InlineData("{a: {voice: x}}", "'candidates.a' needs an 'engine'")]
    public void Several_candidates_that_cannot_be_compared_are_refused(string candidates, string expected) => Assert.Contains(
        expected, Assert.Throws<PlanException>(() => Read($"trial: 1\nbaseline: {{engine: espeak, voice: a}}\nrule: diff.p <= 0.05\ncandidates: {candidates}\n")).Message, StringComparison.Ordinal);

    [Fact]
    public void The_hash_is_of_every_byte() => Assert.NotEqual(Read(Small).Sha256, Read(Small + "\n").Sha256);

    [Fact]
    public void Damaged_plans_are_refused_and_nothing_else_happens()
    {
        byte[] template = Encoding.UTF8.GetBytes(PlanTemplate.Write("first", 42));
        Gen.Select(Gen.Int[0, template.Length - 1].Array[1, 4], Gen.Byte.Array[4], Gen.Int[0, template.Length]).Sample((places, bytes, length) =>
        {
            byte[] damaged = [.. template];
            foreach ((int i, int place) in places.Index())
                damaged[place] = bytes[i];
            try
            {
                PlanReader.Parse(length % 5 == 0 ? damaged[..length] : damaged, "plan.yaml");
            }
            catch (PlanException fault)
            {
                Assert.StartsWith("plan.yaml", fault.Message, StringComparison.Ordinal);
            }
        }, iter: 500);
    }

    private static TrialPlan Read(string yaml) => PlanReader.Parse(Encoding.UTF8.GetBytes(yaml), "plan.yaml");
}
