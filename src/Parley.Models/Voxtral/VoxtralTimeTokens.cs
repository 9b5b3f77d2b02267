using System.Numerics.Tensors;
using Parley.Graphs;

namespace Parley.Models.Voxtral;

/// <summary>
/// The time tokens of the flow matching: constants of the number of steps, computed once and shared by all batches. Thread-safe.
/// </summary>
internal sealed class VoxtralTimeTokens(VoxtralConfig config, GraphSession entry, Weight timeProjection)
{
    private readonly Lock gate = new();
    private readonly Dictionary<int, Step[]> known = []; // by the number of steps

    /// <summary>A step's time after its projection, and what the first layer makes of it.</summary>
    public sealed record Step(float[] Token, float[] Projections);

    /// <summary>The tokens of the times 0, 1/steps ... (steps - 1)/steps.</summary>
    public Step[] Of(int steps, CancellationToken cancel)
    {
        lock (gate)
            return known.TryGetValue(steps, out Step[]? tokens) ? tokens : known[steps] = Compute(steps, cancel);
    }

    private Step[] Compute(int steps, CancellationToken cancel)
    {
        int dim = config.Acoustic.Dim, projectionDim = config.Acoustic.ProjectionDim;
        float[] weight = timeProjection.ReadF32(), embedded = new float[dim], tokens = new float[steps * dim];
        for (int step = 0; step < steps; step++)
        {
            Embed((float)step / steps, embedded);
            for (int row = 0; row < dim; row++)
                tokens[step * dim + row] = TensorPrimitives.Dot(weight.AsSpan(row * dim, dim), embedded);
        }
        using GraphRun run = entry.CreateRun();
        run.Input("x", 1, config.AudioModel.NAcousticCodebook); // a row of zeros that nobody reads
        tokens.CopyTo(run.Input("tokens", steps, dim).Floats);
        run.Run(cancel);
        float[] made = run.Output("projections").Floats[projectionDim..].ToArray();
        return [.. Enumerable.Range(0, steps).Select(step =>
            new Step(tokens[(step * dim)..((step + 1) * dim)], made[(step * projectionDim)..((step + 1) * projectionDim)]))];
    }

    /// <summary>τ(t): cosines of t · f_j, then sines, f_j = 10000^(-2j / dim). t as it is, 0 to 1.</summary>
    internal static void Embed(float t, Span<float> embedding)
    {
        int half = embedding.Length / 2;
        for (int j = 0; j < half; j++)
        {
            float frequency = MathF.Exp(-MathF.Log(10_000) * j / half);
            embedding[j] = MathF.Cos(t * frequency);
            embedding[half + j] = MathF.Sin(t * frequency);
        }
    }
}
