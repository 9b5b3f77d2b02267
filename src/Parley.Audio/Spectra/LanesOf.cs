namespace Parley.Audio.Spectra;

/// <summary>Moves samples and bins between their own arrays and the interleaved ones of a <see cref="RealFft"/> with several lanes.</summary>
internal static class LanesOf
{
    /// <summary>Puts one signal into its lane.</summary>
    public static void Scatter(ReadOnlySpan<float> signal, int lane, RealFft fft)
    {
        Span<float> even = fft.EvenSamples[lane..], odd = fft.OddSamples[lane..];
        int lanes = fft.Lanes;
        for (int n = 0, at = 0; n < signal.Length - 1; n += 2, at += lanes)
            (even[at], odd[at]) = (signal[n], signal[n + 1]);
    }

    /// <summary>Takes one signal out of its lane.</summary>
    public static void Gather(RealFft fft, int lane, Span<float> signal)
    {
        ReadOnlySpan<float> even = fft.EvenSamples[lane..], odd = fft.OddSamples[lane..];
        int lanes = fft.Lanes;
        for (int n = 0, at = 0; n < signal.Length - 1; n += 2, at += lanes)
            (signal[n], signal[n + 1]) = (even[at], odd[at]);
    }

    /// <summary>Copies the first <paramref name="count"/> lanes of every row [row, Lanes] into columns first, first + 1 ... of [row, columns].</summary>
    public static void CopyRows(ReadOnlySpan<float> rows, Span<float> table, int columns, int first, int count)
    {
        for (int row = 0, at = first; row < rows.Length; row += Stft.Lanes, at += columns)
            rows.Slice(row, count).CopyTo(table[at..]);
    }

    /// <summary>The other way; lanes beyond <paramref name="count"/> become 0.</summary>
    public static void TakeRows(ReadOnlySpan<float> table, Span<float> rows, int columns, int first, int count)
    {
        for (int row = 0, at = first; row < rows.Length; row += Stft.Lanes, at += columns)
        {
            Span<float> lanes = rows.Slice(row, Stft.Lanes);
            table.Slice(at, count).CopyTo(lanes);
            lanes[count..].Clear();
        }
    }
}
