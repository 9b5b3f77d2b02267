using Microsoft.Extensions.Time.Testing;
using Parley.Trials.Measuring;
using Parley.Trials.Plans;
using Parley.Trials.Running;

namespace Parley.Trials.Tests.Running;

public sealed class TrialStoreTests : IDisposable
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("parley-store-");
    private readonly FakeTimeProvider time = new();

    private TrialFolder Folder => TrialFolder.Of(root.FullName, "first");

    public void Dispose() => root.Delete(recursive: true);

    [Fact]
    public void Phases_follow_each_other_and_no_other_way()
    {
        TrialPhase[] phases = Enum.GetValues<TrialPhase>();
        (TrialPhase, TrialPhase)[] legal =
        [
            (TrialPhase.Idle, TrialPhase.Baseline), (TrialPhase.Baseline, TrialPhase.ExtractReference), (TrialPhase.ExtractReference, TrialPhase.Feasibility),
            (TrialPhase.Feasibility, TrialPhase.Benchmark), (TrialPhase.Benchmark, TrialPhase.Scoring), (TrialPhase.Scoring, TrialPhase.PostFlight), (TrialPhase.PostFlight, TrialPhase.Idle),
            .. phases.Where(phase => phase != TrialPhase.Aborted).Select(phase => (phase, TrialPhase.Aborted)), (TrialPhase.Aborted, TrialPhase.Idle),
        ];

        foreach (TrialPhase from in phases)
        {
            foreach (TrialPhase to in phases)
                Assert.Equal(legal.Contains((from, to)), TrialPhases.MayFollow(from, to));
        }
        Assert.Throws<InvalidOperationException>(() => TrialStore.Open(Folder, time).MoveTo(TrialPhase.Scoring));
    }

    [Fact]
    public void What_was_saved_is_there_again_and_the_count_of_writes_never_falls()
    {
        TrialStore store = TrialStore.Open(Folder, time);
        store.MoveTo(TrialPhase.Baseline);
        store.SetCell("baseline/v1/u01", new(CellState.Done, new('a', 64), "x.wav", 1));
        long seq = store.State.Seq;

        TrialStore again = TrialStore.Open(Folder, time);

        Assert.Equal(TrialPhase.Baseline, again.State.Phase);
        Assert.Equal(store.State.Cells["baseline/v1/u01"], again.State.Cells["baseline/v1/u01"]);
        Assert.Equal(seq, again.State.Seq);
        again.Save(state => state);
        Assert.Equal(seq + 1, again.State.Seq);
    }

    [Fact]
    public void A_half_written_state_beside_the_good_one_is_forgotten_and_a_damaged_one_is_not_guessed()
    {
        TrialStore.Open(Folder, time).MoveTo(TrialPhase.Baseline);
        File.WriteAllText(Folder.State + ".tmp", "{\"schema\":1,");
        Assert.Equal(TrialPhase.Baseline, TrialStore.Find(Folder, time)!.State.Phase);
        Assert.False(File.Exists(Folder.State + ".tmp"));

        File.WriteAllText(Folder.State, "{\"schema\":1,");
        Assert.Contains("Nothing is guessed", Assert.Throws<TrialException>(() => TrialStore.Find(Folder, time)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_that_a_crash_cut_off_is_dropped_wherever_it_was_cut()
    {
        TrialStore store = TrialStore.Open(Folder, time);
        store.Add(Record(1));
        byte[] whole = File.ReadAllBytes(Folder.Records);
        store.Add(Record(2));
        byte[] both = File.ReadAllBytes(Folder.Records);
        for (int length = whole.Length; length < both.Length; length += 7)
        {
            File.WriteAllBytes(Folder.Records, both[..length]);
            TrialStore again = TrialStore.Open(Folder, time);
            Assert.Equal([1], again.Records.Select(record => record.Order));
            again.Add(Record(3));
            Assert.Equal([1, 3], TrialStore.Open(Folder, time).Records.Select(record => record.Order));
        }
    }

    [Fact]
    public void A_line_damaged_in_the_middle_is_an_error()
    {
        TrialStore.Open(Folder, time).Add(Record(1));
        File.WriteAllText(Folder.Records, "garbage\n" + File.ReadAllText(Folder.Records));

        Assert.Contains("line 1", Assert.Throws<TrialException>(() => TrialStore.Open(Folder, time)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_lock_keeps_others_out_and_dies_with_its_owner()
    {
        using (TrialLock.Take(Folder.Lock))
            Assert.Contains($"process {Environment.ProcessId}", Assert.Throws<TrialException>(() => TrialLock.Take(Folder.Lock)).Message, StringComparison.Ordinal);
        File.WriteAllText(Folder.Lock, "{\"pid\":2,\"start_ticks\":1,\"boot_id\":\"another boot\"}");
        TrialLock.Take(Folder.Lock).Dispose();
        File.WriteAllText(Folder.Lock, "{\"pid\":");
        TrialLock.Take(Folder.Lock).Dispose();
        Assert.False(File.Exists(Folder.Lock));
    }

    [Fact]
    public void Both_engines_speak_every_cell_once_in_an_order_of_the_seed()
    {
        TrialPlan plan = PlanReader.Parse(System.Text.Encoding.UTF8.GetBytes(PlanTemplate.Write("x", 42)), "plan.yaml");
        IReadOnlyList<ScheduledCall> schedule = Schedule.Of(plan);

        Assert.Equal(40, schedule.Count);
        Assert.Equal(40, schedule.Select(call => (call.Engine, call.Cell)).Distinct().Count());
        Assert.Equal(schedule, Schedule.Of(plan));
        Assert.NotEqual(schedule, Schedule.Of(plan with { Seed = 43 }));
        for (int i = 0; i < 40; i += 2)
        {
            Assert.Equal(schedule[i].Cell, schedule[i + 1].Cell);
            Assert.Equal(i % 4 == 0 ? "baseline" : "candidate", schedule[i].Engine); // ABBA
        }
        Assert.Equal(20, Schedule.Of(plan with { Order = TrialOrder.Bracketed }).TakeWhile(call => call.Engine == "baseline").Count());
    }

    [Fact]
    public void Of_three_engines_each_is_first_second_and_third_as_often()
    {
        TrialPlan plan = PlanReader.Parse(System.Text.Encoding.UTF8.GetBytes(PlanTemplate.Write("x", 42)), "plan.yaml");
        plan = plan with { Repetitions = 3, Candidates = [.. new[] { "a", "b" }.Select(role => plan.Candidates[0] with { Role = role })] };

        ScheduledCall[][] cells = [.. Schedule.Of(plan).Chunk(3)];

        Assert.All(cells, cell => Assert.Single(cell.Select(call => call.Cell).Distinct()));
        for (int place = 0; place < 3; place++)
            Assert.All(cells.CountBy(cell => cell[place].Engine), count => Assert.Equal(20, count.Value));
        Assert.Equal(["baseline", "a", "b"], Schedule.Of(plan with { Order = TrialOrder.Bracketed }).Select(call => call.Engine).Distinct());
    }

    [Theory]
    [InlineData("..")]
    [InlineData(".hidden")]
    [InlineData("a/b")]
    [InlineData("/etc")]
    [InlineData("a\\b")]
    [InlineData("c:d")]
    [InlineData("")]
    [InlineData("baselines")]
    [InlineData("na\u0000me")]
    [InlineData("\uff0e\uff0e")] // full-width dots
    [InlineData("name\n")]
    public void A_name_that_would_leave_the_folder_is_refused(string name) => Assert.Throws<ArgumentException>(() => TrialFolder.Of(root.FullName, name));

    private static CallRecord Record(int order) => new()
    {
        Engine = "candidate", Utterance = "u01", Condition = "v1", Cloned = false, Repetition = 1, Order = order, Attempt = 1, Timed = true, Part = "timed", Resumed = false, AtUtc = default, TotalMs = 1,
    };
}
