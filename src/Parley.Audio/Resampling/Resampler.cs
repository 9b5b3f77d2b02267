namespace Parley.Audio;

/// <summary>
/// Changes the sample rate, by any rational ratio, of a sound that arrives in portions. Output n lies at the very time
/// n / outputRate of the input: the filter's delay is taken out, at the price of waiting for <see cref="LookaheadSamples"/>. A sound of
/// N samples becomes ceil(N * to / from), the same ones whatever the portions were. Pushing allocates nothing.
/// </summary>
public sealed class Resampler : IStreamFilter
{
    public const int MaxSampleRate = 768_000;
    private const int MaxRatio = 1024;
    private const int PortionSamples = 2048;

    private readonly PolyphaseBank bank;
    private readonly float[] buffer;   // inputs from before the next output on, with zeros for the time before the first
    private int filled;                // of the buffer
    private int at;                    // where in the buffer the next output lies: the whole part
    private int remainder;             // and the rest, in units of 1 / Up
    private int row;                   // of the next output, where the bank is exact
    private long received, produced;

    /// <param name="from">The rate of the input, 1 to 768,000 Hz.</param>
    /// <param name="to">The rate of the output, 1 to 768,000 Hz.</param>
    /// <param name="filter"><see cref="ResamplingFilter.Default"/> unless given.</param>
    /// <exception cref="ArgumentException">A rate is out of range, or the two lie further apart than 1024 times.</exception>
    public Resampler(int from, int to, ResamplingFilter? filter = null)
    {
        Check(from, nameof(from));
        Check(to, nameof(to));
        if (Math.Max(from, to) / Math.Min(from, to) > MaxRatio)
            throw new ArgumentException($"{from} Hz to {to} Hz is further than {MaxRatio} times.", nameof(to));
        (InputRate, OutputRate) = (from, to);
        bank = (filter ?? ResamplingFilter.Default).Bank(from, to);
        buffer = new float[bank.Taps + Math.Max(PortionSamples, bank.Taps)];
        Reset();
    }

    public int InputRate { get; }

    public int OutputRate { get; }

    /// <summary>The output of time t is made once the input this many samples after t has been pushed.</summary>
    public int LookaheadSamples => bank.Right;

    /// <summary>The most that a flush can give.</summary>
    public int MaxFlushedSamples => MaxOutputSamples(LookaheadSamples);

    /// <summary>A whole sound at once.</summary>
    public static AudioBuffer Convert(AudioBuffer sound, int to, ResamplingFilter? filter = null) =>
        sound.SampleRate == to ? sound : new AudioBuffer(Convert(sound.Samples, sound.SampleRate, to, filter), to);

    /// <inheritdoc cref="Convert(AudioBuffer, int, ResamplingFilter?)"/>
    public static float[] Convert(ReadOnlySpan<float> samples, int from, int to, ResamplingFilter? filter = null)
    {
        Resampler resampler = new(from, to, filter);
        float[] output = new float[((long)samples.Length * to + from - 1) / from];
        int count = resampler.Push(samples, output);
        resampler.Flush(output.AsSpan(count));
        return output;
    }

    /// <summary>The most that one push of <paramref name="inputSamples"/> can give.</summary>
    public int MaxOutputSamples(int inputSamples) => checked((int)(((long)inputSamples * bank.Up + bank.Down - 1) / bank.Down + 1));

    /// <summary>Takes all of <paramref name="input"/> and writes the outputs that it completes.</summary>
    /// <param name="input">Any number of samples, in order.</param>
    /// <param name="output">Room for what comes out; <see cref="MaxOutputSamples"/> is always enough.</param>
    /// <returns>How many samples were written.</returns>
    /// <exception cref="ArgumentException"><paramref name="output"/> is too short; the resampler must then be reset.</exception>
    public int Push(ReadOnlySpan<float> input, Span<float> output)
    {
        int written = 0;
        while (!input.IsEmpty)
        {
            if (filled == buffer.Length)
                DropUsed();
            int taken = Math.Min(input.Length, buffer.Length - filled);
            input[..taken].CopyTo(buffer.AsSpan(filled));
            input = input[taken..];
            filled += taken;
            received += taken;
            written += Produce(output[written..], long.MaxValue);
        }
        return written;
    }

    /// <summary>Ends the sound: writes the outputs that were still waiting, and stands ready for another one.</summary>
    /// <returns>How many samples were written.</returns>
    public int Flush(Span<float> output)
    {
        long total = (received * bank.Up + bank.Down - 1) / bank.Down;
        int written = 0;
        while (produced < total)
        {
            if (filled == buffer.Length)
                DropUsed();
            buffer.AsSpan(filled).Clear();
            filled = buffer.Length;
            written += Produce(output[written..], total);
        }
        Reset();
        return written;
    }

    /// <summary>Forgets the sound so far.</summary>
    public void Reset()
    {
        buffer.AsSpan(0, bank.Left).Clear();
        (filled, at, remainder, row) = (bank.Left, bank.Left, 0, 0);
        (received, produced) = (0, 0);
    }

    private int Produce(Span<float> output, long total)
    {
        int wholeStep = bank.Down / bank.Up, remainderStep = bank.Down % bank.Up;
        int written = 0;
        while (at + bank.Right < filled && produced < total)
        {
            if (written == output.Length)
                throw new ArgumentException($"There is no room for more than {output.Length} samples: ask MaxOutputSamples.", nameof(output));
            ReadOnlySpan<float> inputs = buffer.AsSpan(at - bank.Left, bank.Taps);
            output[written++] = bank.IsBlended ? Blended(inputs) : OrderedDot.Of(inputs, bank.Rows.AsSpan(row * bank.Taps, bank.Taps));
            produced++;
            at += wholeStep;
            remainder += remainderStep;
            if (remainder >= bank.Up)
            {
                remainder -= bank.Up;
                at++;
            }
            row = row + 1 == bank.Up ? 0 : row + 1;
        }
        return written;
    }

    private float Blended(ReadOnlySpan<float> inputs)
    {
        double place = (double)remainder / bank.Up * bank.Phases;
        int lower = (int)place;
        float first = OrderedDot.Of(inputs, bank.Rows.AsSpan(lower * bank.Taps, bank.Taps));
        float second = OrderedDot.Of(inputs, bank.Rows.AsSpan((lower + 1) * bank.Taps, bank.Taps));
        return first + (float)(place - lower) * (second - first);
    }

    // The next output may lie beyond what has arrived, if the rate falls by more than the filter is wide.
    private void DropUsed()
    {
        int used = Math.Min(at - bank.Left, filled);
        buffer.AsSpan(used, filled - used).CopyTo(buffer);
        filled -= used;
        at -= used;
    }

    private static void Check(int rate, string name)
    {
        if (rate is < 1 or > MaxSampleRate)
            throw new ArgumentOutOfRangeException(name, rate, $"A sample rate is 1 to {MaxSampleRate} Hz.");
    }
}
