using Parley.Audio;
using Parley.Audio.Loudness;

namespace Parley.Engines.Tests.Voices;

public class ReferenceRecordingTests
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0.9, "reference_too_short")]
    [InlineData(30.1, "reference_too_long")]
    public async Task A_length_out_of_range_is_refused(double seconds, string code)
    {
        ReferenceException fault = await Assert.ThrowsAsync<ReferenceException>(() => ReadAsync(Sounds.Voice(seconds, 120)));
        Assert.Equal(code, fault.Code);
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(30.0)]
    public async Task The_ends_of_the_range_are_taken(double seconds) =>
        Assert.Equal(seconds, (await ReadAsync(Sounds.Voice(seconds, 120))).Facts.DurationS, 3);

    [Fact]
    public async Task Silence_is_no_voice()
    {
        AudioBuffer mostlySilent = new([.. Sounds.Voice(1, 120).Samples, .. new float[2 * 16_000]], 16_000);
        ReferenceException fault = await Assert.ThrowsAsync<ReferenceException>(() => ReadAsync(mostlySilent));
        Assert.Equal("reference_silent", fault.Code);
        Assert.Matches("Only 3[34] % of the recording", fault.Message);
    }

    [Fact]
    public async Task The_stored_sound_is_brought_to_one_loudness_and_measured()
    {
        ReferenceRecording recording = await ReadAsync(Sounds.Voice(3, 200, amplitude: 0.02f));
        AudioBuffer stored = WavReader.Read(new MemoryStream(recording.Wav));
        LoudnessReading heard = LoudnessReading.Of(stored.Samples, stored.SampleRate);

        Assert.Equal(24_000, stored.SampleRate);
        Assert.Equal(recording.Facts.LufsI, heard.IntegratedLufs!.Value, 1);
        Assert.True(recording.Facts.Dbtp <= -1.45);
        Assert.Equal(200, recording.Facts.MedianF0Hz!.Value, 1.0);
        Assert.True(recording.Facts.LufsI is -16 || recording.Facts.Dbtp > -1.6, $"{recording.Facts.LufsI} LUFS, {recording.Facts.Dbtp} dBTP");
    }

    [Fact]
    public async Task What_is_clipped_is_taken_with_a_warning()
    {
        AudioBuffer loud = Sounds.Voice(2, 150, amplitude: 1);
        AudioBuffer clipped = loud with { Samples = [.. loud.Samples.Select(sample => Math.Clamp(4 * sample, -1, 1))] };
        Assert.Contains("clipped", Assert.Single((await ReadAsync(clipped)).Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_sound_is_refused() =>
        await Assert.ThrowsAnyAsync<AudioFormatException>(() => ReferenceRecording.ReadAsync("This is a letter."u8.ToArray(), null, Cancel));

    private static Task<ReferenceRecording> ReadAsync(AudioBuffer sound) => ReferenceRecording.ReadAsync(WavWriter.ToBytes(sound), null, Cancel);
}

/// <summary>Sound with a pitch, like a vowel.</summary>
internal static class Sounds
{
    private const int Rate = 16_000;

    public static AudioBuffer Voice(double seconds, double hertz, float amplitude = 0.3f)
    {
        float[] samples = new float[(int)Math.Round(seconds * Rate)];
        for (int i = 0; i < samples.Length; i++)
        {
            double phase = 2 * Math.PI * hertz * i / Rate;
            samples[i] = amplitude * (float)((Math.Sin(phase) + 0.5 * Math.Sin(2 * phase) + 0.25 * Math.Sin(3 * phase)) / 1.75);
        }
        return new(samples, Rate);
    }
}
