using System.Text.Json;
using Parley.Audio;
using Parley.Models.SpeakerEmbeddings;

namespace Parley.Models.Tests.SpeakerEmbeddings;

public sealed class SpeakerEncoderTests : IDisposable
{
    private readonly SpeakerEncoder encoder = SpeakerEncoder.Open(TestData.Starter("speaker/speaker_encoder.onnx"));

    public void Dispose() => encoder.Dispose();

    [Fact]
    public void Embeddings_and_their_cosines_match_the_reference()
    {
        JsonElement expected = JsonDocument.Parse(File.ReadAllText(TestData.SharedOrSkip("models/speaker/expected.json"))).RootElement;
        (string Clip, AudioBuffer Sound)[] clips =
        [
            ("jfk 0-5.5 s", Part("golden/audio/third-party/jfk.wav", 0, 5.5)), ("jfk 5.5-11 s", Part("golden/audio/third-party/jfk.wav", 5.5, 11)),
            ("two_cities 0-8 s", Part("models/whisper/two_cities_16k.wav", 0, 8)), ("two_cities 20-28 s", Part("models/whisper/two_cities_16k.wav", 20, 28)),
        ];
        string[] order = [.. expected.GetProperty("cosine").GetProperty("order").EnumerateArray().Select(name => name.GetString()!)];
        Dictionary<string, float[]> found = clips.ToDictionary(clip => clip.Clip, clip => encoder.Embed(clip.Sound));
        foreach ((string clip, AudioBuffer sound) in clips)
        {
            JsonElement reference = expected.GetProperty("clips").GetProperty(clip);
            Assert.Equal(reference.GetProperty("partials").GetInt32(), SpeakerEncoder.WindowStarts(sound.Samples.Length).Count());
            Assert.All(reference.GetProperty("first8").EnumerateArray().Index(), value => Assert.Equal(value.Item.GetSingle(), found[clip][value.Index], 2e-4f));
            foreach ((string other, float[] embedding) in found)
            {
                double cosine = expected.GetProperty("cosine").GetProperty("matrix")[Array.IndexOf(order, clip)][Array.IndexOf(order, other)].GetDouble();
                Assert.Equal(cosine, SpeakerEncoder.Similarity(found[clip], embedding), 2e-4);
            }
        }
    }

    [Fact]
    public void An_embedding_has_length_one_and_does_not_depend_on_the_level()
    {
        AudioBuffer sound = Noise(30_000);
        float[] embedding = encoder.Embed(sound), softer = encoder.Embed(sound with { Samples = [.. sound.Samples.Select(sample => sample / 1000)] });

        Assert.Equal(1, embedding.Sum(value => value * value), 1e-5f);
        Assert.DoesNotContain(embedding, value => value < 0);
        Assert.Equal(1, SpeakerEncoder.Similarity(encoder.Embed(sound with { Samples = [.. SofterOf(sound)] }), softer), 1e-4);
        static IEnumerable<float> SofterOf(AudioBuffer sound) => sound.Samples.Select(sample => sample / 500);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(25_600)]
    [InlineData(25_601)]
    [InlineData(100_000)]
    public void Clips_of_any_length_have_a_speaker(int samples) => Assert.Equal(SpeakerEncoder.Dimensions, encoder.Embed(Noise(samples)).Length);

    [Fact]
    public void An_empty_clip_has_none() => Assert.Throws<ArgumentException>(() => encoder.Embed(new AudioBuffer([], 16_000)));

    private static AudioBuffer Noise(int samples)
    {
        Random random = new(1);
        return new([.. Enumerable.Range(0, samples).Select(_ => (float)(0.05 * (random.NextDouble() - 0.5)))], 16_000);
    }

    private static AudioBuffer Part(string file, double from, double to)
    {
        AudioBuffer whole = WavReader.Read(TestData.SharedOrSkip(file));
        return whole with { Samples = whole.Samples[(int)(from * whole.SampleRate)..Math.Min(whole.Samples.Length, (int)(to * whole.SampleRate))] };
    }
}
