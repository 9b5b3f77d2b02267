using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Engines.Whisper;
using Parley.Models.Silero;
using Parley.Models.Whisper;
using static Parley.Engines.Tests.Whisper.ScriptedDecoder;

namespace Parley.Engines.Tests.Whisper;

/// <summary>Everything around the model: streams, chunks, options, results. The model itself is scripted, voice activity is real.</summary>
public sealed class WhisperSpeechToTextClientTests
{
    private const int Rate = 16_000;
    private static readonly string Jfk = TestData.Golden("audio/third-party/jfk.wav");

    [Fact]
    public async Task The_texts_of_the_updates_make_the_whole_text()
    {
        using WhisperSpeechToTextClient client = Client(new ScriptedDecoder(_ => Window("<0.00> One,<4.00><4.00> two.<8.00><end>")));
        using FileStream wav = File.OpenRead(Jfk);
        List<SpeechToTextResponseUpdate> updates = await client.GetStreamingTextAsync(wav, null, TestContext.Current.CancellationToken).ToListAsync();
        Assert.Equal(
            [SpeechToTextResponseUpdateKind.SessionOpen, SpeechToTextResponseUpdateKind.TextUpdated, SpeechToTextResponseUpdateKind.TextUpdated, SpeechToTextResponseUpdateKind.SessionClose],
            updates.Select(update => update.Kind));
        Assert.Equal("One, two.", string.Concat(updates.Select(update => update.Text)));
        Transcript whole = updates[^1].Transcript!;
        Assert.Equal(("One, two.", "en", 11.0), (whole.Text, whole.Language, whole.Duration.TotalSeconds));
        Assert.Equal(updates[1].Segment, whole.Segments[0]);
        Assert.Equal(whole.Segments[0].Start, updates[1].StartTime);
    }

    [Theory]
    [InlineData("silence")]
    [InlineData("hush")]
    [InlineData("noise")]
    [InlineData("hum")]
    [InlineData("music")]
    [InlineData("tick")]
    [InlineData("nothing")]
    public async Task Sound_without_speech_is_no_text_and_the_model_is_not_asked(string sound)
    {
        ScriptedDecoder decoder = new(_ => Window("<0.00> Thank you for watching!<2.00><end>"));
        using WhisperSpeechToTextClient client = Client(decoder);
        SpeechToTextResponse response = await client.GetTextAsync(Wav(Sounds.Make(sound), Rate), null, TestContext.Current.CancellationToken);
        Assert.Equal("", response.Text);
        Assert.Empty(response.Transcript!.Segments);
        Assert.Empty(decoder.Asked);
    }

    [Fact]
    public async Task Silence_is_cut_away_and_times_are_those_of_the_recording()
    {
        float[] late = [.. new float[5 * Rate], .. WavReader.Read(Jfk).Samples, .. new float[60 * Rate]];
        ScriptedDecoder decoder = new(_ => Window("<0.00> And so.<end>"));
        using WhisperSpeechToTextClient client = Client(decoder);
        Transcript transcript = (await client.GetTextAsync(Wav(late, Rate), null, TestContext.Current.CancellationToken)).Transcript!;
        Assert.InRange(transcript.Segments[0].Start.TotalSeconds, 5.25, 5.45);
        Assert.Equal(76, transcript.Duration.TotalSeconds);
        Assert.InRange(decoder.Asked[0].Samples, 8 * Rate, 11 * Rate);
    }

    [Fact]
    public async Task Silence_stays_where_the_caller_wants_it()
    {
        ScriptedDecoder decoder = new(_ => Window("<0.00> a<2.00><end>"));
        using WhisperSpeechToTextClient client = Client(decoder);
        SpeechToTextOptions options = new() { CutSilence = false };
        float[] hush = new float[70 * Rate];
        Array.Fill(hush, 0.001f);
        await client.GetTextAsync(Wav(hush, Rate), options, TestContext.Current.CancellationToken);
        Assert.Equal(70 * Rate, decoder.Asked.Sum(asked => asked.Samples));
        Assert.All(decoder.Asked, asked => Assert.True(asked.Samples <= 30 * Rate));
    }

