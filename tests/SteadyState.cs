namespace Parley.Tests;

/// <summary>Whether a hot path allocates.</summary>
internal static class SteadyState
{
    private const int Tries = 5;

    /// <summary>
    /// The least that one call allocates on this thread, in bytes, after a warm-up: an allocation of ours is in every try, one
    /// of the runtime's own (a method that is compiled anew meanwhile) is not.
    /// </summary>
    public static long AllocatedBytes(Action call)
    {
        call();
        long least = long.MaxValue;
        for (int i = 0; i < Tries && least > 0; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            call();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }
}
