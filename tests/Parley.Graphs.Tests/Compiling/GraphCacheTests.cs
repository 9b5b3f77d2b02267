namespace Parley.Graphs.Tests;

public sealed class GraphCacheTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Plain weight = Plain.Random(1, 64, 96), bias = Plain.Random(2, 64), x = Plain.Random(3, 2, 96);

    public void Dispose() => folder.Dispose();

    private string Model(string name = "m.safetensors") => folder.Write(name, SafetensorsText.Of(("w", [64, 96], weight.Values), ("b", [64], bias.Values)));

    private static Graph Build(Checkpoint checkpoint, Precision precision)
    {
        GraphBuilder g = new("test", precision);
        Value result = g.Linear(g.Input("x", Axis.Tokens, 96), checkpoint.Weight("w", 64, 96), checkpoint.Weight("b", 64));
        return g.Output("y", result).Build();
    }

    private float[] Open(GraphCache cache, Graph graph, Counter? counter = null)
    {
        using GraphSession session = cache.Open(graph, counter);
        return session.Run(("x", x.Values, [2, 96]))["y"];
    }

    private sealed class Counter : IProgress<CompileProgress>
    {
        public long Last { get; private set; }

        public void Report(CompileProgress value) => Last = Math.Max(Last, value.Done);
    }

    [Theory]
    [InlineData("f32", 1e-6)]
    [InlineData("q8", 0.015)]
    [InlineData("q4", 0.15)]
    [InlineData("q4-fast", 0.25)]
    public void The_second_opening_maps_what_the_first_wrote(string name, double tolerance)
    {
        using Checkpoint checkpoint = Checkpoint.Open(Model());
        Graph graph = Build(checkpoint, Precision.Parse(name));
        GraphCache cache = GraphCache.For(checkpoint, folder.Path);
        Assert.Equal(Path.Combine(folder.Path, ".parley"), cache.Folder);
        Counter first = new(), second = new();
        float[] y = Open(cache, graph, first);
        Assert.Equal(64 * 96, first.Last);
        GraphCheck.Within(Plain.Linear(x, weight, bias).Values, y, tolerance, name);
        Assert.Equal(y, Open(cache, graph, second));
        Assert.Equal(0, second.Last);
        Assert.Equal(2, Directory.GetFiles(cache.Folder).Length);
        using GraphSession inMemory = graph.Open();
        Assert.Equal(y, inMemory.Run(("x", x.Values, [2, 96]))["y"]);
    }

    [Theory]
    [InlineData(".weights", 0.5)]
    [InlineData(".weights", 0.99)]
    [InlineData(".onnx", 0.5)]
    public void A_damaged_file_is_written_again(string extension, double where)
    {
        using Checkpoint checkpoint = Checkpoint.Open(Model());
        Graph graph = Build(checkpoint, Precision.Q8);
        GraphCache cache = GraphCache.For(checkpoint, folder.Path);
        float[] y = Open(cache, graph);
        string file = Directory.GetFiles(cache.Folder, "*" + extension).Single();
        byte[] bytes = File.ReadAllBytes(file);
        bytes[(int)(bytes.Length * where)] ^= 0x40;
        File.WriteAllBytes(file, bytes);
        Assert.Equal(y, Open(cache, graph));
        File.WriteAllBytes(file, bytes[..(bytes.Length / 2)]);
        Counter counter = new();
        Assert.Equal(y, Open(cache, graph, counter));
        Assert.Equal(64 * 96, counter.Last);
    }

    [Fact]
    public void Another_checkpoint_or_graph_is_another_name_and_the_old_one_goes()
    {
        string path = Model();
        using (Checkpoint checkpoint = Checkpoint.Open(path))
            Open(GraphCache.For(checkpoint, folder.Path), Build(checkpoint, Precision.Q8));
        string[] before = Directory.GetFiles(Path.Combine(folder.Path, ".parley"));
        weight.Values[5] = 3;
        using (Checkpoint checkpoint = Checkpoint.Open(Model()))
        {
            Open(GraphCache.For(checkpoint, folder.Path), Build(checkpoint, Precision.Q8));
            string[] after = Directory.GetFiles(Path.Combine(folder.Path, ".parley"));
            Assert.Equal(2, after.Length);
            Assert.Empty(before.Intersect(after));
            Open(GraphCache.For(checkpoint, folder.Path), Build(checkpoint, Precision.Q4));
            Assert.Equal(4, Directory.GetFiles(Path.Combine(folder.Path, ".parley")).Length);
        }
    }

    [Fact]
    public void Where_the_model_cannot_be_written_beside_the_cache_folder_is_used()
    {
        string path = Model();
        folder.Write(".parley", [1]); // a file in the way of the folder
        using Checkpoint checkpoint = Checkpoint.Open(path);
        GraphCache cache = GraphCache.For(checkpoint, Path.Combine(folder.Path, "cache"));
        Assert.StartsWith(Path.Combine(folder.Path, "cache", "m.safetensors-"), cache.Folder, StringComparison.Ordinal);
        Open(cache, Build(checkpoint, Precision.F32));
    }

    [Fact]
    public void A_cancelled_compilation_leaves_nothing_behind()
    {
        using Checkpoint checkpoint = Checkpoint.Open(Model());
        GraphCache cache = GraphCache.For(checkpoint, folder.Path);
        using CancellationTokenSource cancel = new();
        cancel.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => cache.Open(Build(checkpoint, Precision.Q8), null, cancel.Token));
        Assert.Empty(Directory.GetFiles(cache.Folder));
    }

    [Fact]
    public void An_exported_graph_opens_as_any_onnx_file()
    {
        using Checkpoint checkpoint = Checkpoint.Open(Model());
        string file = GraphCache.Export(Build(checkpoint, Precision.Q4), Path.Combine(folder.Path, "out"));
        Assert.Equal("test.q4.onnx", Path.GetFileName(file));
        using OnnxModel model = OnnxModel.Open(file);
        Assert.Equal(["x"], model.Inputs.Keys);
    }
}
