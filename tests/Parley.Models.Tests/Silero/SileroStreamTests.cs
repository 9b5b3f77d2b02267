using System.Globalization;
using System.Text.Json;
using Parley.Audio;
using Parley.Graphs;
using Parley.Models.Silero;

namespace Parley.Models.Tests.Silero;

public sealed class SileroStreamTests : IDisposable
{
    private readonly SileroModel model = SileroModel.Open(TestData.Starter("silero/silero_vad.onnx"));

    public void Dispose() => model.Dispose();

    [Theory]
    [InlineData("zeros", 16_000, "0:0.001670 1:0.006884 2:0.008911 5:0.005961 10:0.005048 50:0.003400 199:0.001410")]
    [InlineData("zeros", 8_000, "0:0.017367 1:0.017467 2:0.022407 5:0.009810 10:0.006505 50:0.010422 199:0.009289")]
    [InlineData("sine", 16_000, "0:0.105627 1:0.218479 2:0.052082 5:0.004072 10:0.002364 39:0.002812")]
    [InlineData("sine", 8_000, "0:0.199900 1:0.134021 2:0.106369 5:0.010849 10:0.004080 39:0.010886")]
    [InlineData("noise", 16_000, "0:0.034722 1:0.031354 2:0.025943 3:0.017788 9:0.042800")]
    [InlineData("noise", 8_000, "0:0.012562 1:0.028596 2:0.024974 3:0.019528 9:0.013600")]
    public void Probabilities_of_made_sounds_match_the_reference(string sound, int rate, string expected)
    {
        using SileroStream stream = model.CreateStream(rate);
        (int Window, float Probability)[] wanted =
        [
            .. expected.Split(' ').Select(pair => pair.Split(':'))
                .Select(pair => (int.Parse(pair[0], CultureInfo.InvariantCulture), float.Parse(pair[1], CultureInfo.InvariantCulture))),
        ];
        float[] samples = Make(sound, rate, stream.WindowSamples * (wanted[^1].Window + 1));
        float[] heard = Probabilities(stream, samples);
        foreach ((int window, float probability) in wanted)
            Assert.Equal(probability, heard[window], 2e-6f);
    }

    [Theory]
    [InlineData("test.wav", "test.wav/jit/16000")]
    [InlineData("aepyx_8k.wav", "aepyx_8k.wav/jit/8000")]
    public void Probabilities_and_segments_of_recordings_match_the_reference(string recording, string golden)
    {
        AudioBuffer sound = WavReader.Read(TestData.SharedOrSkip("golden/silero/" + recording));
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(TestData.SharedOrSkip("golden/silero/golden_probs.json")));
        JsonElement expected = document.RootElement.GetProperty(golden);
        using SileroStream stream = model.CreateStream(sound.SampleRate);
        float[] probabilities = Probabilities(stream, sound.Samples);
        float[] wanted = [.. expected.GetProperty("probs").EnumerateArray().Select(value => value.GetSingle())];
        Assert.Equal(wanted.Length, probabilities.Length);
        for (int i = 0; i < wanted.Length; i++)
            Assert.Equal(wanted[i], probabilities[i], 5e-6f); // rounded to six decimals; convolutions sum in another order

        Assert.Equal(Segments(expected.GetProperty("segments_default")), Find(new SegmentationOptions()));
        Assert.Equal(Segments(expected.GetProperty("segments_max6s")), Find(new SegmentationOptions { MaxSpeech = TimeSpan.FromSeconds(6) }));

