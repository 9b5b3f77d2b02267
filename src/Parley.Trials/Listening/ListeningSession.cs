using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Parley.Audio;
using Parley.Trials.Plans;
using Parley.Trials.Running;
using Parley.Trials.Statistics;

namespace Parley.Trials.Listening;

/// <summary>
/// The blind listening of a trial. What it hands out are pairs of files with random names; which engine is which lies in a sealed file that
/// it does not open before the listening is closed, and it is closed only when it is complete.
/// </summary>
public sealed partial class ListeningSession
{
    private const int Repeats = 2, LongestRun = 3, MaxNote = 500;

    private readonly TrialFolder folder;
    private readonly TimeProvider time;
    private readonly JsonLines<ScoreLine> log;
    private readonly List<BlindPair> pairs;
    private readonly List<ScoreLine> lines;
    private readonly string? keySha256;
    private readonly long seed;
    private readonly int wantedListeners;
    private readonly Lock gate = new();

    private ListeningSession(TrialFolder folder, TimeProvider time)
    {
        (this.folder, this.time) = (folder, time);
        TrialPlan plan = PlanReader.Read(folder.Plan);
        (seed, wantedListeners) = (plan.Seed, plan.Listeners);
        keySha256 = TrialStore.Find(folder, time)?.State.KeySha256;
        pairs = JsonSerializer.Deserialize(File.ReadAllBytes(PairsFile(folder)), ListeningJson.Default.ListBlindPair) ?? [];
        log = new(Path.Combine(folder.Listening, "scores.jsonl"), ListeningJson.Default.ScoreLine);
        lines = [.. log.Read()];
    }

    /// <summary>True once no further judgement is taken.</summary>
    public bool IsClosed => lines.Exists(line => line.Closed);

    /// <summary>Pairs to judge, hidden checks among them.</summary>
    public int PairCount => pairs.Count;

