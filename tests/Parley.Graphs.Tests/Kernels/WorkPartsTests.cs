namespace Parley.Graphs.Tests;

public class WorkPartsTests
{
    /// <summary>Also when threads do not come at all, or more of them than there are pieces.</summary>
    [Fact]
    public void Every_piece_is_taken_once() => Gen.Select(Gen.Int[0, 60], Gen.Int[1, 9], Gen.Int[1, 12], Gen.Int[1, 9]).Sample((count, threads, wanted, present) =>
    {
        List<int> taken = Take(count, threads, wanted, Math.Min(present, threads));
        Assert.Equal(Enumerable.Range(0, count), taken.Order());
    });

    private static unsafe List<int> Take(int count, int threads, int wanted, int present)
    {
        int* next = stackalloc int[threads];
        WorkParts parts = new(next, count, threads);
        List<int> taken = [];
        Parallel.For(0, present, thread =>
        {
            int part = thread;
            for ((int first, int end) = parts.Take(ref part, wanted); first < end; (first, end) = parts.Take(ref part, wanted))
            {
                lock (taken)
                    taken.AddRange(Enumerable.Range(first, end - first));
            }
        });
        return taken;
    }
}
