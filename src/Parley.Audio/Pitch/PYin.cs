using System.Numerics.Tensors;
using Parley.Audio.Spectra;

namespace Parley.Audio.Pitch;

/// <summary>One estimate of <see cref="PYin"/>.</summary>
/// <param name="F0Hz">The fundamental frequency, on a grid of a tenth of a semitone; NaN where the frame is unvoiced.</param>
/// <param name="VoicedProbability">How sure the frame is to be voiced, 0 to 1, before its neighbours are heard.</param>
public readonly record struct VoicedPitch(double F0Hz, double VoicedProbability)
{
    public bool IsVoiced => !double.IsNaN(F0Hz);
}

/// <summary>
/// Probabilistic YIN: every threshold of YIN votes for a period, and the most probable path through the frames, voiced and
/// unvoiced, is taken. Slower than YIN and without its octave jumps. One thread at a time.
/// M. Mauch, S. Dixon, "pYIN: a fundamental frequency estimator using probabilistic threshold distributions", 2014, with the
/// constants and the order of steps of librosa/librosa: librosa/core/pitch.py, but with the paper's difference function and
/// without leaving out improbable transitions.
/// </summary>
public sealed class PYin
{
    private const int Thresholds = 100;
    private const double BoltzmannParameter = 2;      // later troughs get e^-2 less each
    private const double NoTroughProbability = 0.01;  // for the lowest trough where no threshold is reached
    private const int BinsASemitone = 10;
    private const double MaxOctavesASecond = 35.92;
    private const double SwitchProbability = 0.01;    // between voiced and unvoiced

    // Threshold m / 100 has the weight that the beta distribution with parameters 2 and 18 has between it and the one before.
    private static readonly double[] ThresholdWeights = [.. Enumerable.Range(1, Thresholds)
        .Select(m => BetaDistribution((double)m / Thresholds) - BetaDistribution((double)(m - 1) / Thresholds))];

    private readonly PitchRange range;
    private readonly int sampleRate, shortest, bins;
    private readonly Framing framing;
    private readonly PeriodDifference difference;
    private readonly double[] curve, stay, change;
    private readonly int[] troughs;

    /// <param name="sampleRate">In Hz.</param>
    /// <param name="range">The hop is usually a quarter of the frame here; frames are centred, with silence beyond the ends.</param>
    /// <exception cref="ArgumentException">The range makes no sense at this rate or does not fit the frames.</exception>
    public PYin(int sampleRate, PitchRange? range = null)
    {
        this.range = range ?? new() { HopSamples = 512 };
        this.range.Check(sampleRate);
        this.sampleRate = sampleRate;
        shortest = this.range.ShortestPeriod(sampleRate);
        int longest = this.range.LongestPeriod(sampleRate);
        difference = new PeriodDifference(this.range.FrameSamples, longest);
        curve = new double[longest + 1];
        troughs = new int[curve.Length];
        framing = Framing.Centred(this.range.FrameSamples, this.range.HopSamples, SignalPadding.Zeros);
        bins = (int)Math.Floor(12 * BinsASemitone * Math.Log2(this.range.MaxHz / this.range.MinHz)) + 1;
        (stay, change) = Transitions();
    }

    /// <summary>Estimates of a signal of that many samples.</summary>
    public int FrameCount(int samples) => framing.Count(samples);

    /// <summary>The estimates of a whole signal; estimate t is centred on sample t · hop.</summary>
    public VoicedPitch[] Track(ReadOnlySpan<float> signal)
    {
        int frames = FrameCount(signal.Length);
        double[] observations = new double[frames * bins], voiced = new double[frames];
        float[] frame = new float[framing.WindowSamples];
        for (int t = 0; t < frames; t++)
        {
            SignalView.Whole(signal).Copy(framing.Start(t), framing.Padding, frame);
            Span<double> observation = observations.AsSpan(t * bins, bins);
            Observe(frame, observation);
            voiced[t] = Math.Clamp(TensorPrimitives.Sum<double>(observation), 0, 1);
        }
        int[] path = MostProbablePath(observations, voiced);
        VoicedPitch[] track = new VoicedPitch[frames];
        for (int t = 0; t < frames; t++)
            track[t] = new(path[t] < bins ? range.MinHz * Math.Pow(2, path[t] / (12.0 * BinsASemitone)) : double.NaN, voiced[t]);
        return track;
    }

