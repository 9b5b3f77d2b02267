using System.Numerics.Tensors;

namespace Parley.Audio.Loudness;

/// <summary>Plain levels of a signal, without weighting by ear, and what is scaled by them.</summary>
public static class Levels
{
    /// <summary>The root of the mean square, relative to a full-scale square wave, in dB; minus infinity for silence.</summary>
    public static double RmsDbfs(ReadOnlySpan<float> signal) => 10 * Math.Log10(signal.IsEmpty ? 0 : Energy(signal) / signal.Length);

    /// <summary>The largest absolute sample in dB below full scale; minus infinity for silence.</summary>
    public static double PeakDbfs(ReadOnlySpan<float> signal) =>
        signal.IsEmpty ? double.NegativeInfinity : 20 * Math.Log10(Math.Abs((double)TensorPrimitives.MaxMagnitude(signal)));

    /// <summary>Multiplies a signal so that its <see cref="RmsDbfs"/> is at least <paramref name="levelDbfs"/>, in place; louder ones and silence stay.</summary>
    public static void RaiseTo(double levelDbfs, Span<float> signal)
    {
        double rms = RmsDbfs(signal);
        if (rms < levelDbfs && double.IsFinite(rms))
            TensorPrimitives.Multiply(signal, (float)Math.Pow(10, (levelDbfs - rms) / 20), signal);
    }

    /// <summary>Brings a signal to mean 0 and variance 1, in place: (x - μ) / √(σ² + 1e-7) with the biased σ².</summary>
    public static void Standardise(Span<float> signal)
    {
        double mean = 0, squares = 0;
        foreach (float sample in signal)
            mean += sample;
        mean /= signal.Length;
        foreach (float sample in signal)
            squares += (sample - mean) * (sample - mean);
        double scale = 1 / Math.Sqrt(squares / signal.Length + 1e-7);
        for (int n = 0; n < signal.Length; n++)
            signal[n] = (float)((signal[n] - mean) * scale);
    }

    // In f32 within blocks, in double over them: as exact as all in double, to 1e-7.
    private static double Energy(ReadOnlySpan<float> signal)
    {
        const int BlockSamples = 1024;
        double energy = 0;
        for (; signal.Length > BlockSamples; signal = signal[BlockSamples..])
            energy += TensorPrimitives.SumOfSquares(signal[..BlockSamples]);
        return energy + TensorPrimitives.SumOfSquares(signal);
    }
}
