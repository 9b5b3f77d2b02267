using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Engines;
using Parley.Models.SpeakerEmbeddings;
using Parley.Trials.Extraction;

namespace Parley.Trials.Tests.Extraction;

/// <summary>A film of two voices, made here: the starter voice and espeak-ng, taking turns.</summary>
public sealed class ReferenceExtractorTests : IDisposable
{
    private static readonly (string Speaker, string Text)[] Lines =
    [
        ("Ann", "Good evening, I am so glad that you found the house in the dark."), ("Bob", "The road was long, but the lamp in your window showed me the way."),
        ("Ann", "Come in and sit by the fire, the soup will be ready in a minute."), ("Bob", "Thank you, I have not eaten since the early morning train."),
        ("Ann", "Tell me then, did you bring the letters from the old captain?"), ("Bob", "All of them, and a box that nobody has been able to open."),
    ];

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("parley-extract-");
    private readonly SpeakerEncoder speakers = SpeakerEncoder.Open(TestData.Starter("speaker/speaker_encoder.onnx"));

    public void Dispose()
    {
        speakers.Dispose();
        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("voice")]
    [InlineData("dash")]
    [InlineData("gap")]
    public async Task The_right_speaker_wins_however_the_subtitles_mark_them(string marks)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        await using EngineCatalogue engines = new([StarterEngines.Hibari(StarterModels.Open(TestData.Starter(""))), await EspeakEngine.RegisterAsync(cancel: cancel)]);
        (string film, List<(double Start, double End)> times) = await MakeFilmAsync(engines, cancel);
        string seed = In("seed.wav");
        WavWriter.Write(seed, await SpeakAsync(engines, "hibari", "This is how I sound on another day, when nobody asks for letters.", cancel));
        string subtitles = In("film.vtt");
        File.WriteAllText(subtitles, Subtitles(marks, times));

        ExtractionResult found = await new ReferenceExtractor(speakers, new Ffmpeg()).ExtractAsync(film, subtitles, In("clips"), new() { Seed = seed }, null, cancel);