    [Fact]
    public async Task Digital_silence_is_not_decoded_even_where_silence_stays()
    {
        ScriptedDecoder decoder = new(_ => Window("<0.00> you<2.00><end>"));
        using WhisperSpeechToTextClient client = Client(decoder);
        SpeechToTextResponse response = await client.GetTextAsync(
            Wav(Sounds.Make("long silence"), Rate), new() { CutSilence = false }, TestContext.Current.CancellationToken);
        Assert.Equal("", response.Text);
        Assert.Equal(70, response.Transcript!.Duration.TotalSeconds);
        Assert.Empty(decoder.Asked);
    }

    [Theory]
    [InlineData(8_000)]
    [InlineData(24_000)]
    [InlineData(44_100)]
    public async Task Raw_samples_of_any_rate_are_heard(int rate)
    {
        AudioBuffer sound = Resampler.Convert(WavReader.Read(Jfk), rate);
        byte[] raw = new byte[2 * sound.Samples.Length];
        Pcm16.FromFloat(sound.Samples, raw);
        ScriptedDecoder decoder = new(_ => Window("<0.00> Heard.<end>"));
        using WhisperSpeechToTextClient client = Client(decoder);
        SpeechToTextResponse response = await client.GetTextAsync(
            new TricklingStream(raw), new SpeechToTextOptions { SpeechSampleRate = rate }, TestContext.Current.CancellationToken);
        Assert.Equal("Heard.", response.Text);
        Assert.Equal(11.0, response.Transcript!.Duration.TotalSeconds, 3);
    }

    [Fact]
    public async Task What_is_no_sound_is_refused()
    {
        using WhisperSpeechToTextClient client = Client(new ScriptedDecoder(_ => Window("")));
        async Task Refused(byte[] bytes, int? rate) => await Assert.ThrowsAsync<AudioFormatException>(() =>
            client.GetTextAsync(new MemoryStream(bytes), new SpeechToTextOptions { SpeechSampleRate = rate }, TestContext.Current.CancellationToken));
        await Refused([], null);
        await Refused("ID3 this is an mp3 file"u8.ToArray(), null);
        await Refused("RIFF\0\0\0\0WAVE"u8.ToArray(), null);
        await Refused([1, 2, 3], Rate);
        Assert.Equal("", (await client.GetTextAsync(new MemoryStream(), new SpeechToTextOptions { SpeechSampleRate = Rate }, TestContext.Current.CancellationToken)).Text);
    }

    [Fact]
    public async Task Options_reach_the_model()
    {
        ScriptedDecoder decoder = new(_ => Window("<0.00> a<2.00><end>", language: "de"));
        using WhisperSpeechToTextClient client = Client(decoder);
        using FileStream wav = File.OpenRead(Jfk);
        SpeechToTextOptions options = new()
        {
            SpeechLanguage = "de-AT", TextLanguage = "en", Prompt = "Grüße", Hotwords = "Ilse", ContinuesText = true, BeamSize = 3, Temperature = 0, WithWords = true, CandidateLanguages = ["de", "dutch"],
        };
        await client.GetTextAsync(wav, options, TestContext.Current.CancellationToken);
        WindowRequest request = decoder.Asked[0].Request;
        Assert.Equal(("de", true, "Grüße", 3, true), (request.Language, request.Translate, request.Prompt, request.BeamSize, request.Align));
        Assert.Equal(("Ilse", true), (request.Hotwords, request.ContinuesText));
        Assert.Equal(["de", "nl"], request.Candidates);
    }

    [Fact]
    public void Impossible_options_are_refused_at_the_door()
    {
        using WhisperSpeechToTextClient client = Client(new ScriptedDecoder(_ => Window("")));
        void Refused<T>(SpeechToTextOptions options, string named)
            where T : Exception
        {
            T fault = Assert.Throws<T>(() => { client.GetStreamingTextAsync(Stream.Null, options); });
            Assert.Contains(named, fault.Message, StringComparison.Ordinal);
        }
        Refused<UnsupportedLanguageException>(new() { SpeechLanguage = "tlh" }, "tlh");
        Refused<UnsupportedLanguageException>(new() { SpeechLanguage = "yue" }, "yue"); // since large-v3
        Refused<UnsupportedLanguageException>(new() { CandidateLanguages = ["en", "xx"] }, "xx");
        Refused<UnsupportedOptionException>(new() { SpeechLanguage = "fr", TextLanguage = "de" }, "TextLanguage");
        Refused<UnsupportedOptionException>(new() { BeamSize = 9 }, "BeamSize");
        Refused<UnsupportedOptionException>(new() { BeamSize = 0 }, "BeamSize");
        Refused<UnsupportedOptionException>(new() { Temperature = 1.5f }, "Temperature");
    }