        IEnumerable<(long, long)> Find(SegmentationOptions options) => SpeechSegmenter
            .Find(probabilities, sound.Samples.Length, options, sound.SampleRate, stream.WindowSamples).Select(segment => (segment.Start, segment.End));
        static IEnumerable<(long, long)> Segments(JsonElement rows) => rows.EnumerateArray().Select(row => (row[0].GetInt64(), row[1].GetInt64()));
    }

    [Theory]
    [InlineData("jfk.wav", "golden/audio/third-party/jfk.wav")]
    [InlineData("two_cities_16k.wav", "models/whisper/two_cities_16k.wav")]
    public void Probabilities_match_the_package_that_ships_the_file(string name, string path)
    {
        AudioBuffer sound = WavReader.Read(TestData.SharedOrSkip(path));
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(TestData.SharedOrSkip("models/silero/expected.json")));
        float[] wanted = [.. document.RootElement.GetProperty("probabilities").GetProperty(name).EnumerateArray().Select(value => value.GetSingle())];
        using SileroStream stream = model.CreateStream();
        float[] probabilities = Probabilities(stream, sound.Samples);
        Assert.Equal(wanted.Length, probabilities.Length);
        for (int i = 0; i < wanted.Length; i++)
            Assert.Equal(wanted[i], probabilities[i], 1e-5f); // rounded to five decimals
    }

    [Fact]
    public void Silence_is_never_speech()
    {
        using SileroStream stream = model.CreateStream();
        Assert.All(Probabilities(stream, new float[60 * 16_000]), probability => Assert.InRange(probability, 0, 0.03f));
    }

    [Fact]
    public void A_reset_stream_begins_anew()
    {
        using SileroStream stream = model.CreateStream();
        float[] noise = Make("noise", 16_000, 20 * stream.WindowSamples);
        float[] first = Probabilities(stream, noise);
        stream.Reset();
        Assert.Equal(first, Probabilities(stream, noise));
    }

    [Fact]
    public async Task Streams_side_by_side_do_not_hear_each_other()
    {
        float[] noise = Make("noise", 16_000, 50 * 512), sine = Make("sine", 16_000, 50 * 512);
        using SileroStream one = model.CreateStream(), other = model.CreateStream(), alone = model.CreateStream();
        float[] expected = Probabilities(alone, noise);
        Task<float[]> noisy = Task.Run(() => Probabilities(one, noise)), sung = Task.Run(() => Probabilities(other, sine));
        Assert.Equal(expected, await noisy);
        Assert.NotEqual(expected, await sung);
    }

    [Fact]
    public void A_window_allocates_nothing_managed()
    {
        using SileroStream stream = model.CreateStream();
        float[] window = new float[stream.WindowSamples];
        for (int i = 0; i < 10; i++)
            stream.Next(window);
        Assert.Equal(0, SteadyState.AllocatedBytes(() =>
        {
            for (int i = 0; i < 100; i++)
                stream.Next(window);
        }));
    }

    [Fact]
    public void Another_rate_another_window_and_another_model_are_refused()
    {
        using SileroStream stream = model.CreateStream();
        Assert.Throws<ArgumentException>(() => stream.Next(new float[480]));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.CreateStream(48_000));
        Assert.Throws<OnnxModelException>(() => SileroModel.Open(TestData.Starter("smart-turn/smart-turn-v3.2-cpu.onnx")));
        Assert.Throws<OnnxModelException>(() => SileroModel.Open(TestData.Starter("silero/absent.onnx")));
    }

    private static float[] Probabilities(SileroStream stream, float[] samples)
    {
        SpeechWindows windows = new(stream);
        List<float> probabilities = [];
        ReadOnlySpan<float> rest = samples;
        while (windows.Read(ref rest, out float probability))
            probabilities.Add(probability);
        if (windows.Flush(out float last))
            probabilities.Add(last);
        return [.. probabilities];
    }

    private static float[] Make(string sound, int rate, int length)
    {
        float[] samples = new float[length];
        uint s = 12345;
        for (int i = 0; i < length; i++)
        {
            s = unchecked(1664525 * s + 1013904223);
            samples[i] = sound switch
            {
                "sine" => (float)(0.5 * Math.Sin(2 * Math.PI * 200 * i / rate)),
                "noise" => (float)(0.2 * ((s >> 8) / 16777216.0 - 0.5)),
                _ => 0,
            };
        }
        return samples;
    }
}
