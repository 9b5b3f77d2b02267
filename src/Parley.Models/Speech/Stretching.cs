using Parley.Audio;
using Parley.Audio.Effects;

namespace Parley.Models.Speech;

/// <summary>The part of a speed that a network cannot give by itself.</summary>
internal static class Stretching
{
    /// <summary>One piece, faster or slower at the same pitch; the same array at speed 1.</summary>
    public static float[] Stretch(float[] wave, int sampleRate, float speed) =>
        speed == 1 ? wave : TimeStretcher.Stretch(new AudioBuffer(wave, sampleRate), speed).Samples;
}
