namespace Parley.Audio.Loudness;

/// <summary>
/// Loudness as broadcasters measure it: momentary, short-term and gated integrated loudness (ITU-R BS.1770-4, EBU Tech 3341),
/// loudness range (EBU Tech 3342) and true peak. Streaming, any chunking; the filters allocate nothing, and each second of
/// sound leaves 20 numbers behind from which gates and ranges are computed when asked for. One thread at a time.
/// </summary>
/// <remarks>A mono signal counts once: the same sound as two equal channels reads 3.01 LU louder.</remarks>
public sealed class LoudnessMeter
{
    /// <summary>Weights of the channels of 5.0 sound, in the order left, right, centre, left surround, right surround.</summary>
    public static IReadOnlyList<double> Surround { get; } = [1, 1, 1, 1.41, 1.41];

    private const int SlicesASecond = 100;     // momentary and short-term loudness can be read every 10 ms
    private const int MomentarySlices = 40;    // 400 ms
    private const int ShortTermSlices = 300;   // 3 s
    private const int SlicesBetweenBlocks = 10; // gating blocks begin every 100 ms
    private const double AbsoluteGateLufs = -70;

    private readonly double[] channelWeights;
    private readonly KWeightingFilter[] filters;
    private readonly TruePeakMeter[] peaks;
    private readonly int sampleRate;

    // The last 3 s: the weighted energy of each slice and the samples it had.
    private readonly double[] sliceEnergy = new double[ShortTermSlices];
    private readonly int[] sliceSamples = new int[ShortTermSlices];
    private long slices, samplesInSlices;
    private double energy;
    private int samples;

    // Mean squares of the gating blocks of 400 ms and of the windows of 3 s, one each every 100 ms.
    private readonly List<double> blocks = new(capacity: 600), windows = new(capacity: 600);

    /// <param name="sampleRate">In Hz, from 4 kHz on.</param>
    /// <param name="channelWeights">One weight a channel; mono if left out. <see cref="Surround"/> has those of 5.0.</param>
    /// <param name="weighting">The filters; the standard's if left out.</param>
    /// <exception cref="ArgumentOutOfRangeException">The sample rate is too low, or there are no channels.</exception>
    public LoudnessMeter(int sampleRate, IReadOnlyList<double>? channelWeights = null, KWeighting? weighting = null)
    {
        weighting ??= KWeighting.Standard(sampleRate);
        this.sampleRate = sampleRate;
        this.channelWeights = [.. channelWeights ?? [1]];
        ArgumentOutOfRangeException.ThrowIfZero(this.channelWeights.Length, nameof(channelWeights));
        filters = new KWeightingFilter[Channels];
        peaks = new TruePeakMeter[Channels];
        for (int channel = 0; channel < Channels; channel++)
            (filters[channel], peaks[channel]) = (new(weighting), new(sampleRate));
    }

    public int Channels => channelWeights.Length;

    /// <summary>Of the signal so far.</summary>
    public TimeSpan Duration => TimeSpan.FromSeconds((double)(samplesInSlices + samples) / sampleRate);

    /// <summary>Loudness of the last 400 ms in LUFS; null before, minus infinity for silence.</summary>
    public double? MomentaryLufs => Recent(MomentarySlices);

    /// <summary>Loudness of the last 3 s in LUFS; null before, minus infinity for silence.</summary>
    public double? ShortTermLufs => Recent(ShortTermSlices);

    /// <summary>
    /// Loudness of the whole in LUFS, over the blocks louder than -70 LUFS and than the mean of those less 10 LU; null if there is no such block.
    /// </summary>
    public double? IntegratedLufs => IntegratedLufsAfter(gainDb: 0);

    /// <summary>
    /// <see cref="IntegratedLufs"/> of the same signal after a gain. Not just that much more: what lay below -70 LUFS may come to count.
    /// </summary>
    public double? IntegratedLufsAfter(double gainDb)
    {
        double absolute = Energy(AbsoluteGateLufs - gainDb);
        double? kept = MeanAbove(blocks, absolute);
        return kept is null ? null : Lufs(MeanAbove(blocks, Math.Max(absolute, kept.Value / 10))!.Value) + gainDb;
    }

    /// <summary>
    /// From the soft to the loud in LU: the spread between the 10th and the 95th percentile of short-term loudness, without what
    /// lies below -70 LUFS or more than 20 LU below the mean. Null for less than 3 s, or if all is silent.
    /// </summary>
    public double? RangeLu
    {
        get
        {
            double absolute = Energy(AbsoluteGateLufs);
            double? kept = MeanAbove(windows, Math.BitDecrement(absolute));
            if (kept is null)
                return null;
            double gate = Math.Max(absolute, kept.Value / 100);
            double[] sorted = [.. windows.Where(window => window >= gate).Order()];
            return Lufs(Percentile(sorted, 0.95)) - Lufs(Percentile(sorted, 0.10));
        }
    }

