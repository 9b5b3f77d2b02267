using System.Numerics.Tensors;

namespace Parley.Audio.Spectra;

/// <summary>A stretch of a signal that may still be growing, addressed by positions in the whole.</summary>
/// <param name="samples">The stretch at hand.</param>
/// <param name="first">Position of its first sample.</param>
/// <param name="total">Samples of the whole signal, so far: mirroring at the end and silence after it begin here.</param>
internal readonly ref struct SignalView(ReadOnlySpan<float> samples, long first, long total)
{
    private readonly ReadOnlySpan<float> samples = samples;

    public static SignalView Whole(ReadOnlySpan<float> signal) => new(signal, 0, signal.Length);

    /// <summary>Copies the signal from <paramref name="start"/> on; before its beginning and after its end stands the padding.</summary>
    public void Copy(long start, SignalPadding padding, Span<float> target)
    {
        if (start >= 0 && start + target.Length <= total)
        {
            samples.Slice((int)(start - first), target.Length).CopyTo(target);
            return;
        }
        for (int n = 0; n < target.Length; n++)
            target[n] = TryPlace(start + n, padding, out long at) ? this[at] : 0;
    }

    /// <summary>As <see cref="Copy"/>, of the pre-emphasised signal x[n] - a x[n-1]; the padding comes after the emphasis.</summary>
    public void CopyEmphasised(long start, SignalPadding padding, PreEmphasis emphasis, Span<float> target)
    {
        float a = (float)emphasis.Coefficient;
        if (start >= 1 && start + target.Length <= total)
        {
            ReadOnlySpan<float> now = samples.Slice((int)(start - first), target.Length), before = samples.Slice((int)(start - first - 1), target.Length);
            TensorPrimitives.Multiply(before, -a, target);
            TensorPrimitives.Add(target, now, target);
            return;
        }
        for (int n = 0; n < target.Length; n++)
            target[n] = TryPlace(start + n, padding, out long at) ? this[at] - a * Predecessor(at, emphasis.Edge) : 0;
    }

    private float this[long at] => samples[(int)(at - first)];

    private float Predecessor(long at, PreEmphasisEdge edge) => at > 0 ? this[at - 1] : edge switch
    {
        PreEmphasisEdge.Repeated => this[0],
        PreEmphasisEdge.Mirrored => total > 1 ? this[1] : this[0],
        _ => 0,
    };

    private bool TryPlace(long position, SignalPadding padding, out long at)
    {
        at = position;
        if (padding == SignalPadding.Reflect)
            at = at < 0 ? -at : at >= total ? 2 * (total - 1) - at : at;
        return at >= 0 && at < total;
    }
}
