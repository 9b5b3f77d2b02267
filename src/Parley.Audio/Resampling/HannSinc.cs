namespace Parley.Audio;

/// <summary>
/// The windowed sinc of torchaudio (pytorch/audio: src/torchaudio/functional/functional.py, <c>_get_sinc_resample_kernel</c> with
/// <c>sinc_interp_hann</c>): <c>h(t) = sinc(t) cos^2(pi t / 2w) base / down</c> for |t| below w, with t in periods of
/// <c>base = rolloff * min(up, down)</c>. It is not normalised, and its stop band is shallow; models heard their training data through it.
/// </summary>
internal static class HannSinc
{
    private const int LowpassFilterWidth = 6; // zero crossings on each side
    private const double Rolloff = 0.99;
    private const int MaxCoefficients = 8 * 1024 * 1024;

    /// <summary>The kernel as <c>transforms.Resample</c> makes it: in double precision, rounded at the end.</summary>
    public static PolyphaseBank Design(int up, int down)
    {
        double rate = Math.Min(up, down) * Rolloff;
        return Create(up, down, (output, input) =>
        {
            double t = ((double)input / down - (double)output / up) * rate;
            double window = Math.Pow(Math.Cos(t * Math.PI / LowpassFilterWidth / 2), 2);
            return (float)(Sinc(t * Math.PI) * window * (rate / down));
        });
        static double Sinc(double x) => x == 0 ? 1 : Math.Sin(x) / x;
    }

    /// <summary>The kernel as <c>functional.resample</c> makes it from float samples: every step in single precision.</summary>
    public static PolyphaseBank DesignInSingle(int up, int down)
    {
        double rate = Math.Min(up, down) * Rolloff;
        return Create(up, down, (output, input) =>
        {
            float t = (-output / (float)up + input / (float)down) * (float)rate;
            float window = MathF.Cos(t * MathF.PI / LowpassFilterWidth / 2);
            return Sinc(t * MathF.PI) * (window * window * (float)(rate / down));
        });
        static float Sinc(float x) => x == 0 ? 1 : MathF.Sin(x) / x;
    }

    // The reference counts an output's inputs from the start of the period; here they are counted from the output itself.
    private static PolyphaseBank Create(int up, int down, Func<int, int, float> kernel)
    {
        double halfWidth = LowpassFilterWidth * down / (Math.Min(up, down) * Rolloff);
        if (up * (2 * halfWidth + OrderedDot.Alignment) > MaxCoefficients)
        {
            throw new ArgumentException($"The ratio {up}:{down} has too many phases for a torchaudio filter, which cannot blend them: "
                + "resample in two steps, or take the default filter.");
        }
        int output = 0;
        return PolyphaseBank.Create(up, down, halfWidth, phases: up, (phase, left, row) =>
        {
            int whole = (int)((long)output * down / up);
            for (int k = 0; k < row.Length; k++)
            {
                bool isInside = Math.Abs(k - left - phase) < halfWidth;
                row[k] = isInside ? kernel(output, whole + k - left) : 0;
            }
            output++;
        });
    }
}