    /// <summary>The highest true peak of any channel in dBTP; minus infinity for silence.</summary>
    public double TruePeakDbtp
    {
        get
        {
            float peak = 0;
            foreach (TruePeakMeter meter in peaks)
                peak = Math.Max(peak, meter.Peak);
            return 20 * Math.Log10(peak);
        }
    }

    /// <summary>All that can be said of the signal so far.</summary>
    public LoudnessReading Read() => new(IntegratedLufs, RangeLu, TruePeakDbtp);

    /// <summary>Takes the next samples.</summary>
    /// <param name="interleaved">[samples, channels].</param>
    /// <exception cref="ArgumentException">The last sample is not there for every channel.</exception>
    public void Push(ReadOnlySpan<float> interleaved)
    {
        if (interleaved.Length % Channels != 0)
            throw new ArgumentException($"{interleaved.Length} values are not whole samples of {Channels} channels.", nameof(interleaved));
        for (int channel = 0; channel < Channels && !interleaved.IsEmpty; channel++)
            peaks[channel].Push(interleaved[channel..], Channels);
        while (!interleaved.IsEmpty)
        {
            // Slices end on the multiples of 10 ms, rounded down: at 22.05 kHz they have 220 and 221 samples in turn.
            long end = (slices + 1) * sampleRate / SlicesASecond;
            int taken = (int)Math.Min(interleaved.Length / Channels, end - samplesInSlices - samples);
            for (int channel = 0; channel < Channels; channel++)
                energy += channelWeights[channel] * filters[channel].Energy(interleaved[channel..(taken * Channels)], Channels);
            interleaved = interleaved[(taken * Channels)..];
            samples += taken;
            if (samplesInSlices + samples == end)
                EndSlice();
        }
    }

    /// <summary>Forgets the signal so far.</summary>
    public void Reset()
    {
        foreach (KWeightingFilter filter in filters)
            filter.Reset();
        foreach (TruePeakMeter meter in peaks)
            meter.Reset();
        (slices, samplesInSlices, energy, samples) = (0, 0, 0, 0);
        blocks.Clear();
        windows.Clear();
    }

    private void EndSlice()
    {
        int at = (int)(slices % ShortTermSlices);
        (sliceEnergy[at], sliceSamples[at]) = (energy, samples);
        slices++;
        samplesInSlices += samples;
        (energy, samples) = (0, 0);
        if (slices % SlicesBetweenBlocks != 0)
            return;
        if (slices >= MomentarySlices)
            blocks.Add(MeanSquare(MomentarySlices));
        if (slices >= ShortTermSlices)
            windows.Add(MeanSquare(ShortTermSlices));
    }

    private double? Recent(int count) => slices < count ? null : Lufs(MeanSquare(count));

    private double MeanSquare(int count)
    {
        double sum = 0;
        long length = 0;
        for (long slice = slices - count; slice < slices; slice++)
        {
            int at = (int)(slice % ShortTermSlices);
            sum += sliceEnergy[at];
            length += sliceSamples[at];
        }
        return sum / length;
    }

    private static double? MeanAbove(List<double> energies, double gate)
    {
        double sum = 0;
        int count = 0;
        foreach (double value in energies)
        {
            if (value <= gate)
                continue;
            sum += value;
            count++;
        }
        return count == 0 ? null : sum / count;
    }

    private static double Percentile(double[] sorted, double share) => sorted[(int)Math.Floor((sorted.Length - 1) * share + 0.5)];

    // -0.691 dB takes back what the weighting adds at 1 kHz.
    private static double Lufs(double meanSquare) => -0.691 + 10 * Math.Log10(meanSquare);

    private static double Energy(double lufs) => Math.Pow(10, (lufs + 0.691) / 10);
}

/// <summary>What a meter says of a whole signal.</summary>
/// <param name="IntegratedLufs">Integrated loudness; null where no block is above the gates (silence, or under 400 ms).</param>
/// <param name="RangeLu">Loudness range; null under 3 s.</param>
/// <param name="TruePeakDbtp">True peak; minus infinity for silence.</param>
public sealed record LoudnessReading(double? IntegratedLufs, double? RangeLu, double TruePeakDbtp)
{
    /// <summary>The reading of a mono signal.</summary>
    public static LoudnessReading Of(ReadOnlySpan<float> signal, int sampleRate, KWeighting? weighting = null)
    {
        LoudnessMeter meter = new(sampleRate, weighting: weighting);
        meter.Push(signal);
        return meter.Read();
    }
}
