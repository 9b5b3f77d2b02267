using System.Numerics;

namespace Parley.Audio.Spectra;

/// <summary>How frequencies are bent so that equal steps sound equal.</summary>
public enum MelScale
{
    /// <summary>Slaney's Auditory Toolbox, librosa's default: linear below 1 kHz, logarithmic above.</summary>
    Slaney,

    /// <summary>HTK's: 2595 log10(1 + f / 700). Kaldi's 1127 ln(1 + f / 700) is the same curve.</summary>
    Htk,
}

/// <summary>How high the triangles are.</summary>
public enum MelNorm
{
    /// <summary>All reach 1.</summary>
    None,

    /// <summary>All have the same area over Hz: 2 / width. librosa's <c>norm="slaney"</c>.</summary>
    Area,
}

/// <summary>On which axis the flanks of a triangle are straight.</summary>
public enum MelFlanks
{
    StraightInHz,

    /// <summary>Kaldi's.</summary>
    StraightInMel,
}

/// <summary>A bank of triangular filters, equally spaced on a mel scale, neighbours meeting at each other's feet.</summary>
public sealed record MelFilterBank
{
    /// <summary>Filters.</summary>
    public required int Count { get; init; }

    public required MelScale Scale { get; init; }

    public required MelNorm Norm { get; init; }

    public MelFlanks Flanks { get; init; } = MelFlanks.StraightInHz;

    /// <summary>Where the first filter begins, in Hz.</summary>
    public double MinHz { get; init; }

    /// <summary>Where the last filter ends, in Hz.</summary>
    public required double MaxHz { get; init; }

    /// <summary>The weights [Count, fftLength / 2 + 1], computed in double and rounded.</summary>
    /// <exception cref="ArgumentException">No filters, or limits that are not in order below half the sample rate.</exception>
    public float[] Weights(int sampleRate, int fftLength)
    {
        if (Count < 1 || MinHz < 0 || MaxHz <= MinHz || MaxHz > sampleRate / 2.0)
            throw new ArgumentException($"{Count} mel filters from {MinHz} to {MaxHz} Hz cannot be made at a sample rate of {sampleRate} Hz.");
        int bins = fftLength / 2 + 1;
        double[] edges = Edges();
        float[] weights = new float[Count * bins];
        for (int mel = 0; mel < Count; mel++)
        {
            double height = Norm == MelNorm.Area ? 2 / (edges[mel + 2] - edges[mel]) : 1;
            double left = Axis(edges[mel]), centre = Axis(edges[mel + 1]), right = Axis(edges[mel + 2]);
            for (int bin = 0; bin < bins; bin++)
            {
                double at = Axis((double)bin * sampleRate / fftLength);
                float triangle = (float)Math.Max(0, Math.Min((at - left) / (centre - left), (right - at) / (right - centre)));
                weights[mel * bins + bin] = (float)(height * triangle); // rounded twice, as librosa does
            }
        }
        return weights;
    }

    /// <summary>The feet and tips of the triangles in Hz: filter m begins at [m], peaks at [m + 1], ends at [m + 2].</summary>
    public double[] Edges()
    {
        double low = ToMel(Scale, MinHz), high = ToMel(Scale, MaxHz);
        double[] edges = new double[Count + 2];
        for (int i = 0; i < edges.Length; i++)
            edges[i] = ToHz(Scale, low + (high - low) * i / (Count + 1));
        return edges;
    }

    /// <summary>Hz to mel.</summary>
    public static double ToMel(MelScale scale, double hz) => scale == MelScale.Htk
        ? 2595 * Math.Log10(1 + hz / 700)
        : hz < 1000 ? hz * 3 / 200 : 15 + 27 * Math.Log(hz / 1000) / Math.Log(6.4);

    /// <summary>Mel to Hz.</summary>
    public static double ToHz(MelScale scale, double mel) => scale == MelScale.Htk
        ? 700 * (Math.Pow(10, mel / 2595) - 1)
        : mel < 15 ? mel * 200 / 3 : 1000 * Math.Exp((mel - 15) * Math.Log(6.4) / 27);

    private double Axis(double hz) => Flanks == MelFlanks.StraightInMel ? ToMel(Scale, hz) : hz;
}

/// <summary>A bank's weights without the zeros at both ends of each filter, applied to several spectra side by side.</summary>
internal sealed class MelFilters
{
    private readonly (int FirstBin, int Count, int At)[] filters;
    private readonly float[] weights;

    /// <param name="matrix">[mels, bins]; may hold any values, a checkpoint's for example.</param>
    /// <param name="bins">Columns of the matrix.</param>
    public MelFilters(ReadOnlySpan<float> matrix, int bins)
    {
        filters = new (int, int, int)[matrix.Length / bins];
        List<float> kept = [];
        for (int mel = 0; mel < filters.Length; mel++)
        {
            ReadOnlySpan<float> row = matrix.Slice(mel * bins, bins);
            int first = row.IndexOfAnyExcept(0f), last = row.LastIndexOfAnyExcept(0f);
            filters[mel] = first < 0 ? (0, 0, 0) : (first, last - first + 1, kept.Count);
            if (first >= 0)
                kept.AddRange(row[first..(last + 1)]);
        }
        weights = [.. kept];
    }

    /// <summary>From spectra [bins, Stft.Lanes] to [mels, Stft.Lanes].</summary>
    public void Apply(ReadOnlySpan<float> spectra, Span<float> mels)
    {
        for (int mel = 0; mel < filters.Length; mel++)
        {
            (int firstBin, int count, int at) = filters[mel];
            ReadOnlySpan<float> row = weights.AsSpan(at, count);
            for (int lane = 0; lane < Stft.Lanes; lane += Vector<float>.Count)
            {
                // Two sums, so that one addition need not wait for the other.
                Vector<float> sum = Vector<float>.Zero, other = Vector<float>.Zero;
                int place = firstBin * Stft.Lanes + lane, i = 0;
                for (; i + 1 < row.Length; i += 2, place += 2 * Stft.Lanes)
                {
                    sum = Vector.FusedMultiplyAdd(Vector.Create(row[i]), Vector.Create(spectra[place..]), sum);
                    other = Vector.FusedMultiplyAdd(Vector.Create(row[i + 1]), Vector.Create(spectra[(place + Stft.Lanes)..]), other);
                }
                if (i < row.Length)
                    sum = Vector.FusedMultiplyAdd(Vector.Create(row[i]), Vector.Create(spectra[place..]), sum);
                (sum + other).CopyTo(mels[(mel * Stft.Lanes + lane)..]);
            }
        }
    }
}
