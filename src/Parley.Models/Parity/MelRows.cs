namespace Parley.Models.Parity;

/// <summary>
/// Compares mel levels in two rows: what can be heard, and what is faint. A transform in f32 leaves errors of about 1e-7 of a
/// window's whole energy in every bin, which the logarithm magnifies where little energy is: in bands 70 dB below the loudest the
/// stored values are themselves up to 3e-5 away from those of a computation in double, ours up to 1e-5.
/// </summary>
internal static class MelRows
{
    /// <param name="stage">What is compared.</param>
    /// <param name="expected">Stored values.</param>
    /// <param name="found">Ours.</param>
    /// <param name="isFaint">For each of them, whether it counts as faint.</param>
    /// <param name="tolerance">Of what can be heard.</param>
    /// <param name="faintTolerance">Of what is faint.</param>
    public static IEnumerable<ParityRow> Compare(string stage, float[] expected, float[] found, bool[] isFaint, double tolerance, double faintTolerance)
    {
        yield return ParityRow.Within(stage, expected, Only(expected, found, isFaint, faint: false), tolerance);
        if (isFaint.Contains(true))
            yield return ParityRow.Within($"{stage}, faint bands", expected, Only(expected, found, isFaint, faint: true), faintTolerance);
    }

    /// <summary>Which levels of [bands, melFrames] stand more than a distance below the loudest band of their melFrame.</summary>
    public static bool[] FarBelowLoudest(float[] levels, int bands, float distance)
    {
        int frames = levels.Length / bands;
        bool[] isFaint = new bool[levels.Length];
        for (int t = 0; t < frames; t++)
        {
            float loudest = Enumerable.Range(0, bands).Max(band => levels[band * frames + t]);
            for (int band = 0; band < bands; band++)
                isFaint[band * frames + t] = levels[band * frames + t] < loudest - distance;
        }
        return isFaint;
    }

    // Values of the other kind are replaced by the expected ones; a wrong number of values stays wrong.
    private static float[] Only(float[] expected, float[] found, bool[] isFaint, bool faint)
    {
        if (found.Length != expected.Length || isFaint.Length != expected.Length)
            return found;
        return [.. found.Select((value, i) => isFaint[i] == faint ? value : expected[i])];
    }
}
