using System.Threading.Channels;

namespace Parley.Trials.Guarding;

/// <summary>
/// Asks by the clock, whatever happened to the question before: a neighbour that stalls must not slow down its own measurement (the wrk2
/// correction for coordinated omission, giltene/wrk2). Latency counts from when a probe was due. At most three are open; a slot that finds
/// three is counted as infinite.
/// </summary>
public sealed class OpenLoopProber(INeighbourProbe probe, TimeSpan timeout, TimeProvider time)
{
    private const int MostOpen = 3;

    /// <summary>The samples in the order in which they end.</summary>
    /// <param name="stage">For the samples.</param>
    /// <param name="round">For the samples.</param>
    /// <param name="count">Probes; <see langword="null"/> to go on until cancelled.</param>
    /// <param name="period">From one to the next.</param>
    /// <param name="cancel">Ends it; open probes are given up and give no sample.</param>
    public async IAsyncEnumerable<NeighbourSample> RunAsync(
        string stage, int round, int? count, TimeSpan period, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        Channel<NeighbourSample> samples = Channel.CreateUnbounded<NeighbourSample>(); // one in a period: the reader is never behind by more than a few
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task asking = AskAsync(stage, round, count, period, samples.Writer, stop.Token);
        try
        {
            await foreach (NeighbourSample sample in samples.Reader.ReadAllAsync(cancel))
                yield return sample;
        }
        finally
        {
            await stop.CancelAsync();
            await asking;
        }
    }

    /// <summary>Never throws: what goes wrong completes the channel.</summary>
    private async Task AskAsync(string stage, int round, int? count, TimeSpan period, ChannelWriter<NeighbourSample> samples, CancellationToken stop)
    {
        long start = time.GetTimestamp();
        int open = 0;
        List<Task> asked = [];
        Exception? fault = null;
        try
        {
            for (int slot = 0; slot < (count ?? int.MaxValue); slot++)
            {
                TimeSpan due = slot * period, early = due - time.GetElapsedTime(start);
                if (early > TimeSpan.Zero)
                    await Task.Delay(early, time, stop);
                stop.ThrowIfCancellationRequested();
                if (Volatile.Read(ref open) >= MostOpen)
                    samples.TryWrite(Sample(due, double.PositiveInfinity, default, "skipped: three probes were still open"));
                else
                {
                    Interlocked.Increment(ref open);
                    asked.RemoveAll(task => task.IsCompletedSuccessfully);
                    asked.Add(ProbeAsync(due));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The reader has what it wanted.
        }
        try
        {
            await Task.WhenAll(asked);
        }
        catch (Exception unforeseen) // the reader of the channel must hear of it
        {
            fault = unforeseen;
        }
        samples.TryComplete(fault);

        async Task ProbeAsync(TimeSpan due)
        {
            using CancellationTokenSource patience = new(timeout, time);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stop);
            try
            {
                NeighbourAnswer answer = await probe.AskAsync(either.Token);
                samples.TryWrite(Sample(due, (time.GetElapsedTime(start) - due).TotalMilliseconds, answer, null));
            }
            catch (NeighbourException problem)
            {
                samples.TryWrite(Sample(due, double.PositiveInfinity, default, problem.Message));
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                samples.TryWrite(Sample(due, double.PositiveInfinity, default, $"no answer within {timeout.TotalSeconds:0.#} s"));
            }
            catch (OperationCanceledException)
            {
                // Given up with the stage.
            }
            finally
            {
                Interlocked.Decrement(ref open);
            }
        }

        NeighbourSample Sample(TimeSpan due, double latency, NeighbourAnswer answer, string? problem) =>
            new(stage, round, Math.Round(due.TotalMilliseconds, 3), Math.Round(latency, 3), answer.FirstTokenMs is { } first ? Math.Round(first, 3) : null, answer.Tokens, problem, time.GetUtcNow());
    }
}
