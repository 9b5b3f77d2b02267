using System.Numerics.Tensors;
using Parley.Audio.Loudness;
using Parley.Audio.Spectra;

namespace Parley.Audio.Pitch;

/// <summary>One estimate.</summary>
/// <param name="F0Hz">The best guess of the fundamental frequency, voiced or not.</param>
/// <param name="Aperiodicity">d' at that period: 0 for a perfect repetition, around 1 for noise.</param>
/// <param name="LevelDbfs">RMS level of the frame.</param>
public readonly record struct PitchEstimate(double F0Hz, double Aperiodicity, double LevelDbfs)
{
    /// <summary>Periodic and not too soft to tell: d' below 0.2 and more than -45 dBFS.</summary>
    public bool IsVoiced => Aperiodicity < 0.2 && LevelDbfs > -45;
}

/// <summary>
/// YIN: for each frame the first period whose difference falls below a threshold. One thread at a time.
/// A. de Cheveigné, H. Kawahara, 2002, steps 1 to 5.
/// </summary>
public sealed class Yin
{
    private const double Threshold = 0.1; // the paper's, on d'

    private readonly PeriodDifference difference;
    private readonly double[] curve;
    private readonly Framing framing;
    private readonly int sampleRate, shortest;

    /// <exception cref="ArgumentException">The range makes no sense at this rate or does not fit the frames.</exception>
    public Yin(int sampleRate, PitchRange? range = null)
    {
        range ??= new();
        range.Check(sampleRate);
        this.sampleRate = sampleRate;
        shortest = range.ShortestPeriod(sampleRate);
        int longest = range.LongestPeriod(sampleRate);
        framing = Framing.Inside(range.FrameSamples, range.HopSamples);
        difference = new PeriodDifference(range.FrameSamples, longest);
        curve = new double[longest + 1];
    }

    /// <summary>Estimates of a signal of that many samples.</summary>
    public int FrameCount(int samples) => framing.Count(samples);

    /// <summary>The estimates of a whole signal; estimate t looks at samples t · hop to t · hop + frame.</summary>
    public PitchEstimate[] Track(ReadOnlySpan<float> signal)
    {
        PitchEstimate[] track = new PitchEstimate[FrameCount(signal.Length)];
        for (int t = 0; t < track.Length; t++)
            track[t] = Estimate(signal.Slice((int)framing.Start(t), framing.WindowSamples));
        return track;
    }

    /// <summary>The estimate of one frame. Allocates nothing.</summary>
    /// <exception cref="ArgumentException">The frame has another length than the range says.</exception>
    public PitchEstimate Estimate(ReadOnlySpan<float> frame)
    {
        if (frame.Length != framing.WindowSamples)
            throw new ArgumentException($"A frame of {frame.Length} samples instead of {framing.WindowSamples}.", nameof(frame));
        difference.Normalised(frame, curve);
        ReadOnlySpan<double> range = curve.AsSpan(shortest);
        int chosen = Choose(range);
        double period = shortest + chosen + Troughs.Shift(range, chosen);
        return new(sampleRate / period, range[chosen], Levels.RmsDbfs(frame));
    }

    private static int Choose(ReadOnlySpan<double> range)
    {
        for (int i = 0; i < range.Length; i++)
        {
            if (range[i] < Threshold && Troughs.IsTrough(range, i))
                return i;
        }
        return TensorPrimitives.IndexOfMin(range);
    }
}

/// <summary>The local minima of a difference curve.</summary>
internal static class Troughs
{
    /// <summary>Below the left neighbour and not above the right one; the first value counts when it is below the second.</summary>
    public static bool IsTrough(ReadOnlySpan<double> curve, int i) =>
        (i > 0 ? curve[i] < curve[i - 1] : curve.Length > 1 && curve[0] < curve[1]) && (i + 1 >= curve.Length || curve[i] <= curve[i + 1]);

    /// <summary>How far from <paramref name="i"/> the vertex of the parabola through it and its neighbours lies: within ±1; 0 at the ends.</summary>
    public static double Shift(ReadOnlySpan<double> curve, int i)
    {
        if (i == 0 || i + 1 >= curve.Length)
            return 0;
        double a = curve[i + 1] + curve[i - 1] - 2 * curve[i], b = (curve[i + 1] - curve[i - 1]) / 2;
        return Math.Abs(b) >= Math.Abs(a) ? 0 : -b / a;
    }
}
