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

    private static float[] Jfk() => WavReader.Read(TestData.Golden("audio/third-party/jfk.wav")).Samples;
}
