using System.Runtime.CompilerServices;

namespace Parley.Audio;

/// <summary>Resampling of sound that flows in frames.</summary>
public static class ResampledFrames
{
    /// <summary>
    /// The same sound at another rate, each frame as soon as it can be. A frame's samples are valid until the next one is asked for.
    /// </summary>
    /// <exception cref="InvalidOperationException">A frame has another rate than those before it.</exception>
    public static async IAsyncEnumerable<AudioFrame> ResampleAsync(
        this IAsyncEnumerable<AudioFrame> frames, int to, ResamplingFilter? filter = null, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        Resampler? resampler = null;
        float[] output = [];
        await foreach (AudioFrame frame in frames.WithCancellation(cancel))
        {
            resampler ??= new Resampler(frame.SampleRate, to, filter);
            if (frame.SampleRate != resampler.InputRate)
                throw new InvalidOperationException($"A frame of {frame.SampleRate} Hz follows frames of {resampler.InputRate} Hz.");
            if (frame.SampleRate == to)
            {
                yield return frame;
                continue;
            }
            int room = resampler.MaxOutputSamples(frame.Samples.Length);
            if (output.Length < room)
                output = new float[room];
            int count = resampler.Push(frame.Samples.Span, output);
            if (count > 0)
                yield return new AudioFrame(output.AsMemory(0, count), to);
        }
        if (resampler is null || resampler.InputRate == to)
            yield break;
        float[] rest = new float[resampler.MaxOutputSamples(resampler.LookaheadSamples)];
        int last = resampler.Flush(rest);
        if (last > 0)
            yield return new AudioFrame(rest.AsMemory(0, last), to);
    }
}