    // The probability of each pitch: troughs below a threshold share its weight, earlier ones getting most.
    private void Observe(ReadOnlySpan<float> frame, Span<double> observation)
    {
        difference.Normalised(frame, curve);
        ReadOnlySpan<double> candidates = curve.AsSpan(shortest);
        int count = 0, lowest = -1;
        for (int i = 0; i < candidates.Length; i++)
        {
            if (!Troughs.IsTrough(candidates, i))
                continue;
            if (lowest < 0 || candidates[i] < candidates[lowest])
                lowest = i;
            troughs[count++] = i;
        }
        foreach (int i in troughs.AsSpan(0, count))
        {
            double probability = 0;
            for (int m = 1; m <= Thresholds; m++)
            {
                double threshold = (double)m / Thresholds;
                if (candidates[i] < threshold)
                    probability += ThresholdWeights[m - 1] * Prior(candidates, troughs.AsSpan(0, count), i, threshold);
                else if (i == lowest)
                    probability += NoTroughProbability * ThresholdWeights[m - 1];
            }
            double hz = sampleRate / (shortest + i + Troughs.Shift(candidates, i));
            int bin = (int)Math.Round(12 * BinsASemitone * Math.Log2(hz / range.MinHz));
            observation[Math.Clamp(bin, 0, bins - 1)] = probability; // of two troughs in one bin the later counts, as in the original
        }
    }

    // Boltzmann's distribution over the troughs below the threshold, in the order of their periods.
    private static double Prior(ReadOnlySpan<double> candidates, ReadOnlySpan<int> troughs, int trough, double threshold)
    {
        int number = 0, count = 0;
        foreach (int i in troughs)
        {
            if (candidates[i] >= threshold)
                continue;
            if (i < trough)
                number++;
            count++;
        }
        return (1 - Math.Exp(-BoltzmannParameter)) * Math.Exp(-BoltzmannParameter * number) / (1 - Math.Exp(-BoltzmannParameter * count));
    }

    // Log probabilities of moving from pitch bin to pitch bin [from, offset in the triangle], with and without a change of voicing.
    private (double[] Stay, double[] Change) Transitions()
    {
        int reach = Reach;
        double[] same = new double[bins * (2 * reach + 1)], switched = new double[same.Length];
        for (int from = 0; from < bins; from++)
        {
            double sum = 0;
            for (int offset = -reach; offset <= reach; offset++)
                sum += from + offset >= 0 && from + offset < bins ? Triangle(offset) : 0;
            for (int offset = -reach; offset <= reach; offset++)
            {
                int at = from * (2 * reach + 1) + offset + reach;
                double probability = from + offset >= 0 && from + offset < bins ? Triangle(offset) / sum : 0;
                same[at] = Math.Log((1 - SwitchProbability) * probability);
                switched[at] = Math.Log(SwitchProbability * probability);
            }
        }
        return (same, switched);

        double Triangle(int offset) => 1 - Math.Abs(offset) / (reach + 1.0);
    }

    // Bins that the pitch may move in one hop.
    private int Reach => (int)Math.Round(MaxOctavesASecond * 12 * range.HopSamples / sampleRate) * BinsASemitone / 2;

    // Viterbi over the states: pitch bins voiced, then the same unvoiced.
    private int[] MostProbablePath(ReadOnlySpan<double> observations, ReadOnlySpan<double> voiced)
    {
        const double Tiny = 2.2250738585072014e-308; // the smallest normal double, so that log 0 stays finite
        int frames = voiced.Length, states = 2 * bins, reach = Reach;
        int[] from = new int[frames * states], path = new int[frames];
        double[] score = new double[states], next = new double[states];
        if (frames == 0)
            return path;
        for (int t = 0; t < frames; t++)
        {
            for (int state = 0; state < states; state++)
            {
                double observed = Math.Log((state < bins ? observations[t * bins + state] : (1 - voiced[t]) / bins) + Tiny);
                if (t == 0)
                {
                    next[state] = observed - Math.Log(states);
                    continue;
                }
                (double best, int source) = Best(score, state, reach);
                next[state] = best + observed;
                from[t * states + state] = source;
            }
            (score, next) = (next, score);
        }
        path[^1] = TensorPrimitives.IndexOfMax<double>(score);
        for (int t = frames - 1; t > 0; t--)
            path[t - 1] = from[t * states + path[t]];
        return path;
    }

    private (double Score, int Source) Best(double[] score, int state, int reach)
    {
        int bin = state % bins;
        bool isVoiced = state < bins;
        double best = double.NegativeInfinity;
        int source = state;
        for (int origin = Math.Max(0, bin - reach); origin <= Math.Min(bins - 1, bin + reach); origin++)
        {
            int at = origin * (2 * reach + 1) + bin - origin + reach;
            double fromVoiced = score[origin] + (isVoiced ? stay : change)[at], fromUnvoiced = score[bins + origin] + (isVoiced ? change : stay)[at];
            if (fromVoiced > best)
                (best, source) = (fromVoiced, origin);
            if (fromUnvoiced > best)
                (best, source) = (fromUnvoiced, bins + origin);
        }
        return (best, source);
    }

    // The cumulative distribution of beta(2, 18): P(at least 2 of 19 uniform draws are below x).
    private static double BetaDistribution(double x) => 1 - Math.Pow(1 - x, 19) - 19 * x * Math.Pow(1 - x, 18);
}
