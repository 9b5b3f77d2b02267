namespace Parley.Audio.Effects;

/// <summary>
/// Makes speech faster or slower and keeps its pitch: waveform-similarity overlap-add (W. Verhelst and M. Roelands, "An overlap-add
/// technique based on waveform similarity (WSOLA) for high quality time-scale modification of speech", ICASSP 1993). Windows of 30 ms
/// overlap by half in the output; each is taken from where the input looks most like the natural continuation of the one before,
/// within 12 ms of where the speed says. A sound of N samples becomes round(N / speed), the same ones whatever the portions were.
/// Pushing allocates nothing.
/// </summary>
public sealed class TimeStretcher : IStreamFilter
{
    private const double MinSpeed = 0.25, MaxSpeed = 4;
    private const double HopSeconds = 0.015;
    private const double ToleranceSeconds = 0.012; // to either side: the period of 42 Hz in all, below any voice
    private const int PortionSamples = 2048;

    private readonly double speed;
    private readonly int hop, window, tolerance;
    private readonly float[] rise;     // the first half of the window: a raised cosine
    private readonly float[] tail;     // the second half of the last window, weighted
    private readonly float[] buffer;   // input from sample `origin` on
    private long origin;
    private int filled;
    private long received, produced;
    private long windows;              // made so far
    private long previous;             // where in the input the last one was taken

    /// <param name="sampleRate">Of input and output, 4,000 to 768,000 Hz.</param>
    /// <param name="speed">0.25 to 4; 2 is twice as fast.</param>
    public TimeStretcher(int sampleRate, double speed)
    {
        CheckSpeed(speed);
        if (sampleRate is < 4_000 or > Resampler.MaxSampleRate)
            throw new ArgumentOutOfRangeException(nameof(sampleRate), sampleRate, $"A sample rate is 4000 to {Resampler.MaxSampleRate} Hz here.");
        SampleRate = sampleRate;
        this.speed = speed;
        hop = (int)Math.Round(HopSeconds * sampleRate / (OrderedDot.Alignment / 2)) * (OrderedDot.Alignment / 2);
        window = 2 * hop;
        tolerance = (int)Math.Round(ToleranceSeconds * sampleRate);
        rise = [.. Enumerable.Range(0, hop).Select(i => 0.5f - 0.5f * MathF.Cos(MathF.PI * (i + 0.5f) / hop))];
        tail = new float[hop];
        buffer = new float[LookaheadSamples + 2 * (window + tolerance + hop) + PortionSamples];
    }

    public int SampleRate { get; }

    /// <summary>How much input must lie beyond a moment before that moment comes out.</summary>
    public int LookaheadSamples => Math.Max(window + tolerance + hop, (int)Math.Ceiling(speed * (window + hop)));

    int IStreamFilter.InputRate => SampleRate;

    int IStreamFilter.OutputRate => SampleRate;

    /// <summary>The most that a flush can give.</summary>
    public int MaxFlushedSamples => MaxOutputSamples(0);

    /// <summary>A whole sound at once.</summary>
    public static AudioBuffer Stretch(AudioBuffer sound, double speed)
    {
        CheckSpeed(speed);
        if (speed == 1)
            return sound;
        TimeStretcher stretcher = new(sound.SampleRate, speed);
        float[] output = new float[(long)Math.Round(sound.Samples.Length / speed)];
        int count = stretcher.Push(sound.Samples, output);
        stretcher.Flush(output.AsSpan(count));
        return sound with { Samples = output };
    }

    /// <summary>The most that one push of <paramref name="inputSamples"/> can give.</summary>
    /// <remarks>The search may wait for input and then give several windows at once.</remarks>
    public int MaxOutputSamples(int inputSamples) => checked((int)(((double)inputSamples + LookaheadSamples) / speed) + 2 * hop);

    /// <summary>Takes all of <paramref name="input"/> and writes the outputs that it completes.</summary>
    /// <param name="input">Any number of samples, in order.</param>
    /// <param name="output">Room for what comes out; <see cref="MaxOutputSamples"/> is always enough.</param>
    /// <returns>How many samples were written.</returns>
    /// <exception cref="ArgumentException"><paramref name="output"/> is too short; the stretcher must then be reset.</exception>
    public int Push(ReadOnlySpan<float> input, Span<float> output)
    {
        int written = 0;
        while (!input.IsEmpty)
        {
            DropUsed();
            int taken = Math.Min(input.Length, buffer.Length - filled);
            input[..taken].CopyTo(buffer.AsSpan(filled));
            input = input[taken..];
            filled += taken;
            received += taken;

            // The last window is kept back, because the sound shall end with the input's own end.
            long wanted = (long)Math.Floor(received / speed) - window - hop + 1;
            written += Produce(output[written..], wanted, lastPlace: long.MaxValue);
        }
        return written;
    }

