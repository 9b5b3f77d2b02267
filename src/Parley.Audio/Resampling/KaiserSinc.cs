namespace Parley.Audio;

/// <summary>
/// The windowed sinc with Kaiser's window, sized by Kaiser's formulas from the wanted attenuation and band edges
/// (J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window function", 1974; Oppenheim and Schafer 7.6).
/// </summary>
internal static class KaiserSinc
{
    private const int MaxExactPhases = 1280; // 11,025 to 32,000 Hz: the usual rates among themselves are all exact

    /// <param name="up">The reduced output rate.</param>
    /// <param name="down">The reduced input rate.</param>
    /// <param name="passBand">Where the pass band ends, as a part of the lower Nyquist frequency.</param>
    /// <param name="stopBand">Where the stop band begins, as a part of the lower Nyquist frequency.</param>
    /// <param name="attenuationDb">How far down the stop band is; the ripple of the pass band is as small.</param>
    public static PolyphaseBank Design(int up, int down, double passBand, double stopBand, double attenuationDb)
    {
        double lowerNyquist = Math.Min(1.0, (double)up / down); // as a part of the input's
        double cutoff = lowerNyquist * (passBand + stopBand) / 2;
        double transition = Math.PI * lowerNyquist * (stopBand - passBand); // radians an input sample
        double halfWidth = (attenuationDb - 7.95) / (2.285 * transition) / 2;
        double beta = 0.1102 * (attenuationDb - 8.7);
        double scale = 1 / BesselI0(beta);

        // A straight line between rows errs by at most (pi * bandwidth / rows)^2 / 8 of full scale: -130 dB for 2048 rows at
        // full bandwidth, and the narrower the band, the fewer rows do. The table then stays in the cache, however odd the ratio.
        int blendPhases = Math.Max(32, (int)Math.Ceiling(2048 * lowerNyquist));
        int phases = up <= MaxExactPhases ? up : blendPhases;
        return PolyphaseBank.Create(up, down, halfWidth, phases, (phase, left, row) =>
        {
            double sum = 0;
            Span<double> exact = row.Length <= 1024 ? stackalloc double[row.Length] : new double[row.Length];
            for (int k = 0; k < row.Length; k++)
            {
                double distance = k - left - phase;
                double place = distance / halfWidth;
                exact[k] = Math.Abs(place) >= 1 ? 0 : Sinc(cutoff * distance) * BesselI0(beta * Math.Sqrt(1 - place * place)) * scale;
                sum += exact[k];
            }

            // Every row passes a constant unchanged; otherwise the rows would stamp their differences on it as a tone.
            for (int k = 0; k < row.Length; k++)
                row[k] = (float)(exact[k] / sum);
        });
    }

    private static double Sinc(double x) => x == 0 ? 1 : Math.Sin(Math.PI * x) / (Math.PI * x);

    /// <summary>The modified Bessel function of order zero, by its power series.</summary>
    private static double BesselI0(double x)
    {
        double term = 1, sum = 1, square = x * x / 4;
        for (int k = 1; term > 1e-17 * sum; k++)
        {
            term *= square / ((double)k * k);
            sum += term;
        }
        return sum;
    }
}
