using System.Threading.Channels;
using Microsoft.Extensions.AI;
using Parley.Audio;

namespace Parley.Engines.Tests.Live;

public class LiveSpeechToTextClientTests
{
    private const int Rate = LiveUtterance.SampleRate;

    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;
    private static readonly SpeechToTextOptions Raw = new() { SpeechSampleRate = Rate };

    // A second of silence, three of speech, one of silence, two of speech, one of silence.
    private static readonly byte[] TwoUtterances = [.. Sound(1, 0), .. Sound(3, 0.5f), .. Sound(1, 0), .. Sound(2, 0.5f), .. Sound(1, 0)];

    [Fact]
    public async Task Words_come_while_the_sound_still_does()
    {
        using ArrivingStream sound = new();
        using LiveSpeechToTextClient live = new(Counting(), () => new LoudnessDetector());
        await using IAsyncEnumerator<SpeechToTextResponseUpdate> updates = live.GetStreamingTextAsync(sound, Raw, Cancel).GetAsyncEnumerator(Cancel);
        Assert.Equal(SpeechToTextResponseUpdateKind.SessionOpen, (await NextAsync()).Kind);
        sound.Arrive(Sound(1.6, 0.5f));
        SpeechToTextResponseUpdate tentative = await NextAsync();
        Assert.Equal((SpeechToTextResponseUpdateKind.TextUpdating, " 0"), (tentative.Kind, tentative.Text));
        sound.Arrive(Sound(1.6, 0.5f));
        SpeechToTextResponseUpdate committed = await NextAsync();
        Assert.Equal((SpeechToTextResponseUpdateKind.TextUpdated, "0"), (committed.Kind, committed.Text));
        sound.Arrive(Sound(1, 0));
        sound.End();
        while (await updates.MoveNextAsync())
            committed = updates.Current;
        Assert.Equal("0 1 2", committed.Transcript!.Text);

        async Task<SpeechToTextResponseUpdate> NextAsync()
        {
            Assert.True(await updates.MoveNextAsync());
            return updates.Current;
        }
    }

    [Fact]
    public void Sound_in_any_portions_gives_the_same_text_and_what_was_given_out_is_that_text()
    {
        string? expected = null;
        Gen.Int[1, 40_000].Array[1, 12].Sample(portions =>
        {
            using MemoryStream whole = new(TwoUtterances);
            using PortionedStream sound = new(whole, portions);
            ScriptedEar ear = Counting();
            using LiveSpeechToTextClient live = new(ear, () => new LoudnessDetector());
            SpeechToTextResponseUpdate[] updates = [.. live.GetStreamingTextAsync(sound, Raw, Cancel).ToBlockingEnumerable(Cancel)];
            Transcript transcript = updates[^1].Transcript!;
            Assert.Equal(transcript.Text, string.Concat(updates.Where(update => update.Kind == SpeechToTextResponseUpdateKind.TextUpdated).Select(update => update.Text)));
            Assert.Equal(transcript.Text, string.Concat(transcript.Segments.Select(segment => segment.Text)));
            Assert.Equal(1, ear.MostAtOnce);
            Assert.Equal(expected ??= transcript.Text, transcript.Text);
        }, iter: 60, threads: 1);
        Assert.Equal("0 1 2 0 1", expected);
    }

    [Fact]
    public async Task An_utterance_is_a_segment_with_the_times_of_its_speech()
    {
        Transcript transcript = (await HearAsync(Counting(), TwoUtterances))[^1].Transcript!;
        Assert.Equal([(1.0, 4.0), (5.0, 7.0)], transcript.Segments.Select(segment => (Near(segment.Start), Near(segment.End))));

        static double Near(TimeSpan time) => Math.Round(time.TotalSeconds, 1);
    }

    [Fact]
    public async Task A_recognition_under_way_at_the_end_of_speech_gives_way_to_the_last_one()
    {
        int call = 0;
        ScriptedEar ear = new(_ => "all of it") { Working = token => call++ == 0 ? Task.Delay(Timeout.Infinite, token) : Task.CompletedTask };
        List<SpeechToTextResponseUpdate> updates = await HearAsync(ear, [.. Sound(3, 0.5f), .. Sound(1, 0)]);
        Assert.Equal("all of it", updates[^1].Transcript!.Text);
        Assert.Equal(2, ear.Heard.Count);
    }

    [Fact]
    public async Task A_pause_shorter_than_the_end_of_speech_does_not_end_an_utterance()
    {
        List<SpeechToTextResponseUpdate> updates = await HearAsync(Counting(), [.. Sound(1, 0.5f), .. Sound(0.4, 0), .. Sound(1, 0.5f), .. Sound(1, 0)]);
        Assert.Single(updates[^1].Transcript!.Segments);
    }

    [Fact]
    public async Task Silence_is_never_shown_to_the_recogniser()
    {
        ScriptedEar ear = Counting();
        List<SpeechToTextResponseUpdate> updates = await HearAsync(ear, Sound(5, 0));
        Assert.Empty(ear.Heard);
        Assert.Equal("", updates[^1].Transcript!.Text);
    }

    [Fact]
    public async Task Noise_without_words_leaves_nothing_behind()
    {
        List<SpeechToTextResponseUpdate> updates = await HearAsync(new ScriptedEar(length => length.TotalSeconds < 2 ? "hm" : ""), [.. Sound(3, 0.5f), .. Sound(1, 0)]);
        Assert.Empty(updates[^1].Transcript!.Segments);
        Assert.DoesNotContain(updates, update => update.Kind == SpeechToTextResponseUpdateKind.TextUpdated);
    }

