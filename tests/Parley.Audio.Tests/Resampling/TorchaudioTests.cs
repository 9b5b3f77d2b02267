using System.Runtime.InteropServices;
using System.Text.Json;

namespace Parley.Audio.Tests;

/// <summary>The training-time filters against what torchaudio gave.</summary>
public class TorchaudioTests
{
    [Fact]
    public void The_functional_form_gives_what_XTTS_heard()
    {
        string folder = Case("xtts/a");
        float[] sound = WavReader.Read(Path.Combine(folder, "ref1.wav")).Samples;
        float[] middle = Tensor(folder, "cond.ref1_22050"), head = Tensor(folder, "cond.ref1_16000_head"), tail = Tensor(folder, "cond.ref1_16000_tail");
        float[] at22050 = Resampler.Convert(sound, 44_100, 22_050, ResamplingFilter.TorchaudioFunctional);
        AssertNear(middle, at22050, 1e-6f);
        float[] at16000 = Resampler.Convert(middle, 22_050, 16_000, ResamplingFilter.TorchaudioFunctional);
        AssertNear(head, at16000[..head.Length], 1e-6f);
        AssertNear(tail, at16000[^tail.Length..], 1e-6f);
    }

    [Fact]
    public void The_transform_gives_what_Chatterbox_heard()
    {
        string folder = Case("chatterbox/english");
        float[] sound = WavReader.Read(Path.Combine(folder, "reference.wav")).Samples;
        float[] output = Resampler.Convert(sound, 24_000, 16_000, ResamplingFilter.TorchaudioTransform);
        float[] middle = Tensor(folder, "ref.w16_sinc_5000"), tail = Tensor(folder, "ref.w16_sinc_tail");
        AssertNear(middle, output[5000..6000], 1e-6f);
        AssertNear(tail, output[^tail.Length..], 1e-6f);
    }

    [Fact]
    public void The_default_filter_is_near_soxr()
    {
        string folder = Case("chatterbox/english");
        float[] sound = WavReader.Read(Path.Combine(folder, "reference.wav")).Samples;
        float[] expected = Tensor(folder, "ref.w16_soxr");
        float[] output = Resampler.Convert(sound, 24_000, 16_000);
        Assert.Equal(expected.Length, output.Length);
        AssertNear(expected, output, 2e-3f); // the two differ in the band between 0.91 and 1.0, where both let something through
    }

    [Theory] // impulses read the two rows of the kernel for 24 to 16 kHz: the inputs 30 and 31 are seen by outputs 20 and 21
    [InlineData(30, 20, 0.66f)]
    [InlineData(31, 20, 0.2706918f)]
    [InlineData(32, 20, -0.1189599f)]
    [InlineData(31, 21, 0.5438856f)]
    [InlineData(32, 21, 0.5438856f)]
    [InlineData(30, 21, 0.0062277f)]
    [InlineData(33, 21, 0.0062277f)]
    public void Known_coefficients(int input, int output, float coefficient)
    {
        float[] impulse = new float[60];
        impulse[input] = 1;
        Assert.Equal(coefficient, Resampler.Convert(impulse, 24_000, 16_000, ResamplingFilter.TorchaudioTransform)[output], 1e-7f);
    }

    // The project's own copy where it has one, else the wider test data.
    private static string Case(string path)
    {
        string own = TestData.Golden(path);
        return Directory.Exists(own) ? own : TestData.SharedOrSkip("golden/" + path);
    }

    private static float[] Tensor(string folder, string name)
    {
        byte[] file = File.ReadAllBytes(Path.Combine(folder, "expected.safetensors"));
        int header = (int)BitConverter.ToInt64(file);
        using JsonDocument json = JsonDocument.Parse(file.AsMemory(8, header));
        JsonElement offsets = json.RootElement.GetProperty(name).GetProperty("data_offsets");
        int start = 8 + header + offsets[0].GetInt32(), end = 8 + header + offsets[1].GetInt32();
        return MemoryMarshal.Cast<byte, float>(file.AsSpan(start, end - start)).ToArray();
    }

    private static void AssertNear(float[] expected, float[] actual, float tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        int worst = Enumerable.Range(0, expected.Length).MaxBy(i => Math.Abs(expected[i] - actual[i]));
        float difference = Math.Abs(expected[worst] - actual[worst]);
        Assert.True(difference <= tolerance, $"Largest difference {difference:g3} at {worst}: expected {expected[worst]}, found {actual[worst]}.");
    }
}
