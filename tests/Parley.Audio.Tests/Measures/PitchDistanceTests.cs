using Parley.Audio.Measures;

namespace Parley.Audio.Tests.Measures;

public class PitchDistanceTests
{
    [Fact]
    public void A_sound_has_no_distance_to_itself() => Assert.Equal(new PitchDistance(0, 0), PitchDistance.Of(Voice(1, 150), Voice(1, 150)));

    [Theory]
    [InlineData(1.0595, 100)] // a semitone up
    [InlineData(0.8909, 200)] // a tone down
    public void A_transposed_melody_is_that_many_cents_away(double factor, double cents) =>
        Assert.Equal(cents, PitchDistance.Of(Voice(1, 150, fall: 0), Voice(1, 150 * factor, fall: 0)).RmseCents, 8.0); // the grid is a tenth of a semitone

    [Fact]
    public void The_pace_does_not_count() => Assert.True(PitchDistance.Of(Voice(1, 150), Voice(1.4, 150)).RmseCents < 15);

    [Fact]
    public void Where_one_is_voiced_and_the_other_whispers_the_voicing_differs()
    {
        Random random = new(1);
        AudioBuffer whisper = new([.. Enumerable.Range(0, 24_000).Select(_ => (float)(0.2 * (random.NextDouble() - 0.5)))], 24_000);

        PitchDistance found = PitchDistance.Of(Voice(1, 150), whisper);

        Assert.True(found.VoicingError > 0.8);
    }

    [Fact]
    public void Another_rate_is_refused() => Assert.Throws<ArgumentException>(() => PitchDistance.Of(new AudioBuffer(new float[16_000], 16_000), Voice(1, 150)));

    // Ten harmonics, a melody that falls by a sixth of an octave. (Warping would pair equal pitches of a falling and a transposed melody.)
    private static AudioBuffer Voice(double seconds, double hz, double fall = 1.0 / 6)
    {
        float[] samples = new float[(int)(24_000 * seconds)];
        double phase = 0;
        for (int i = 0; i < samples.Length; i++)
        {
            phase += hz * Math.Pow(2, -fall * i / samples.Length) / 24_000;
            for (int harmonic = 1; harmonic <= 10; harmonic++)
                samples[i] += (float)(0.1 / harmonic * Math.Sin(2 * Math.PI * harmonic * phase));
        }
        return new(samples, 24_000);
    }
}
