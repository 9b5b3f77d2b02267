using Microsoft.Extensions.Time.Testing;
using Parley.Audio;
using Parley.Audio.Loudness;
using Parley.Trials.Listening;
using Parley.Trials.Measuring;
using Parley.Trials.Plans;
using Parley.Trials.Running;
using Parley.Trials.Statistics;
using Parley.Trials.Tests.Measuring;

namespace Parley.Trials.Tests.Listening;

public sealed class ListeningTests : IDisposable
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("parley-listening-");
    private readonly FakeTimeProvider time = new();
    private readonly TrialFolder folder;

    public ListeningTests()
    {
        folder = TrialFolder.Of(root.FullName, "first");
        Directory.CreateDirectory(folder.Folder);
        File.WriteAllText(folder.Plan, PlanTemplate.Write("first", 42));
        TrialStore store = TrialStore.Open(folder, time);
        TrialPlan plan = PlanReader.Read(folder.Plan);
        foreach (Cell cell in plan.Cells)
        {
            WavWriter.Write(Path.Combine(folder.Audio, $"stored_{cell.Condition}_{cell.Utterance}.wav"), Wavs.Tone(0.8, 22_050, 0.5, silence: 0.3));
            WavWriter.Write(Path.Combine(folder.Audio, $"candidate_{cell.Condition}_{cell.Utterance}_1.wav"), Wavs.Tone(0.6, 24_000, 0.05));
            store.Add(new CallRecord
            {
                Engine = "candidate", Utterance = cell.Utterance, Condition = cell.Condition, Cloned = false, Repetition = 1, Order = 0, Attempt = 1, Timed = true, Part = "timed",
                Resumed = false, AtUtc = default, TotalMs = 1,
            });
        }
        for (TrialPhase phase = TrialPhase.Baseline; phase <= TrialPhase.Scoring; phase++)
            store.MoveTo(phase);
    }

    public void Dispose() => root.Delete(recursive: true);

    [Fact]
    public void Two_clips_differ_in_nothing_but_the_voice()
    {
        (AudioBuffer A, AudioBuffer B)? matched = ListeningClips.Match(Wavs.Tone(1, 48_000, 0.9, silence: 0.5), Wavs.Tone(1.2, 16_000, 0.02));

        (AudioBuffer a, AudioBuffer b) = matched!.Value;
        Assert.Equal((16_000, 16_000), (a.SampleRate, b.SampleRate));
        Assert.Equal(a.Samples.Length, b.Samples.Length);
        Assert.InRange(a.Duration.TotalSeconds, 1.2, 1.3); // the silence is gone but for a tenth of a second
        Assert.Equal(-23, LoudnessReading.Of(a.Samples, 16_000).IntegratedLufs!.Value, 0.3); // padding reaches into the last blocks
        Assert.Equal(LoudnessReading.Of(b.Samples, 16_000).IntegratedLufs!.Value, LoudnessReading.Of(a.Samples, 16_000).IntegratedLufs!.Value, 0.3);
    }

    [Fact]
    public void A_clip_that_would_clip_takes_its_partner_down_with_it()
    {
        AudioBuffer clicks = Wavs.Tone(1, 16_000, 0.02);
        for (int i = 1000; i < clicks.Samples.Length; i += 8000)
            clicks.Samples[i] = 0.9f;

        (AudioBuffer a, AudioBuffer b) = ListeningClips.Match(clicks, Wavs.Tone(1))!.Value;

        Assert.True(LoudnessReading.Of(a.Samples, 16_000).TruePeakDbtp <= -0.99);
        Assert.Equal(LoudnessReading.Of(a.Samples, 16_000).IntegratedLufs!.Value, LoudnessReading.Of(b.Samples, 16_000).IntegratedLufs!.Value, 0.3);
    }

    [Fact]
    public void An_anchor_lacks_what_is_above_three_and_a_half_kilohertz()
    {
        AudioBuffer high = new([.. Enumerable.Range(0, 16_000).Select(i => (float)(0.5 * Math.Sin(2 * Math.PI * 5000 * i / 16_000.0)))], 16_000);

        Assert.True(Levels.RmsDbfs(ListeningClips.Anchor(high).Samples) < Levels.RmsDbfs(high.Samples) - 30);
        Assert.Equal(Levels.RmsDbfs(Wavs.Tone(1).Samples), Levels.RmsDbfs(ListeningClips.Anchor(Wavs.Tone(1)).Samples), 0.1);
    }

    [Fact]
    public void Silence_cannot_be_matched() => Assert.Null(ListeningClips.Match(Wavs.Tone(1), new AudioBuffer(new float[16_000], 16_000)));

    [Fact]
    public void The_candidate_is_first_in_half_of_the_pairs_and_never_four_times_in_a_row() =>
        Gen.Int[1, 40].Select(Gen.Int[1, 10_000]).Sample((count, seed) =>
        {
            bool[] sides = ListeningSession.Sides(count, new SeededRandom((ulong)seed));
            string text = string.Concat(sides.Select(side => side ? 'c' : 'b'));
            return Math.Abs(sides.Count(side => side) * 2 - count) <= 1 && !text.Contains("cccc", StringComparison.Ordinal) && !text.Contains("bbbb", StringComparison.Ordinal);
        });

    [Fact]
    public void Nothing_tells_which_engine_is_which()
    {
        ListeningSession session = ListeningSession.Open(folder, time);

        Assert.Equal(24, session.PairCount); // twenty, two repeats, one twice the same, one damaged
        foreach (BlindPair pair in session.PairsFor("anna"))
        {
            byte[] a = File.ReadAllBytes(session.PathOf(pair.Pair, "a")!), b = File.ReadAllBytes(session.PathOf(pair.Pair, "b")!);
            Assert.Equal(a.Length, b.Length);
            Assert.Equal(a[..44], b[..44]);
            Assert.Matches("^[0-9a-f]{32}$", pair.Pair);
        }
        Assert.Null(session.PathOf(session.PairsFor("anna")[0].Pair, "../key.sealed.json"));
        Assert.Null(session.PathOf("../../plan", "a"));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder.Listening, "key.sealed.json")));
    }

    [Fact]
    public void A_session_lives_without_its_key_and_goes_on_where_it_was_left()
    {
        ListeningSession.Open(folder, time);
        string key = Path.Combine(folder.Listening, "key.sealed.json");
        File.Move(key, key + ".away");

        BlindPair first = ListeningSession.Open(folder, time).NextFor("anna")!;
        Judge(ListeningSession.Open(folder, time), first, "anna", 3, 4);
        ListeningSession again = ListeningSession.Open(folder, time);

        Assert.Equal(again.PairsFor("anna")[1], again.NextFor("anna"));
        Assert.NotEqual(again.PairsFor("anna"), again.PairsFor("ben"));
        Assert.Equal(again.PairsFor("anna").Order(Comparer<BlindPair>.Create((a, b) => string.CompareOrdinal(a.Pair, b.Pair))), again.PairsFor("ben").Order(Comparer<BlindPair>.Create((a, b) => string.CompareOrdinal(a.Pair, b.Pair))));
    }

    [Fact]
    public void The_labels_are_lifted_when_everything_is_judged_and_not_before()
    {
        ListeningSession session = ListeningSession.Open(folder, time);
        foreach (BlindPair pair in session.PairsFor("anna").Skip(1))
            Judge(session, pair, "anna", 2, 5);
        Assert.Contains("23 of 24", Assert.Throws<TrialException>(session.Close).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(session.Unblind);

        Judge(session, session.NextFor("anna")!, "anna", 2, 5);
        session.Close();

        IReadOnlyList<UnblindedScore> scores = session.Unblind();
        Assert.Equal(20, scores.Count(score => score.Check.Length == 0));
        Assert.All(scores, score => Assert.Equal(score.CandidateFirst ? (5, 2) : (2, 5), (score.Baseline, score.Candidate))); // B was the better everywhere
        Assert.Equal(10, scores.Count(score => score is { Check: "", CandidateFirst: true }));
        Assert.Throws<TrialException>(() => Judge(session, session.PairsFor("anna")[0], "anna", 1, 1));
    }

    [Fact]
    public void A_key_that_was_changed_lifts_nothing()
    {
        ListeningSession session = ListeningSession.Open(folder, time);
        foreach (BlindPair pair in session.PairsFor("anna"))
            Judge(session, pair, "anna", 2, 5);
        session.Close();
        string key = Path.Combine(folder.Listening, "key.sealed.json");
        File.WriteAllText(key, File.ReadAllText(key).Replace("true", "false", StringComparison.Ordinal));

        Assert.Throws<TrialException>(() => ListeningSession.Open(folder, time).Unblind());
    }

    [Fact]
    public void Half_a_judgement_is_refused()
    {
        ListeningSession session = ListeningSession.Open(folder, time);
        BlindPair pair = session.NextFor("anna")!;

        Assert.Throws<ArgumentException>(() => Judge(session, pair, "anna", 0, 5));
        Assert.Throws<ArgumentException>(() => Judge(session, pair, "anna", 3, 6));
        Assert.Throws<ArgumentException>(() => Judge(session, pair, "an na", 3, 3));
        Assert.Throws<ArgumentException>(() => Judge(session, pair with { Pair = "x" }, "anna", 3, 3));
        Assert.Throws<ArgumentException>(() => session.Judge(new ScoreLine { Pair = pair.Pair, ListenerId = "anna", ScoreA = 3, ScoreB = 3, PlaysA = 1 })); // B was never heard
        Assert.Equal(0, session.Judged);
    }

    private static void Judge(ListeningSession session, BlindPair pair, string listener, int a, int b) =>
        session.Judge(new ScoreLine { Pair = pair.Pair, ListenerId = listener, ScoreA = a, ScoreB = b, PlaysA = 1, PlaysB = 1 });
}
