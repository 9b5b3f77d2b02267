using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Parley.Audio.Loudness;

namespace Parley.Audio.Tests.Loudness;

public partial class LoudnessTargetTests
{
    [Fact]
    public void Speech_like_sound_reaches_the_target_by_one_gain()
    {
        float[] signal = Speechlike(10 * 24_000, seed: 1), before = [.. signal];
        NormalisedLoudness result = new LoudnessTarget().Apply(signal, 24_000);
        float gain = (float)Math.Pow(10, result.GainDb / 20);
        Assert.Equal(before.Select(sample => sample * gain), signal);
        AssertReached(result);
    }

    [Fact]
    public void The_peak_limits_the_gain()
    {
        float[] signal = [.. Speechlike(5 * 24_000, seed: 2).Select(sample => sample * 0.01f)];
        signal[60_000] = 0.9f;
        NormalisedLoudness result = new LoudnessTarget().Apply(signal, 24_000);
        Assert.True(result.IsLimitedByPeak);
        Assert.Equal(-1.5, result.After.TruePeakDbtp, 0.05);
        Assert.True(result.After.IntegratedLufs < -16);
        AssertReached(result);
    }

    [Fact] // 40 dB softer the sound is still above the absolute gate
    public void Any_level_reaches_the_target() => Gen.Select(Gen.Int[0, 1000], Gen.Double[-40, 10]).Sample((seed, level) =>
    {
        float factor = (float)Math.Pow(10, level / 20);
        float[] signal = [.. Speechlike(4 * 16_000, seed).Select(sample => sample * factor)];
        AssertReached(new LoudnessTarget().Apply(signal, 16_000));
    }, iter: 20);

    [Fact]
    public void A_wide_range_is_refused_and_left_alone()
    {
        float[] signal = [.. Speechlike(20 * 16_000, seed: 3).Select((sample, n) => sample * (n < 10 * 16_000 ? 0.15f : 1f))], before = [.. signal];
        LoudnessException refused = Assert.Throws<LoudnessException>(() => new LoudnessTarget().Apply(signal, 16_000));
        Assert.Contains("range", refused.Message);
        Assert.Equal(before, signal);
        // The range of less than 6 s does not count.
        new LoudnessTarget().Apply(signal.AsSpan(8 * 16_000, 5 * 16_000), 16_000);
    }

    [Fact]
    public void What_lies_below_the_absolute_gate_is_refused()
    {
        Assert.Contains("silent", Assert.Throws<LoudnessException>(() => new LoudnessTarget().Apply(new float[16_000], 16_000)).Message);
        float[] faint = [.. Speechlike(4 * 16_000, seed: 5).Select(sample => sample * 0.003f)], before = [.. faint];
        Assert.Contains("-70 LUFS", Assert.Throws<LoudnessException>(() => new LoudnessTarget().Apply(faint, 16_000)).Message);
        Assert.Equal(before, faint);
    }

    /// <summary>ffmpeg measures the same sound beside us: its ebur128 filter and the measuring pass of its loudnorm.</summary>
    [Fact]
    public async Task Ffmpeg_reads_the_same()
    {
        float[] signal = Speechlike(12 * 48_000, seed: 4);
        LoudnessReading ours = LoudnessReading.Of(signal, 48_000);

        string log = await Ffmpeg(signal, "ebur128=peak=true");
        string summary = log[log.LastIndexOf("Summary:", StringComparison.Ordinal)..];
        Assert.Equal(Number(Integrated().Match(summary)), ours.IntegratedLufs!.Value, 0.06); // printed with one digit
        Assert.Equal(Number(Range().Match(summary)), ours.RangeLu!.Value, 0.2);              // its ranks differ slightly
        Assert.Equal(Number(Peak().Match(summary)), ours.TruePeakDbtp, 0.3);                 // another interpolation filter

        log = await Ffmpeg(signal, "loudnorm=I=-16:LRA=11:TP=-1.5:print_format=json");
        using JsonDocument loudnorm = JsonDocument.Parse(log[log.LastIndexOf('{')..(log.LastIndexOf('}') + 1)]);
        Assert.Equal(Field(loudnorm, "input_i"), ours.IntegratedLufs.Value, 0.1);
        Assert.Equal(Field(loudnorm, "input_tp"), ours.TruePeakDbtp, 0.3);

        // What we bring to -16 LUFS is there for ffmpeg too.
        NormalisedLoudness result = new LoudnessTarget().Apply(signal, 48_000);
        log = await Ffmpeg(signal, "loudnorm=I=-16:LRA=11:TP=-1.5:print_format=json");
        using JsonDocument after = JsonDocument.Parse(log[log.LastIndexOf('{')..(log.LastIndexOf('}') + 1)]);
        Assert.Equal(result.IsLimitedByPeak ? result.After.IntegratedLufs!.Value : -16, Field(after, "input_i"), 0.1);
        Assert.True(Field(after, "input_tp") <= -1.2);
    }

    private static void AssertReached(NormalisedLoudness result)
    {
        Assert.True(result.After.TruePeakDbtp <= -1.45);
        Assert.Equal(result.Before.TruePeakDbtp + result.GainDb, result.After.TruePeakDbtp, 0.01);
        if (!result.IsLimitedByPeak)
            Assert.Equal(-16, result.After.IntegratedLufs!.Value, 0.01);
    }

    private static async Task<string> Ffmpeg(float[] signal, string filter)
    {
        ProcessStartInfo start = new("ffmpeg") { RedirectStandardInput = true, RedirectStandardError = true };
        foreach (string argument in (string[])["-hide_banner", "-nostats", "-f", "f32le", "-ar", "48000", "-ac", "1", "-i", "pipe:0", "-af", filter, "-f", "null", "-"])
            start.ArgumentList.Add(argument);
        using Process ffmpeg = Process.Start(start)!;
        Task<string> log = ffmpeg.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        byte[] bytes = new byte[4 * signal.Length];
        Buffer.BlockCopy(signal, 0, bytes, 0, bytes.Length);
        await ffmpeg.StandardInput.BaseStream.WriteAsync(bytes, TestContext.Current.CancellationToken);
        ffmpeg.StandardInput.Close();
        string text = await log;
        await ffmpeg.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(ffmpeg.ExitCode == 0, text);
        return text;
    }

    // Bursts of noise and harmonics with pauses, as syllables have them.
    private static float[] Speechlike(int count, int seed)
    {
        Random random = new(seed);
        float[] signal = new float[count];
        double smooth = 0;
        for (int n = 0; n < count; n++)
        {
            double t = n / 24_000.0, envelope = Math.Max(0, Math.Sin(2 * Math.PI * 2.3 * t)) * (0.7 + 0.3 * Math.Sin(2 * Math.PI * 0.4 * t));
            smooth += 0.3 * (random.NextDouble() - 0.5 - smooth);
            signal[n] = (float)(envelope * (0.2 * smooth + 0.1 * Math.Sin(2 * Math.PI * 140 * t) + 0.05 * Math.Sin(2 * Math.PI * 980 * t)));
        }
        return signal;
    }

    private static double Field(JsonDocument json, string name) => double.Parse(json.RootElement.GetProperty(name).GetString()!, CultureInfo.InvariantCulture);

    private static double Number(Match match)
    {
        Assert.True(match.Success);
        return double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"I:\s+(-?[\d.]+) LUFS")]
    private static partial Regex Integrated();

    [GeneratedRegex(@"LRA:\s+(-?[\d.]+) LU")]
    private static partial Regex Range();

    [GeneratedRegex(@"Peak:\s+(-?[\d.]+) dBFS")]
    private static partial Regex Peak();
}
