namespace Parley.Audio.Spectra;

/// <summary>Moves samples and bins between their own arrays and the interleaved ones of a <see cref="RealFft"/> with several lanes.</summary>
internal static class LanesOf
{
    /// <summary>Puts one signal into its lane, from sample <paramref name="offset"/> of the transform on; the rest of the lane stays.</summary>
    public static void Scatter(ReadOnlySpan<float> signal, int offset, int lane, RealFft fft)
    {
        int lanes = fft.Lanes, n = 0;
        Span<float> even = fft.EvenSamples[lane..], odd = fft.OddSamples[lane..];
        if (offset % 2 == 1 && signal.Length > 0)
            odd[offset / 2 * lanes] = signal[n++];
        for (int at = (offset + 1) / 2 * lanes; n < signal.Length - 1; n += 2, at += lanes)
            (even[at], odd[at]) = (signal[n], signal[n + 1]);
        if (n < signal.Length)
            even[(offset + n) / 2 * lanes] = signal[n];
    }

    /// <summary>Silences in all lanes what lies before and after a window of that many samples.</summary>
    public static void ClearAround(int offset, int samples, RealFft fft)
    {
        int lanes = fft.Lanes, end = offset + samples;
        fft.EvenSamples[..((offset + 1) / 2 * lanes)].Clear();
        fft.OddSamples[..(offset / 2 * lanes)].Clear();
        fft.EvenSamples[((end + 1) / 2 * lanes)..].Clear();
        fft.OddSamples[(end / 2 * lanes)..].Clear();
    }

    /// <summary>Takes one signal out of its lane, from sample <paramref name="offset"/> of the transform on.</summary>
    public static void Gather(RealFft fft, int offset, int lane, Span<float> signal)
    {
        int lanes = fft.Lanes, n = 0;
        ReadOnlySpan<float> even = fft.EvenSamples[lane..], odd = fft.OddSamples[lane..];
        if (offset % 2 == 1 && signal.Length > 0)
            signal[n++] = odd[offset / 2 * lanes];
        for (int at = (offset + 1) / 2 * lanes; n < signal.Length - 1; n += 2, at += lanes)
            (signal[n], signal[n + 1]) = (even[at], odd[at]);
        if (n < signal.Length)
            signal[n] = even[(offset + n) / 2 * lanes];
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
