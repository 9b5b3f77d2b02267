using System.Numerics.Tensors;

namespace Parley.Audio.Effects;

/// <summary>Several sounds at once.</summary>
public static class Mix
{
    /// <summary>Adds a sound to a sum, from sample <paramref name="at"/> on. Nothing is clipped.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It does not fit into the sum.</exception>
    public static void Into(Span<float> sum, ReadOnlySpan<float> sound, int at = 0, double decibels = 0)
    {
        if (at < 0 || at > sum.Length - sound.Length)
            throw new ArgumentOutOfRangeException(nameof(at), at, $"{sound.Length} samples do not fit there into {sum.Length}.");
        Span<float> part = sum.Slice(at, sound.Length);
        TensorPrimitives.MultiplyAdd(sound, Gain.Factor(decibels), part, part);
    }

    /// <summary>All sounds from their beginning, as long as the longest.</summary>
    /// <exception cref="ArgumentException">There is none, or their rates differ.</exception>
    public static AudioBuffer Of(params ReadOnlySpan<AudioBuffer> sounds)
    {
        if (sounds.IsEmpty)
            throw new ArgumentException("There is no sound to mix.", nameof(sounds));
        int longest = 0;
        foreach (AudioBuffer sound in sounds)
        {
            if (sound.SampleRate != sounds[0].SampleRate)
                throw new ArgumentException($"Sounds of {sounds[0].SampleRate} and {sound.SampleRate} Hz do not mix: resample one.", nameof(sounds));
            longest = Math.Max(longest, sound.Samples.Length);
        }
        float[] sum = new float[longest];
        foreach (AudioBuffer sound in sounds)
            Into(sum, sound.Samples);
        return new AudioBuffer(sum, sounds[0].SampleRate);
    }
}
