namespace Parley.Graphs.Tests;

public sealed class BindingTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void One_error_lists_all_that_is_missing_misshapen_and_unexpected()
    {
        using Checkpoint checkpoint = Checkpoint.Open(folder.Write("m.safetensors", SafetensorsText.Of(
            ("layers.0.w", [2, 2], [1, 2, 3, 4]), ("layers.0.b", [3], [1, 2, 3]), ("head.w", [1], [1]), ("encoder.w", [1], [1]))));
        CheckpointException error = Assert.Throws<CheckpointException>(() => checkpoint.Bind(
            root => new[] { root.Under("layers.0").Weight("w", 2, 2), root.Under("layers.0").Weight("b", 2), root.Under("layers.1").Weight("w", 2, 2), root.Weight("norm", 2) },
            unused: "encoder."));
        Assert.Contains("2 tensors are missing: layers.1.w, norm", error.Message, StringComparison.Ordinal);
        Assert.Contains("1 tensor is of another shape: 'layers.0.b' is F32 [3] instead of [2]", error.Message, StringComparison.Ordinal);
        Assert.Contains("1 tensor is unexpected: head.w", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_fitting_checkpoint_gives_its_values()
    {
        using Checkpoint checkpoint = Checkpoint.Open(folder.Write("m.safetensors", SafetensorsText.Of(("a.w", [2, 3], [1, 2, 3, 4, 5, 6]))));
        Weight weight = checkpoint.Bind(root => root.Under("a").Weight("w", 2, 3));
        Assert.Equal([1, 2, 3, 4, 5, 6], weight.ReadF32());
        Assert.Equal([1, 4, 2, 5, 3, 6], weight.Transposed().ReadF32());
        Assert.Equal([2, 4, 6, 8, 10, 12], weight.Map("doubled", [3, 2], values => [.. values.Select(v => 2 * v)]).ReadF32());
        Assert.Throws<CheckpointException>(() => checkpoint.Weight("a.w", 3, 2));
        Assert.Throws<CheckpointException>(() => checkpoint.Weight("none", 1));
    }
}