    /// <summary>
    /// Ends the sound: writes the outputs that were still waiting, up to the input's own end, and stands ready for another one.
    /// </summary>
    /// <returns>How many samples were written.</returns>
    public int Flush(Span<float> output)
    {
        long total = (long)Math.Round(received / speed), end = received;
        int written = 0;
        while (total - produced > window)
        {
            FillUp();
            written += Produce(output[written..], total - window, lastPlace: Math.Max(0, end - window));
        }
        int rest = (int)(total - produced);
        if (rest > output.Length - written)
            throw NoRoom(output);
        FillUp();
        long place = Math.Max(origin, end - rest); // shorter than that is only a sound of less than a window
        OverlapAdd(place, output.Slice(written, rest));
        Reset();
        return written + rest;
    }

    /// <summary>Forgets the sound so far.</summary>
    public void Reset() => (origin, filled, received, produced, windows, previous) = (0, 0, 0, 0, 0, 0);

    internal static void CheckSpeed(double speed)
    {
        if (speed is not (>= MinSpeed and <= MaxSpeed))
            throw new ArgumentOutOfRangeException(nameof(speed), speed, $"A speed is {MinSpeed} to {MaxSpeed}.");
    }

    /// <summary>Adds windows, none later than <paramref name="lastPlace"/>, until enough outputs are final or the input does not suffice.</summary>
    private int Produce(Span<float> output, long wanted, long lastPlace)
    {
        int written = 0;
        while (produced < wanted)
        {
            long nominal = (long)Math.Round(windows * hop * speed);
            long continuation = windows == 0 ? 0 : previous + hop;
            if (Math.Max(nominal + tolerance, continuation) + window > origin + filled)
                break;
            if (hop > output.Length - written)
                throw NoRoom(output);
            long place = windows == 0 ? 0 : MostAlike(continuation, nominal, lastPlace);
            OverlapAdd(place, output.Slice(written, hop));
            (previous, windows) = (place, windows + 1);
            produced += hop;
            written += hop;
        }
        return written;
    }

    /// <summary>The candidate around <paramref name="nominal"/> whose normalised correlation with the continuation is highest.</summary>
    private long MostAlike(long continuation, long nominal, long lastPlace)
    {
        ReadOnlySpan<float> wanted = Input(continuation, window);
        long last = Math.Min(nominal + tolerance, lastPlace), first = Math.Min(last, Math.Max(0, nominal - tolerance));
        ReadOnlySpan<float> candidates = Input(first, (int)(last - first) + window);
        double energy = 0;
        foreach (float sample in candidates[..window])
            energy += (double)sample * sample;

        long best = Math.Min(nominal, last);
        double bestScore = 0; // where nothing is alike, as in silence, the speed decides alone
        for (long place = first; place <= last; place++)
        {
            int at = (int)(place - first);
            double score = OrderedDot.Of(candidates[at..], wanted) / Math.Sqrt(energy + 1e-9);
            if (score > bestScore)
                (best, bestScore) = (place, score);
            if (place < last)
                energy = Math.Max(0, energy + (double)candidates[at + window] * candidates[at + window] - (double)candidates[at] * candidates[at]);
        }
        return best;
    }

    private void OverlapAdd(long place, Span<float> output)
    {
        ReadOnlySpan<float> taken = Input(place, window);
        int overlap = windows == 0 ? 0 : Math.Min(hop, output.Length); // nothing comes before the first window, so it does not rise
        for (int i = 0; i < overlap; i++)
            output[i] = tail[i] + rise[i] * taken[i];
        taken[overlap..output.Length].CopyTo(output[overlap..]);
        for (int i = 0; i < hop; i++)
            tail[i] = rise[hop - 1 - i] * taken[hop + i];
    }

    private ReadOnlySpan<float> Input(long from, int length) => buffer.AsSpan((int)(from - origin), length);

    private static ArgumentException NoRoom(Span<float> output) =>
        new($"There is no room for more than {output.Length} samples: ask MaxOutputSamples.", nameof(output));

    /// <summary>Silence after the end of the input.</summary>
    private void FillUp()
    {
        DropUsed();
        buffer.AsSpan(filled).Clear();
        filled = buffer.Length;
    }

    /// <summary>Lets go of what no later window can reach.</summary>
    private void DropUsed()
    {
        long reach = Math.Min((long)Math.Round(windows * hop * speed) - tolerance, received - window);
        if (windows > 0)
            reach = Math.Min(reach, previous + hop);
        int used = (int)Math.Clamp(reach - origin, 0, filled);
        buffer.AsSpan(used, filled - used).CopyTo(buffer);
        filled -= used;
        origin += used;
    }
}
