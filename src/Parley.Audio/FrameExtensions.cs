using Parley.Audio.Effects;

namespace Parley.Audio;

/// <summary>What can be done to sound that flows in frames. A frame's samples are valid until the next one is asked for.</summary>
public static class FrameExtensions
{
    extension(IAsyncEnumerable<AudioFrame> frames)
    {
        /// <summary>The same sound at another rate, each frame as soon as it can be.</summary>
        /// <exception cref="InvalidOperationException">A frame has another rate than those before it.</exception>
        public IAsyncEnumerable<AudioFrame> ResampleAsync(int to, ResamplingFilter? filter = null, CancellationToken cancel = default) =>
            FilteredFrames.RunAsync(frames, from => from == to ? null : new Resampler(from, to, filter), cancel);

        /// <summary>The same sound at the same pitch, <paramref name="speed"/> times as fast (0.25 to 4), each frame as soon as it can be.</summary>
        /// <exception cref="InvalidOperationException">A frame has another rate than those before it.</exception>
        public IAsyncEnumerable<AudioFrame> StretchAsync(double speed, CancellationToken cancel = default)
        {
            TimeStretcher.CheckSpeed(speed);
            return FilteredFrames.RunAsync(frames, rate => speed == 1 ? null : new TimeStretcher(rate, speed), cancel);
        }
    }
}
