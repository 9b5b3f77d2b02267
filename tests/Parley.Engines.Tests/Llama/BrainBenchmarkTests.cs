namespace Parley.Engines.Tests.Llama;

public class BrainBenchmarkTests
{
    [Fact]
    public void Every_speed_of_every_batch_is_measured()
    {
        BrainBenchmarkOptions options = new() { Prompt = 20, Answer = 4, Batches = [1, 16], Runs = 1, Threads = 1 };
        BrainBenchmarkResult result = BrainBenchmark.Run(TinyBrain.FilePath, options, cancel: TestContext.Current.CancellationToken);
        Assert.Equal([1, 16], result.Batches.Select(speed => speed.Batch));
        Assert.All(result.Batches, speed => Assert.True(speed is { Prefill: > 0, PeerPrefill: > 0, Decode: > 0, PeerDecode: > 0 }));
        Assert.True(result.Guard.Verdict > TimeSpan.Zero && result.Guard.Prefill > TimeSpan.Zero);
    }
}
