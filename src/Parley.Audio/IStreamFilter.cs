using System.Runtime.CompilerServices;

namespace Parley.Audio;

/// <summary>Something that sound flows through in portions and leaves in another number of samples.</summary>
internal interface IStreamFilter
{
    int InputRate { get; }

    int OutputRate { get; }

    /// <summary>The most that a flush can give.</summary>
    int MaxFlushedSamples { get; }

    /// <summary>The most that a push of <paramref name="inputSamples"/> can give.</summary>
    int MaxOutputSamples(int inputSamples);

    int Push(ReadOnlySpan<float> input, Span<float> output);

    int Flush(Span<float> output);
}

/// <summary>Sound that flows in frames, through a <see cref="IStreamFilter"/>.</summary>
internal static class FilteredFrames
{
    /// <param name="frames">All of one rate.</param>
    /// <param name="create">Makes the filter for the rate of the first frame; <see langword="null"/> hands the frames on as they are.</param>
    /// <param name="cancel">Passed to the source.</param>
    public static async IAsyncEnumerable<AudioFrame> RunAsync(
        IAsyncEnumerable<AudioFrame> frames, Func<int, IStreamFilter?> create, [EnumeratorCancellation] CancellationToken cancel)
    {
        IStreamFilter? filter = null;
        int rate = 0;
        float[] output = [];
        await foreach (AudioFrame frame in frames.WithCancellation(cancel))
        {
            if (rate == 0)
                (rate, filter) = (frame.SampleRate, create(frame.SampleRate));
            if (frame.SampleRate != rate)
                throw new InvalidOperationException($"A frame of {frame.SampleRate} Hz follows frames of {rate} Hz.");
            if (filter is null)
            {
                yield return frame;
                continue;
            }
            int room = filter.MaxOutputSamples(frame.Samples.Length);
            if (output.Length < room)
                output = new float[room];
            int count = filter.Push(frame.Samples.Span, output);
            if (count > 0)
                yield return new AudioFrame(output.AsMemory(0, count), filter.OutputRate);
        }
        if (filter is null)
            yield break;
        float[] rest = new float[filter.MaxFlushedSamples];
        int last = filter.Flush(rest);
        if (last > 0)
            yield return new AudioFrame(rest.AsMemory(0, last), filter.OutputRate);
    }
}