    [Fact]
    public async Task A_fault_of_the_recogniser_ends_the_stream()
    {
        ScriptedEar ear = new(_ => throw new InvalidOperationException("The ear broke."));
        await Assert.ThrowsAsync<InvalidOperationException>(() => HearAsync(ear, TwoUtterances));
    }

    [Fact]
    public async Task Sound_that_cannot_be_read_is_named()
    {
        using LiveSpeechToTextClient live = new(Counting(), () => new LoudnessDetector());
        using MemoryStream sound = new(new byte[100]);
        await Assert.ThrowsAsync<AudioFormatException>(async () => await live.GetStreamingTextAsync(sound, null, Cancel).LastAsync(Cancel));
    }

    [Fact]
    public async Task A_listener_who_leaves_stops_the_work()
    {
        using ArrivingStream sound = new();
        ScriptedEar ear = new(_ => "") { Working = token => Task.Delay(Timeout.Infinite, token) };
        using LiveSpeechToTextClient live = new(ear, () => new LoudnessDetector());
        await using (IAsyncEnumerator<SpeechToTextResponseUpdate> updates = live.GetStreamingTextAsync(sound, Raw, Cancel).GetAsyncEnumerator(Cancel))
        {
            await updates.MoveNextAsync();
            sound.Arrive(Sound(2, 0.5f));
        }
        Assert.Equal(0, ear.AtOnce);
    }

    [Fact]
    public async Task The_starter_ear_is_heard_while_it_hears()
    {
        EngineRegistration registration = Engines.Whisper.WhisperEngine.Register("whisper:base", TestData.Starter("whisper/ggml-base-q5_1.bin"), TestData.Starter("silero/silero_vad.onnx"), TestData.Compiled);
        using ISpeechToTextClient ear = (ISpeechToTextClient)await registration.Open(Cancel);
        float[] sound = WavReader.Read(TestData.Golden("audio/third-party/jfk.wav")).Samples;
        LiveUtterance utterance = new(ear, new SpeechToTextOptions { SpeechLanguage = "en" });
        string committed = "";
        for (int at = 0; at < sound.Length; at += 3 * Rate)
        {
            utterance.Append(sound.AsSpan(at, Math.Min(3 * Rate, sound.Length - at)));
            committed += at + 3 * Rate < sound.Length ? await utterance.UpdateAsync(Cancel) : "";
        }
        Assert.NotEqual("", committed);
        committed += await utterance.FinishAsync(Cancel);
        Assert.Equal(committed.TrimStart(), utterance.Committed);
        Text.ErrorRate rate = Text.ErrorRate.OfWords("And so my fellow Americans, ask not what your country can do for you, ask what you can do for your country.",
            utterance.Committed, Text.WhisperEnglishNormalizer.Instance);
        Assert.Equal(0, rate.Errors);
    }

    private static async Task<List<SpeechToTextResponseUpdate>> HearAsync(ScriptedEar ear, byte[] sound)
    {
        using LiveSpeechToTextClient live = new(ear, () => new LoudnessDetector());
        using MemoryStream stream = new(sound);
        List<SpeechToTextResponseUpdate> updates = [];
        await foreach (SpeechToTextResponseUpdate update in live.GetStreamingTextAsync(stream, Raw, Cancel))
            updates.Add(update);
        return updates;
    }

    /// <summary>A word for every whole second.</summary>
    private static ScriptedEar Counting() => new(length => string.Join(' ', Enumerable.Range(0, (int)length.TotalSeconds)));

    private static byte[] Sound(double seconds, float level)
    {
        byte[] pcm = new byte[(int)(seconds * Rate) * 2];
        float[] samples = new float[pcm.Length / 2];
        Array.Fill(samples, level);
        Pcm16.FromFloat(samples, pcm);
        return pcm;
    }

    /// <summary>Loud is speech.</summary>
    private sealed class LoudnessDetector : ISpeechDetector
    {
        public int SampleRate => Rate;

        public int WindowSamples => 512;

        public float Next(ReadOnlySpan<float> window) => window.ToArray().Average(MathF.Abs) > 0.1f ? 1 : 0;

        public void Reset()
        {
        }

        public void Dispose()
        {
        }
    }

    /// <summary>Bytes that are there when the test says so.</summary>
    private sealed class ArrivingStream : MemoryStream
    {
        private readonly Channel<byte[]> arrived = Channel.CreateUnbounded<byte[]>();
        private ReadOnlyMemory<byte> rest;

        public void Arrive(byte[] bytes) => arrived.Writer.TryWrite(bytes);

        public void End() => arrived.Writer.Complete();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (rest.IsEmpty && !await arrived.Reader.WaitToReadAsync(cancellationToken))
                return 0;
            if (rest.IsEmpty)
                rest = await arrived.Reader.ReadAsync(cancellationToken);
            int count = Math.Min(buffer.Length, rest.Length);
            rest[..count].CopyTo(buffer);
            rest = rest[count..];
            return count;
        }
    }

    /// <summary>A stream that gives no more at once than it is told.</summary>
    private sealed class PortionedStream(Stream whole, int[] portions) : MemoryStream
    {
        private int next;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            whole.ReadAsync(buffer[..Math.Min(buffer.Length, portions[next++ % portions.Length])], cancellationToken);
    }
}
