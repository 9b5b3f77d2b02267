namespace Parley.Graphs.Tests;

public class RandomCheckpointTests
{
    [Fact]
    public void Any_part_is_the_same_part_of_the_whole()
    {
        using Checkpoint checkpoint = Checkpoint.Random("random", [("w", [50, 40]), ("n", [40])], seed: 7);
        using Checkpoint again = Checkpoint.Random("random", [("w", [50, 40])], seed: 7), other = Checkpoint.Random("random", [("w", [50, 40])], seed: 8);
        float[] whole = checkpoint.Weight("w", 50, 40).ReadF32(), part = new float[37];
        checkpoint.Tensor("w").ReadF32(101, part);
        Assert.Equal(whole[101..138], part);
        Assert.Equal(whole, again.Tensor("w").ReadF32());
        Assert.NotEqual(whole, other.Tensor("w").ReadF32());
        Assert.Equal(checkpoint.Identity, again.Identity);
        Assert.NotEqual(checkpoint.Identity, other.Identity);
        Assert.InRange(Math.Sqrt(whole.Average(v => v * v * 40.0)), 0.9, 1.1);
        Assert.InRange(checkpoint.Tensor("n").ReadF32().Average(), 0.9f, 1.1f);
    }
}
