using Parley.Models.Kokoro;
using Parley.Models.Misaki;
using Parley.Models.Speech;

namespace Parley.Models.Tests.Kokoro;

public class KokoroTests
{
    [Theory]
    [InlineData("tokens", "audio")]
    [InlineData("input_ids", "waveform")]
    public void Both_spellings_of_the_exports_run(string ids, string wave)
    {
        using TinyKokoro tiny = new();
        using KokoroNetwork network = KokoroNetwork.Open(tiny.Network(ids, wave));
        float[] style = new float[KokoroStyles.Width];
        style[0] = 0.25f;
        (float[] sound, long[] durations) = network.Run([0, 50, 83, 0], style, speed: 2);
        Assert.Equal(4 * 600 / 2, sound.Length);
        Assert.All(sound, sample => Assert.Equal(0.25f, sample));
        Assert.Empty(durations);
    }

    [Fact]
    public void An_export_of_another_model_is_named()
    {
        using TinyKokoro tiny = new();
        ModelFileException fault = Assert.Throws<ModelFileException>(() => KokoroNetwork.Open(TestData.Starter("hibari/hibari.onnx")));
        Assert.Contains("'tokens'", fault.Message);
    }

    [Fact]
    public void Too_many_phonemes_are_refused_before_the_graph_fails()
    {
        using TinyKokoro tiny = new();
        using KokoroNetwork network = KokoroNetwork.Open(tiny.Network());
        Assert.Equal(512 * 600, network.Run(new long[512], new float[256], 1).Wave.Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => network.Run(new long[513], new float[256], 1));
    }

    [Fact]
    public void A_style_is_the_row_one_less_than_the_phonemes()
    {
        using TinyKokoro tiny = new();
        foreach (string path in (string[])[tiny.RawVoice("af_heart"), tiny.NumpyVoices("bf_emma", "af_heart")])
        {
            KokoroStyles styles = KokoroStyles.Open(path);
            Assert.Contains("af_heart", styles.Names);
            Assert.Equal(0.011f, styles.Style("af_heart", 12).Span[0]);
            Assert.Equal(0, styles.Style("af_heart", 0).Span[0]);
            Assert.Equal(0.509f, styles.Style("af_heart", 700).Span[0]);
        }
    }

    [Fact]
    public void Damaged_voices_are_named()
    {
        using TinyKokoro tiny = new();
        string raw = Path.Combine(tiny.RawVoice("af_heart"), "af_heart.bin"), numpy = tiny.NumpyVoices("af_heart");
        File.WriteAllBytes(raw, File.ReadAllBytes(raw)[..1000]);
        Assert.Contains("has 1000 bytes; a Kokoro voice has 522240", Assert.Throws<ModelFileException>(() => KokoroStyles.Open(raw).Style("af_heart", 1)).Message);
        File.WriteAllBytes(numpy, File.ReadAllBytes(numpy)[..1000]);
        Assert.StartsWith(numpy, Assert.Throws<ModelFileException>(() => KokoroStyles.Open(numpy)).Message);
        Assert.Contains("is missing", Assert.Throws<ModelFileException>(() => KokoroStyles.Open("/nowhere")).Message);
    }

    [Fact]
    public void Any_bytes_in_place_of_a_numpy_array_give_our_exception() =>
        Gen.Byte.Array[0, 200].Sample(bytes =>
        {
            byte[] file = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', .. bytes];
            Assert.Throws<ModelFileException>(() => NumpyArray.ReadF32(new MemoryStream(file), "x.npy", KokoroStyles.Rows * KokoroStyles.Width));
        });

    [Fact]
    public void An_export_that_takes_whole_speeds_is_stretched_afterwards()
    {
        using TinyKokoro tiny = new();
        using MisakiFrontEnd frontEnd = MisakiFrontEnd.Open(TestData.Starter("hibari"), EnglishAccent.American);
        using KokoroVoices kokoro = new(KokoroNetwork.Open(tiny.Network(wholeSpeed: true)), KokoroStyles.Open(tiny.RawVoice("af_heart")),
            PhonemeVocabulary.Read(TestData.Starter("hibari/vocab.json")), _ => frontEnd);
        int Length(float speed) => kokoro.Speak("Hello there.", "af_heart", speed, pauses: null).Single().Samples.Length;
        Assert.Equal(Length(1) / 2.0, Length(2), 2.0);
        Assert.Equal(Length(1) * 2.0, Length(0.5f), 2.0);
    }

    [Fact]
    public void A_long_sentence_is_cut_to_what_the_network_takes_and_its_words_follow_in_time()
    {
        using TinyKokoro tiny = new();
        using MisakiFrontEnd frontEnd = MisakiFrontEnd.Open(TestData.Starter("hibari"), EnglishAccent.American);
        using KokoroVoices kokoro = new(KokoroNetwork.Open(tiny.Network(durations: true)), KokoroStyles.Open(tiny.RawVoice("af_heart")),
            PhonemeVocabulary.Read(TestData.Starter("hibari/vocab.json")), _ => frontEnd);
        string text = string.Concat(Enumerable.Repeat("one more word and ", 60)) + "no end.";
        List<SpokenPiece> pieces = [.. kokoro.Speak(text, "af_heart", speed: 1, Pauses.Conversational)];
        Assert.True(pieces.Count >= 2);
        SpokenWord[] words = [.. pieces.SelectMany(piece => piece.Words)];
        Assert.Equal(text.Split(' ').Length, words.Length);
        Assert.All(words.Zip(words.Skip(1)), pair => Assert.True(pair.First.EndSample <= pair.Second.StartSample && pair.First.TextStart < pair.Second.TextStart));
        Assert.All(words, word => Assert.Equal(word.Text, text.Substring(word.TextStart, word.TextLength)));
    }
}
