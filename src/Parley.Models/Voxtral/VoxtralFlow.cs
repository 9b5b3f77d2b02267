using Parley.Graphs;

namespace Parley.Models.Voxtral;

/// <summary>What one row of a batch asks of the flow matching.</summary>
/// <param name="Alpha">Weight of the guided direction: 1 is no guidance, 1.2 the reference's default.</param>
/// <param name="Steps">Euler steps.</param>
internal readonly record struct FlowOptions(float Alpha, int Steps);

/// <summary>
/// Flow matching: from noise to the acoustic codes of a frame by Euler steps along the guided velocity
/// v = α·V(x, t, h) + (1 - α)·V(x, t, 0), for a batch of frames whose hidden states are in hand.
/// </summary>
internal sealed class VoxtralFlow : IDisposable
{
    private readonly VoxtralTimeTokens timeTokens;
    private readonly int books;
    private readonly int dim;
    private readonly int projectionDim;

    private readonly GraphRun firstEntry; // x and the hidden states' tokens
    private readonly GraphRun nextEntry;  // x alone
    private readonly GraphRun velocity;

    public VoxtralFlow(VoxtralConfig config, GraphSession entry, GraphSession flow, VoxtralTimeTokens timeTokens)
    {
        this.timeTokens = timeTokens;
        books = config.AudioModel.NAcousticCodebook;
        dim = config.Acoustic.Dim;
        projectionDim = config.Acoustic.ProjectionDim;
        firstEntry = entry.CreateRun();
        nextEntry = entry.CreateRun();
        velocity = flow.CreateRun();
    }

    /// <summary>The run of the transformer, for comparisons.</summary>
    internal GraphRun Velocity => velocity;

    /// <summary>Called after every step, for comparisons: step, x before it, velocities of all branches.</summary>
    internal Action<int, ReadOnlySpan<float>, ReadOnlySpan<float>>? Observe { get; set; }

    /// <summary>Moves every row of <paramref name="x"/> from noise to its acoustic values.</summary>
    /// <param name="llm">The hidden states' tokens, [rows, dim] (<see cref="VoxtralAcousticGraph.BuildHead"/>).</param>
    /// <param name="x">[rows, books]: noise on the way in; on the way out the result, not yet clamped.</param>
    /// <param name="options">Guidance and steps; the same for all rows.</param>
    /// <param name="cancel">Looked at in every step.</param>
    public void Integrate(ReadOnlySpan<float> llm, Span<float> x, FlowOptions options, CancellationToken cancel)
    {
        int rows = x.Length / books, branches = options.Alpha == 1 ? 1 : 2; // at 1 the unguided branch has no weight
        VoxtralTimeTokens.Step[] times = timeTokens.Of(options.Steps, cancel);
        SessionTensor tokens = velocity.Input("tokens", branches * rows, VoxtralAcousticGraph.Tokens, dim);
        SessionTensor projections = velocity.Input("projections", branches * rows, VoxtralAcousticGraph.Tokens, projectionDim);
        for (int step = 0; step < options.Steps; step++)
        {
            GraphRun run = step == 0 ? firstEntry : nextEntry;
            x.CopyTo(run.Input("x", rows, books).Floats);
            SessionTensor others = run.Input("tokens", step == 0 ? rows : 0, dim);
            if (step == 0)
                llm.CopyTo(others.Floats);
            run.Run(cancel);
            ReadOnlySpan<float> xTokens = run.Output("x_token").Floats, made = run.Output("projections").Floats;
            for (int branch = 0; branch < branches * rows; branch++)
            {
                int row = branch % rows;
                Set(tokens.Floats, branch, 0, dim, xTokens.Slice(row * dim, dim));
                Set(projections.Floats, branch, 0, projectionDim, made.Slice(row * projectionDim, projectionDim));
                Set(tokens.Floats, branch, 1, dim, times[step].Token);
                Set(projections.Floats, branch, 1, projectionDim, times[step].Projections);
                if (step > 0)
                    continue;
                bool isGuided = branch < rows; // the other half sees zeros, whose norm and projections are zeros
                Set(tokens.Floats, branch, 2, dim, isGuided ? llm.Slice(row * dim, dim) : []);
                Set(projections.Floats, branch, 2, projectionDim, isGuided ? made.Slice((rows + row) * projectionDim, projectionDim) : []);
            }
            velocity.Run(cancel);
            ReadOnlySpan<float> v = velocity.Output("velocity").Floats;
            Observe?.Invoke(step, x, v);
            Advance(x, v, options.Alpha, 1f / options.Steps);
        }
    }

    /// <summary>x ← x + dt · (α·v_guided + (1 - α)·v_unguided).</summary>
    private static void Advance(Span<float> x, ReadOnlySpan<float> v, float alpha, float dt)
    {
        for (int i = 0; i < x.Length; i++)
        {
            float guided = alpha == 1 ? v[i] : alpha * v[i] + (1 - alpha) * v[x.Length + i];
            x[i] += guided * dt;
        }
    }

    /// <summary>Puts a token's values into [branches, 3, width]; none are zeros.</summary>
    private static void Set(Span<float> all, int branch, int token, int width, ReadOnlySpan<float> values)
    {
        Span<float> target = all.Slice((branch * VoxtralAcousticGraph.Tokens + token) * width, width);
        if (values.IsEmpty)
            target.Clear();
        else
            values.CopyTo(target);
    }

    public void Dispose()
    {
        firstEntry.Dispose();
        nextEntry.Dispose();
        velocity.Dispose();
    }
}
