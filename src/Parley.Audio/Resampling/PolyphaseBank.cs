namespace Parley.Audio;

/// <summary>
/// The continuous impulse response of a resampling filter, sampled once for every position that an output can have between
/// two inputs. Output n of rate <c>Up / Down</c> lies at n * Down / Up input samples: at a whole part i and a phase p / Up.
/// It is the sum over k of <c>row(p)[k] * x[i - Left + k]</c>.
/// </summary>
/// <param name="Up">Outputs in one period of the pattern; the reduced output rate.</param>
/// <param name="Down">Inputs in one period of the pattern; the reduced input rate.</param>
/// <param name="Left">Inputs that are used before the whole part of the position.</param>
/// <param name="Right">Inputs that are used after it: what must have arrived before the output can be made.</param>
/// <param name="Phases">
/// Rows of the table. Equal to <paramref name="Up"/>, a row belongs to each output of the period, in the order of the outputs. Where
/// that would be too many, the rows stand at p / Phases for p = 0 to Phases, and an output is blended from its two neighbours.
/// </param>
/// <param name="Rows">[rows, Taps], row-major; filled up with zeros in front to the length that <see cref="OrderedDot"/> asks for.</param>
internal sealed record PolyphaseBank(int Up, int Down, int Left, int Right, int Phases, float[] Rows)
{
    public int Taps => Left + Right + 1;

    public bool IsBlended => Phases != Up;

    /// <summary>Fills the rows of a bank from the filter's continuous impulse response.</summary>
    /// <param name="up">The reduced output rate.</param>
    /// <param name="down">The reduced input rate.</param>
    /// <param name="halfWidth">The response is zero at and beyond this distance, in input samples.</param>
    /// <param name="phases"><paramref name="up"/>, or how many rows an output shall be blended from.</param>
    /// <param name="row">Fills a row: (phase, inputs before the whole part, coefficients).</param>
    public static PolyphaseBank Create(int up, int down, double halfWidth, int phases, Action<double, int, Span<float>> row)
    {
        int left = (int)halfWidth, right = left + 1;
        int padding = (OrderedDot.Alignment - (left + right + 1) % OrderedDot.Alignment) % OrderedDot.Alignment;
        int taps = padding + left + right + 1;
        bool isBlended = phases != up;
        float[] rows = new float[(isBlended ? phases + 1 : phases) * taps];
        for (int p = 0; p * taps < rows.Length; p++)
        {
            double phase = isBlended ? (double)p / phases : (double)((long)p * down % up) / up;
            row(phase, left, rows.AsSpan(p * taps + padding, taps - padding));
        }
        return new PolyphaseBank(up, down, left + padding, right, phases, rows);
    }
}
