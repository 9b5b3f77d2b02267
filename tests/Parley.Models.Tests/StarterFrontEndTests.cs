using System.Text.Json;
using Parley.Audio;
using Parley.Audio.Loudness;
using Parley.Audio.Spectra;
using Parley.Graphs;

namespace Parley.Models.Tests;

/// <summary>The front ends of the small networks in models/starter, against the originals' own features.</summary>
public class StarterFrontEndTests
{
    private const int Rate = 16_000;

    [Fact]
    public void Smart_turn_hears_the_last_8_s()
    {
        using Checkpoint stored = Checkpoint.Open(TestData.SharedOrSkip("models/smart-turn/jfk_10.9s_features.safetensors"));
        float[] expected = stored.Tensor("input_features").ReadF32(), found = Features(Jfk(), 0, 10.9);
        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], found[i], 1e-4);
    }

    [Fact]
    public void Smart_turn_of_short_clips_begins_with_silence()
    {
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(TestData.SharedOrSkip("models/smart-turn/expected.json")));
        JsonElement[] cases = [.. expected.RootElement.GetProperty("cases").EnumerateArray().Where(entry => entry.GetProperty("clip").GetString() == "jfk.wav")];
        Assert.NotEmpty(cases);
        foreach (JsonElement entry in cases)
        {
            float[] found = Features(Jfk(), entry.GetProperty("start").GetDouble(), entry.GetProperty("end").GetDouble());
            double mean = found.Average(value => (double)value);
            Assert.Equal(entry.GetProperty("feature_mean").GetDouble(), mean, 1e-4);
            Assert.Equal(entry.GetProperty("feature_std").GetDouble(), Math.Sqrt(found.Average(value => (value - mean) * (value - mean))), 1e-4);
            Assert.Equal(entry.GetProperty("feature_min").GetDouble(), found.Min(), 1e-4);
            Assert.Equal(entry.GetProperty("feature_max").GetDouble(), found.Max(), 1e-4);
        }
    }

    [Fact]
    public void The_speaker_encoder_hears_mel_power()
    {
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(TestData.SharedOrSkip("models/speaker/expected.json")));
        JsonElement window = expected.RootElement.GetProperty("one_window");
        float[] clip = Jfk()[..(int)(5.5 * Rate)];
        Levels.RaiseTo(-30, clip);
        MelFrontEnd frontEnd = new(MelRecipes.Resemblyzer);
        float[] mel = frontEnd.Compute(clip);
        int frames = mel.Length / frontEnd.Bands;
        for (int band = 0; band < frontEnd.Bands; band++)
        {
            foreach (int t in (int[])[0, 100])
            {
                double value = window.GetProperty($"mel_frame{t}")[band].GetDouble();
                Assert.Equal(value, mel[band * frames + t], 1e-5 * Math.Max(value, 1e-4));
            }
        }
        float[] first = [.. Enumerable.Range(0, frontEnd.Bands).SelectMany(band => mel[(band * frames)..(band * frames + 160)])];
        Assert.Equal(window.GetProperty("mel_mean").GetDouble(), first.Average(value => (double)value), 1e-5);
        Assert.Equal(window.GetProperty("mel_max").GetDouble(), first.Max(), 1e-3);
    }

    private static float[] Features(float[] clip, double start, double end)
    {
        float[] heard = clip[(int)Math.Round(start * Rate)..(int)Math.Round(end * Rate)], last = new float[8 * Rate];
        heard.AsSpan(Math.Max(0, heard.Length - last.Length)).CopyTo(last.AsSpan(Math.Max(0, last.Length - heard.Length)));
        Levels.Standardise(last);
        return new MelFrontEnd(MelRecipes.SmartTurn).Compute(last);
    }

    private static float[] Jfk() => WavReader.Read(TestData.Golden("audio/third-party/jfk.wav")).Samples;
}
