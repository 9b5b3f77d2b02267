using System.Text.Json;
using Parley.Audio;
using Parley.Models.Piper;

namespace Parley.Models.Tests.Piper;

public class PiperVoiceTests
{
    private static readonly PiperInference Still = new() { NoiseScale = 0, NoiseW = 0 };

    [Fact]
    public void Stored_phonemes_give_the_reference_ids_and_lengths()
    {
        using PiperVoice voice = Open();
        foreach (JsonElement sentence in Sentences())
        {
            string phonemes = sentence.GetProperty("phonemes").GetString()!;
            long[] ids = [.. sentence.GetProperty("phoneme_ids").EnumerateArray().Select(id => id.GetInt64())];
            Assert.Equal(ids, PiperIds.Encode(phonemes, voice.Config));
            float[] wave = voice.Speak(ids, Still, speaker: 0, seed: 0, piece: 0);
            Assert.Equal(sentence.GetProperty("samples").GetInt32(), wave.Length);
            Assert.Equal(sentence.GetProperty("peak").GetSingle(), wave.Max(Math.Abs), 1e-3f);
        }
    }

    [Fact]
    public void Stored_waves_are_met_within_a_thousandth_of_full_scale()
    {
        using PiperVoice voice = Open();
        foreach (JsonElement item in Items().Where(item => item.GetProperty("wav").ValueKind == JsonValueKind.String))
        {
            AudioBuffer expected = WavReader.Read(TestData.SharedOrSkip($"models/piper/{item.GetProperty("wav").GetString()}"));
            float[] wave = [.. item.GetProperty("sentences").EnumerateArray().SelectMany(sentence =>
                voice.Speak(PiperIds.Encode(sentence.GetProperty("phonemes").GetString()!, voice.Config), Still, 0, 0, 0))];
            Assert.Equal(expected.Samples.Length, wave.Length);
            float worst = wave.Zip(expected.Samples, (a, b) => Math.Abs(a - b)).Max();
            Assert.True(worst <= 1e-3f, $"{item.GetProperty("wav")}: largest difference {worst}");
        }
    }

    [Fact]
    public void A_seed_repeats_its_noise_and_another_does_not()
    {
        using PiperVoice voice = Open();
        long[] ids = PiperIds.Encode("həlˈoʊ wˈɜːld.", voice.Config);
        float[] first = voice.Speak(ids, voice.Config.Inference, 0, seed: 1, piece: 0);
        Assert.Equal(first, voice.Speak(ids, voice.Config.Inference, 0, seed: 1, piece: 0));
        Assert.NotEqual(first, voice.Speak(ids, voice.Config.Inference, 0, seed: 2, piece: 0));
        Assert.NotEqual(first, voice.Speak(ids, voice.Config.Inference, 0, seed: 1, piece: 1));
    }

    [Fact]
    public void A_longer_length_scale_is_slower()
    {
        using PiperVoice voice = Open();
        long[] ids = PiperIds.Encode("ðə kwˈɪk bɹˈaʊn fˈɑːks.", voice.Config);
        double normal = voice.Speak(ids, Still, 0, 0, 0).Length, slow = voice.Speak(ids, Still with { LengthScale = 2 }, 0, 0, 0).Length;
        Assert.InRange(slow / normal, 1.7, 2.1);
    }

    [Fact]
    public void A_file_cut_short_is_told_with_its_name()
    {
        string folder = Directory.CreateTempSubdirectory("parley-piper").FullName, path = Path.Combine(folder, "voice.onnx");
        string source = TestData.SharedOrSkip("models/piper/en_US-joe-medium.onnx");
        try
        {
            File.WriteAllBytes(path, File.ReadAllBytes(source)[..1_000_000]);
            Assert.Contains("voice.onnx.json cannot be read", Assert.Throws<ModelFileException>(() => PiperVoice.Open(path)).Message);
            File.Copy(source + ".json", path + ".json");
            Assert.StartsWith(path, Assert.Throws<ModelFileException>(() => PiperVoice.Open(path)).Message);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static PiperVoice Open() => PiperVoice.Open(TestData.SharedOrSkip("models/piper/en_US-joe-medium.onnx"));

    private static JsonElement[] Items() =>
        [.. JsonDocument.Parse(File.ReadAllBytes(TestData.SharedOrSkip("models/piper/expected.json"))).RootElement.GetProperty("items").EnumerateArray()];

    private static JsonElement[] Sentences() => [.. Items().SelectMany(item => item.GetProperty("sentences").EnumerateArray())];
}