        Assert.Equal(marks, found.Marks.ToString().ToLowerInvariant());
        Assert.True(found.Clips.Count >= 4, string.Join("; ", found.Rejected));
        string[] anns = [.. Lines.Where(line => line.Speaker == "Ann").Select(line => line.Text)];
        int annsKept = found.Clips.Count(clip => anns.Contains(clip.Text));
        Assert.All(found.Clips.Take(annsKept), clip => Assert.Contains(clip.Text, anns));
        Assert.True(found.Clips[annsKept - 1].Similarity > found.Clips[annsKept].Similarity + 0.1);
        foreach (ReferenceClip clip in found.Clips)
        {
            AudioBuffer sound = WavReader.Read(Path.Combine(folder.FullName, "clips", clip.Clip));
            Assert.Matches("^clip_[a-z0-9-]+_[0-9]+_[0-9]+(_[0-9]+)?\\.wav$", clip.Clip);
            Assert.Equal(24_000, sound.SampleRate);
            Assert.InRange(clip.LufsI, -24, -15.9); // -16, or less where the peak forbids it
            Assert.True(clip.Dbtp <= -1.45);
            JsonElement metadata = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder.FullName, "clips", $"metadata_{Path.GetFileNameWithoutExtension(clip.Clip)}.json"))).RootElement;
            Assert.Equal(clip.Sha256, metadata.GetProperty("sha256").GetString());
            Assert.DoesNotContain("film", metadata.GetRawText(), StringComparison.Ordinal); // neither its path nor its name
        }
        Assert.Contains("<audio", File.ReadAllText(In("clips/index.html")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_surround_film_the_centre_is_taken_where_the_dialogue_is_there()
    {
        // The voice in the centre, noise everywhere else: softer than the voice, but in the mean of six channels louder.
        CancellationToken cancel = TestContext.Current.CancellationToken;
        await using EngineCatalogue engines = new([StarterEngines.Hibari(StarterModels.Open(TestData.Starter("")))]);
        string text = $"{Lines[0].Text} {Lines[2].Text}";
        AudioBuffer voice = await SpeakAsync(engines, "hibari", text, cancel);
        double length = voice.Duration.TotalSeconds;
        string wav = In("voice.wav"), film = In("surround.mkv"), subtitles = In("surround.vtt");
        WavWriter.Write(wav, voice);
        string noise = $"anoisesrc=color=pink:amplitude=0.2:sample_rate=24000:duration={length.ToString(System.Globalization.CultureInfo.InvariantCulture)}";
        using System.Diagnostics.Process ffmpeg = System.Diagnostics.Process.Start("ffmpeg",
        [
            "-nostdin", "-v", "error", "-i", wav, "-f", "lavfi", "-i", noise, "-f", "lavfi", "-i", noise + ":seed=2",
            "-filter_complex", "[1:a]asplit[n1][n2];[2:a]asplit=3[n3][n4][n5];[n1][n3][0:a][n5][n2][n4]join=inputs=6:channel_layout=5.1:map=0.0-FL|1.0-FR|2.0-FC|3.0-LFE|4.0-BL|5.0-BR[out]",
            "-map", "[out]", "-c:a", "flac", film,
        ]);
        await ffmpeg.WaitForExitAsync(cancel);
        Assert.Equal(0, ffmpeg.ExitCode);
        File.WriteAllText(subtitles, $"WEBVTT\n\n00:00:00.100 --> {TimeSpan.FromSeconds(length - 0.3):hh\\:mm\\:ss\\.fff}\n<v Ann>{text}</v>\n");

        ExtractionResult found = await new ReferenceExtractor(speakers, new Ffmpeg()).ExtractAsync(film, subtitles, In("clips"), new(), null, cancel);

        Assert.True(found.Clips.Count == 1, string.Join("; ", found.Rejected));
        ReferenceClip clip = found.Clips[0];
        AudioBuffer cut = WavReader.Read(Path.Combine(folder.FullName, "clips", clip.Clip));
        Assert.True(SpeakerEncoder.Similarity(speakers.Embed(cut), speakers.Embed(voice)) > 0.9);
    }

    [Fact]
    public async Task Nothing_is_cut_behind_the_end_of_the_film()
    {
        string film = In("film.wav"), subtitles = In("film.srt");
        WavWriter.Write(film, new AudioBuffer([.. Enumerable.Range(0, 48_000).Select(i => (float)(0.2 * Math.Sin(i * 0.05)))], 16_000));
        File.WriteAllText(subtitles, "1\n00:00:10,000 --> 00:00:15,000\nNobody says this.\n\n");

        ExtractionResult found = await new ReferenceExtractor(speakers, new Ffmpeg()).ExtractAsync(film, subtitles, In("clips"), new(), null, TestContext.Current.CancellationToken);

        Assert.Empty(found.Clips);
    }

    private async Task<(string Film, List<(double Start, double End)> Times)> MakeFilmAsync(EngineCatalogue engines, CancellationToken cancel)
    {
        List<float> sound = [.. new float[24_000]];
        List<(double Start, double End)> times = [];
        foreach ((string speaker, string text) in Lines)
        {
            AudioBuffer line = Resampler.Convert(await SpeakAsync(engines, speaker == "Ann" ? "hibari" : "espeak", text, cancel), 24_000);
            times.Add((sound.Count / 24_000.0, (sound.Count + line.Samples.Length) / 24_000.0));
            sound.AddRange(line.Samples.Select(sample => 0.7f * sample));
            sound.AddRange(new float[14_400]);
        }
        string wav = In("film.wav");
        WavWriter.Write(wav, new AudioBuffer([.. sound], 24_000));
        string film = In("film.mkv");
        using System.Diagnostics.Process ffmpeg = System.Diagnostics.Process.Start("ffmpeg",
            ["-nostdin", "-v", "error", "-f", "lavfi", "-i", "color=black:s=64x64:r=5", "-i", wav, "-shortest", "-c:a", "aac", "-b:a", "128k", film]);
        await ffmpeg.WaitForExitAsync(cancel);
        return (film, times);
    }

    private static string Subtitles(string marks, List<(double Start, double End)> times)
    {
        System.Text.StringBuilder vtt = new("WEBVTT\n\n");
        foreach ((int i, (double start, double end)) in times.Index())
        {
            (string speaker, string text) = Lines[i];
            vtt.Append(Time(start)).Append(" --> ").Append(Time(end)).Append('\n').Append(marks == "voice" ? $"<v {speaker}>{text}</v>" : text).Append("\n\n");
        }
        if (marks == "dash")
            vtt.Append(Time(times[^1].End + 0.1)).Append(" --> ").Append(Time(times[^1].End + 0.5)).Append("\n- No?\n- No.\n\n");
        return vtt.ToString();
        static string Time(double seconds) => TimeSpan.FromSeconds(seconds).ToString(@"hh\:mm\:ss\.fff", System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async Task<AudioBuffer> SpeakAsync(EngineCatalogue engines, string engine, string text, CancellationToken cancel)
    {
        ITextToSpeechClient client = await engines.OpenAsync<ITextToSpeechClient>(engine, cancel);
        List<float> samples = [];
        int rate = 0;
        await foreach (TextToSpeechResponseUpdate update in client.GetStreamingAudioAsync(text, new() { Seed = 1 }, cancel))
        {
            foreach (DataContent content in update.Contents.OfType<DataContent>())
            {
                AudioFrame frame = PcmContent.ToFrame(content);
                samples.AddRange(frame.Samples.Span);
                rate = frame.SampleRate;
            }
        }
        return new([.. samples], rate);
    }

    private string In(string name) => Path.Combine(folder.FullName, name);
}
