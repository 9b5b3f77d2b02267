namespace Parley.Graphs.Tests;

public sealed class WorkedExampleTests : IDisposable
{
    private static readonly WorkedExample.Sizes Sizes = new(Layers: 2, Dim: 48, Heads: 4, KvHeads: 2, HeadDim: 16, HiddenDim: 96);

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>The page shows the very file that is compiled here.</summary>
    [Fact]
    public void The_page_shows_the_code_that_runs()
    {
        string page = File.ReadAllText(Path.Combine(TestData.Root, "docs", "graphs.md"));
        string source = File.ReadAllText(Path.Combine(TestData.Root, "tests", "Parley.Graphs.Tests", "Documentation", "WorkedExample.cs"));
        string body = source[source.IndexOf("    public sealed record Sizes", StringComparison.Ordinal)..source.LastIndexOf('}')];
        string shown = string.Join('\n', body.TrimEnd().Split('\n').Select(line => line.StartsWith("    ", StringComparison.Ordinal) ? line[4..] : line));
        Assert.Contains(shown, page, StringComparison.Ordinal);
    }

    /// <summary>The page's own steps: open, bind, compile beside the model, prefill, step. In every precision.</summary>
    [Theory]
    [InlineData("f32", 1e-5)]
    [InlineData("q8", 0.06)]
    [InlineData("q4", 0.5)]
    [InlineData("q4-fast", 0.7)]
    public void Steps_through_the_cache_equal_one_prefill(string name, double errorOfPrecision)
    {
        const int Tokens = 6;
        using Checkpoint checkpoint = Checkpoint.Open(folder.Write("model.safetensors", Model()));
        WorkedExample.Weights weights = checkpoint.Bind(root => WorkedExample.Weights.Bind(root, Sizes));
        float[] x = Plain.Random(9, Tokens, Sizes.Dim).Values;

        float[] whole = Run(Precision.Parse(name), Tokens), stepped = Run(Precision.Parse(name), 1);
        GraphCheck.Within(whole, stepped, name == "f32" ? 1e-5 : 0.05, "one row and many rows take different kernels");
        GraphCheck.Within(Run(Precision.F32, Tokens), whole, errorOfPrecision, "what the precision costs on random weights");

        float[] Run(Precision precision, int piece)
        {
            Graph graph = WorkedExample.Build(Sizes, weights, precision);
            using GraphSession session = GraphCache.For(checkpoint, folder.Path).Open(graph);
            using KeyValueBuffers buffers = new(graph.Cache!, slots: 1, capacity: 64);
            using GraphRun run = session.CreateRun();
            run.UseCache(buffers, first: 0, count: 1);
            List<float> hidden = [];
            for (int start = 0; start < Tokens; start += piece)
            {
                x.AsSpan(start * Sizes.Dim, piece * Sizes.Dim).CopyTo(run.Input("embeddings", 1, piece, Sizes.Dim).Floats);
                run.Run(TestContext.Current.CancellationToken);
                hidden.AddRange(run.Output("hidden").Floats);
            }
            return [.. hidden];
        }
    }

    private static byte[] Model()
    {
        List<(string, int[], float[])> tensors = [("norm.weight", [Sizes.Dim], Ones(Sizes.Dim))];
        int seed = 1, queries = Sizes.Heads * Sizes.HeadDim, keys = Sizes.KvHeads * Sizes.HeadDim;
        for (int i = 0; i < Sizes.Layers; i++)
        {
            tensors.Add(($"layers.{i}.attention_norm.weight", [Sizes.Dim], Ones(Sizes.Dim)));
            tensors.Add(($"layers.{i}.ffn_norm.weight", [Sizes.Dim], Ones(Sizes.Dim)));
            Add($"layers.{i}.attention.wq.weight", queries, Sizes.Dim);
            Add($"layers.{i}.attention.wk.weight", keys, Sizes.Dim);
            Add($"layers.{i}.attention.wv.weight", keys, Sizes.Dim);
            Add($"layers.{i}.attention.wo.weight", Sizes.Dim, queries);
            Add($"layers.{i}.feed_forward.w1.weight", Sizes.HiddenDim, Sizes.Dim);
            Add($"layers.{i}.feed_forward.w3.weight", Sizes.HiddenDim, Sizes.Dim);
            Add($"layers.{i}.feed_forward.w2.weight", Sizes.Dim, Sizes.HiddenDim);
        }
        return SafetensorsText.Of([.. tensors]);

        void Add(string name, int rows, int columns) =>
            tensors.Add((name, [rows, columns], [.. Plain.Random(seed++, rows, columns).Values.Select(v => v / MathF.Sqrt(columns))]));

        static float[] Ones(int count) => [.. Enumerable.Repeat(1f, count)];
    }
}