    /// <summary>Who has judged something.</summary>
    public IReadOnlyList<string> Listeners => [.. lines.Where(line => !line.Closed).Select(line => line.ListenerId).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>Judgements that are there, each pair of each listener counted once.</summary>
    public int Judged => Listeners.Sum(listener => pairs.Count - Missing(listener));

    /// <summary>Judgements that a complete listening has.</summary>
    public int Wanted => pairs.Count * Math.Max(wantedListeners, Listeners.Count);

    /// <summary>True if as many listeners as the plan wants have judged everything, and nobody has only begun.</summary>
    public bool IsComplete => pairs.Count > 0 && Listeners.Count >= wantedListeners && Listeners.All(listener => Missing(listener) == 0);

    /// <returns><see langword="null"/> if there are no pairs yet.</returns>
    public static ListeningSession? Find(TrialFolder folder, TimeProvider time) => File.Exists(PairsFile(folder)) ? new(folder, time) : null;

    /// <summary>Opens the listening of a trial; the first time, makes the pairs.</summary>
    /// <exception cref="TrialException">There is nothing to listen to yet.</exception>
    public static ListeningSession Open(TrialFolder folder, TimeProvider time)
    {
        if (Find(folder, time) is { } found)
            return found;
        TrialPlan plan = PlanReader.Read(folder.Plan);
        using TrialLock held = TrialLock.Take(folder.Lock);
        TrialStore store = TrialStore.Find(folder, time) ?? throw new TrialException($"The trial has not been run yet: parley trial run {folder.Name}");
        if (store.State.Phase != TrialPhase.Scoring)
            throw new TrialException($"The trial stands in phase {store.State.Phase}; it can be listened to in Scoring, when everything has been measured.");
        Prepare(folder, plan, store);
        return new(folder, time);
    }

    /// <summary>The pairs in a listener's own order; the same at every visit.</summary>
    public IReadOnlyList<BlindPair> PairsFor(string listener)
    {
        BlindPair[] order = [.. pairs];
        SeededRandom.For(seed, $"listener:{listener}").Shuffle<BlindPair>(order);
        return order;
    }

    /// <summary>The first pair that a listener has not judged; <see langword="null"/> after the last.</summary>
    public BlindPair? NextFor(string listener)
    {
        HashSet<string> judged = [.. lines.Where(line => line.ListenerId == listener).Select(line => line.Pair)];
        return PairsFor(listener).FirstOrDefault(pair => !judged.Contains(pair.Pair));
    }

    /// <summary>The path of a clip, if a pair has it.</summary>
    public string? PathOf(string pair, string side) => pairs.Find(known => known.Pair == pair) is { } found && side is "a" or "b"
        ? Path.Combine(folder.Listening, side == "a" ? found.A : found.B) : null;

    /// <summary>Takes a judgement. The last one of a listener for a pair counts; all are kept.</summary>
    /// <exception cref="ArgumentException">It is not complete: a score out of range, a clip not heard, a pair that is not there.</exception>
    /// <exception cref="TrialException">The listening is closed.</exception>
    public void Judge(ScoreLine judgement)
    {
        if (!ListenerName().IsMatch(judgement.ListenerId))
            throw new ArgumentException("A listener's name takes 1 to 40 letters, digits, dots, dashes and underscores.", nameof(judgement));
        if (!pairs.Exists(pair => pair.Pair == judgement.Pair))
            throw new ArgumentException("There is no such pair.", nameof(judgement));
        if (judgement.ScoreA is < 1 or > 5 || judgement.ScoreB is < 1 or > 5)
            throw new ArgumentException("Scores are 1 (bad) to 5 (excellent), for A and for B.", nameof(judgement));
        if (judgement.PlaysA < 1 || judgement.PlaysB < 1)
            throw new ArgumentException("Both clips must have been heard to their end before they are judged.", nameof(judgement));
        if (judgement.Pref is not (null or "a" or "b" or "none"))
            throw new ArgumentException("A preference is a, b or none.", nameof(judgement));
        lock (gate)
        {
            if (IsClosed)
                throw new TrialException("The listening is closed: its labels have been lifted.");
            string? note = judgement.Note is { } text ? new string([.. text.Where(letter => !char.IsControl(letter)).Take(MaxNote)]) : null;
            Append(judgement with
            {
                Note = note,
                Closed = false,
                Revised = lines.Exists(line => line.Pair == judgement.Pair && line.ListenerId == judgement.ListenerId),
            });
        }
    }

    /// <summary>Ends the listening for good.</summary>
    /// <exception cref="TrialException">It is not complete.</exception>
    public void Close()
    {
        lock (gate)
        {
            if (IsClosed)
                return;
            if (!IsComplete)
                throw new TrialException($"The listening is not complete: {Judged} of {Wanted} judgements are there.");
            Append(new ScoreLine { Closed = true });
        }
    }

    /// <summary>Lifts the labels. Only a closed listening can.</summary>
    /// <exception cref="TrialException">The key is missing or was changed.</exception>
    internal IReadOnlyList<UnblindedScore> Unblind()
    {
        if (!IsClosed)
            throw new InvalidOperationException("The labels stay on until the listening is closed.");
        byte[] key = File.ReadAllBytes(KeyFile(folder));
        if (Sha256Text.Of(key) != keySha256)
            throw new TrialException($"{KeyFile(folder)} was changed after it was sealed: nothing can be concluded from this listening.");
        Dictionary<string, SealedPair> truth = JsonSerializer.Deserialize(key, ListeningJson.Default.ListSealedPair)!.ToDictionary(pair => pair.Pair, StringComparer.Ordinal);
        return [.. lines.Where(line => !line.Closed).GroupBy(line => (line.ListenerId, line.Pair)).Select(group => Unblind(group.Last(), truth[group.Key.Pair]))];
    }

    private static UnblindedScore Unblind(ScoreLine line, SealedPair truth) => new(
        truth.Pair, truth.Check, truth.RepeatOf, truth.Engine, truth.Utterance, truth.Condition, line.ListenerId,
        truth.CandidateFirst ? line.ScoreB : line.ScoreA, truth.CandidateFirst ? line.ScoreA : line.ScoreB,
        line.Pref switch { null => null, "none" => "none", "a" => truth.CandidateFirst ? "candidate" : "baseline", _ => truth.CandidateFirst ? "baseline" : "candidate" },
        truth.CandidateFirst, line.PlaysA, line.PlaysB, line.Note, line.TUtc);

    private void Append(ScoreLine line)
    {
        line = line with { Seq = lines.Count + 1, TUtc = time.GetUtcNow() };
        log.Append(line);
        lines.Add(line);
    }

    private int Missing(string listener)
    {
        int judged = lines.Where(line => line.ListenerId == listener).Select(line => line.Pair).Distinct().Count();
        return pairs.Count - judged;
    }

    private static void Prepare(TrialFolder folder, TrialPlan plan, TrialStore store)
    {
        if (Directory.Exists(folder.Listening))
            Directory.Delete(folder.Listening, recursive: true); // pairs that a crash left without their list
        Directory.CreateDirectory(folder.Listening);
        SeededRandom random = SeededRandom.For(plan.Seed, "pairs");
        List<Material> material = [.. plan.Candidates.SelectMany(candidate => plan.Cells.Select(cell => MaterialOf(folder, store, candidate.Role, cell))).OfType<Material>()];
        if (material.Count == 0)
            throw new TrialException("No cell has valid sound of the baseline and a candidate: there is nothing to listen to.");
        List<BlindPair> blind = [];
        List<SealedPair> truth = [];
        bool[] sides = [.. material.GroupBy(pair => pair.Engine).SelectMany(pairs => Sides(pairs.Count(), random))];
        foreach ((int i, Material pair) in material.Index())
            Add("", null, pair, sides[i]);
        int[] chosen = [.. Enumerable.Range(0, material.Count)];
        random.Shuffle<int>(chosen);
        foreach (int i in chosen.Take(Repeats))
            Add(UnblindedScore.Repeat, truth[i].Pair, material[i], !sides[i]);
        Material same = material[chosen[^1]], damaged = material[chosen[material.Count / 2]];
        Add(UnblindedScore.Null, null, same with { Baseline = same.Candidate }, candidateFirst: false);
        Add(UnblindedScore.Anchor, null, damaged with { Candidate = ListeningClips.Anchor(damaged.Baseline) }, random.Next(2) == 0);

        // The key is sealed before anybody can hear anything; the list that makes the session exist comes last.
        byte[] key = JsonSerializer.SerializeToUtf8Bytes(truth, ListeningJson.Default.ListSealedPair);
        AtomicFile.Write(KeyFile(folder), key);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(KeyFile(folder), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        store.Save(state => state with { KeySha256 = Sha256Text.Of(key) });
        store.Assert("A41", true, Sha256Text.Of(key), "the key is sealed");
        BlindPair[] order = [.. blind];
        random.Shuffle<BlindPair>(order);
        AtomicFile.Write(PairsFile(folder), JsonSerializer.SerializeToUtf8Bytes([.. order], ListeningJson.Default.ListBlindPair));

        void Add(string check, string? repeatOf, Material of, bool candidateFirst)
        {
            string pair = RandomName(), a = RandomName() + ".wav", b = RandomName() + ".wav";
            AtomicFile.Write(Path.Combine(folder.Listening, a), ListeningClips.ToWav(candidateFirst ? of.Candidate : of.Baseline, random));
            AtomicFile.Write(Path.Combine(folder.Listening, b), ListeningClips.ToWav(candidateFirst ? of.Baseline : of.Candidate, random));
            blind.Add(new(pair, a, b, Math.Round(of.Baseline.Duration.TotalSeconds, 3)));
            truth.Add(new(pair, check, repeatOf, of.Engine, of.Cell.Utterance, of.Cell.Condition, candidateFirst));
        }
    }

    /// <summary>The two clips of a cell, alike in everything but the voice; <see langword="null"/> if one of them has no valid sound.</summary>
    private static Material? MaterialOf(TrialFolder folder, TrialStore store, string engine, Cell cell) =>
        Read(folder, $"stored_{cell.Condition}_{cell.Utterance}.wav") is { } baseline && Read(folder, $"{engine}_{cell.Condition}_{cell.Utterance}_1.wav") is { } candidate
        && store.Records.Exists(record => record.Engine == engine && record.Utterance == cell.Utterance && record.Condition == cell.Condition && record.Repetition == 1 && record.ErrorClass is null)
        && ListeningClips.Match(baseline, candidate) is { } matched ? new Material(engine, cell, matched.A, matched.B) : null;

    private sealed record Material(string Engine, Cell Cell, AudioBuffer Baseline, AudioBuffer Candidate);

    /// <summary>As many one way as the other, no more than three alike in a row.</summary>
    internal static bool[] Sides(int count, SeededRandom random)
    {
        bool[] sides = [.. Enumerable.Range(0, count).Select(i => i % 2 == 0)];
        do
            random.Shuffle<bool>(sides);
        while (HasLongRun(sides));
        return sides;
    }

    private static bool HasLongRun(bool[] sides)
    {
        int run = 1;
        for (int i = 1; i < sides.Length; i++)
        {
            run = sides[i] == sides[i - 1] ? run + 1 : 1;
            if (run > LongestRun)
                return true;
        }
        return false;
    }

    // Not from the seed: whoever knows the plan must not be able to guess a name.
    private static string RandomName() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    private static AudioBuffer? Read(TrialFolder folder, string file)
    {
        string path = Path.Combine(folder.Audio, file);
        return File.Exists(path) ? WavReader.Read(path) : null;
    }

    private static string PairsFile(TrialFolder folder) => Path.Combine(folder.Listening, "pairs.json");

    private static string KeyFile(TrialFolder folder) => Path.Combine(folder.Listening, "key.sealed.json");

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,40}\z")]
    private static partial Regex ListenerName();
}