    [Fact]
    public async Task Progress_grows_to_one()
    {
        List<double> shares = [];
        float[] speech = WavReader.Read(Jfk).Samples;
        float[] longer = [.. Enumerable.Repeat(speech, 8).SelectMany(samples => samples)];
        using WhisperSpeechToTextClient client = Client(new ScriptedDecoder(_ => Window("<0.00> a<2.00><end>")));
        await client.GetTextAsync(Wav(longer, Rate), new SpeechToTextOptions { Progress = new Collector(shares) }, TestContext.Current.CancellationToken);
        Assert.True(shares.Count >= 3);
        Assert.Equal(shares.Order(), shares);
        Assert.Equal(1, shares[^1]);
        Assert.InRange(shares[0], 0.2, 0.7);
    }

    [Fact]
    public async Task Progress_of_a_stream_that_cannot_seek_goes_by_the_length_that_was_told()
    {
        List<double> shares = [];
        float[] longer = [.. Enumerable.Repeat(WavReader.Read(Jfk).Samples, 8).SelectMany(samples => samples)];
        using WhisperSpeechToTextClient client = Client(new ScriptedDecoder(_ => Window("<0.00> a<2.00><end>")));
        await client.GetTextAsync(
            new TricklingStream(WavBytes(longer, Rate)),
            new SpeechToTextOptions { Progress = new Collector(shares), RecordingLength = TimeSpan.FromSeconds((double)longer.Length / Rate) },
            TestContext.Current.CancellationToken);
        Assert.Equal(shares.Order(), shares);
        Assert.Equal(1, shares[^1]);
        Assert.InRange(shares[0], 0.2, 0.7);
    }

    [Fact]
    public async Task A_cancelled_call_reads_no_further()
    {
        using CancellationTokenSource cancel = new();
        ScriptedDecoder decoder = new(_ =>
        {
            cancel.Cancel();
            return Window("<0.00> a<2.00><end>");
        });
        using WhisperSpeechToTextClient client = Client(decoder);
        float[] longer = [.. Enumerable.Repeat(WavReader.Read(Jfk).Samples, 10).SelectMany(samples => samples)];
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetTextAsync(Wav(longer, Rate), null, cancel.Token));
        Assert.Single(decoder.Asked);
    }

    internal static WhisperSpeechToTextClient Client(IWindowDecoder decoder)
    {
        EngineDescription description = WhisperEngine.Starter(StarterModels.Open(TestData.Starter("")), Path.GetTempPath()).Description;
        WhisperFamily family = GgmlWhisperFile.Read(TestData.Starter("whisper/ggml-base-q5_1.bin")).Family;
        return new WhisperSpeechToTextClient(description, Vocabulary, family, decoder, SileroModel.Open(TestData.Starter("silero/silero_vad.onnx")));
    }

    internal static MemoryStream Wav(float[] samples, int rate) => new(WavBytes(samples, rate));

    private static byte[] WavBytes(float[] samples, int rate)
    {
        byte[] pcm = new byte[2 * samples.Length];
        Pcm16.FromFloat(samples, pcm);
        using MemoryStream wav = new();
        using BinaryWriter writer = new(wav);
        writer.Write("RIFF"u8);
        writer.Write(36 + pcm.Length);
        writer.Write("WAVEfmt "u8);
        writer.Write(16);
        writer.Write((short)1);
        writer.Write((short)1);
        writer.Write(rate);
        writer.Write(2 * rate);
        writer.Write((short)2);
        writer.Write((short)16);
        writer.Write("data"u8);
        writer.Write(pcm.Length);
        writer.Write(pcm);
        return wav.ToArray();
    }

    internal sealed class Collector(List<double> shares) : IProgress<double>
    {
        public void Report(double value) => shares.Add(value);
    }

    /// <summary>Gives odd portions and cannot seek.</summary>
    private sealed class TricklingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            return base.ReadAsync(buffer[..Math.Min(buffer.Length, 4097)], cancellationToken);
        }
    }
}
