using Microsoft.Extensions.AI;

namespace Parley.Engines.Tests.Live;

public class LiveUtteranceTests
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Words_are_tentative_first_and_committed_when_heard_again()
    {
        LiveUtterance utterance = new(Counting());
        utterance.Append(Seconds(3));
        Assert.Equal("", await utterance.UpdateAsync(Cancel));
        Assert.Equal(("", " 0 1 2"), (utterance.Committed, utterance.Tentative));
        utterance.Append(Seconds(2));
        Assert.Equal(" 0 1 2", await utterance.UpdateAsync(Cancel));
        Assert.Equal(("0 1 2", " 3 4"), (utterance.Committed, utterance.Tentative));
        utterance.Append(Seconds(1));
        Assert.Equal(" 3 4 5", await utterance.FinishAsync(Cancel));
        Assert.Equal(("0 1 2 3 4 5", ""), (utterance.Committed, utterance.Tentative));
    }

    [Fact]
    public async Task A_recognition_is_due_after_a_step_of_new_sound_and_never_beside_another()
    {
        TaskCompletionSource hold = new();
        LiveUtterance utterance = new(new ScriptedEar(_ => "a") { Working = _ => hold.Task });
        utterance.Append(Seconds(0.9));
        Assert.False(utterance.IsDue);
        utterance.Append(Seconds(0.1));
        Assert.True(utterance.IsDue);
        Task<string> update = utterance.UpdateAsync(Cancel);
        utterance.Append(Seconds(5));
        Assert.False(utterance.IsDue);
        await Assert.ThrowsAsync<InvalidOperationException>(() => utterance.UpdateAsync(Cancel));
        hold.SetResult();
        await update;
        Assert.True(utterance.IsDue);
    }

    [Fact]
    public async Task Sound_that_was_heard_to_its_end_is_not_heard_again()
    {
        ScriptedEar ear = Counting();
        LiveUtterance utterance = new(ear);
        utterance.Append(Seconds(3));
        await utterance.UpdateAsync(Cancel);
        Assert.Equal(" 0 1 2", await utterance.FinishAsync(Cancel));
        Assert.Single(ear.Heard);
    }

    [Fact]
    public async Task A_cancelled_recognition_changes_nothing()
    {
        using CancellationTokenSource stop = new();
        LiveUtterance utterance = new(new ScriptedEar(_ => "a b") { Working = token => Task.Delay(Timeout.Infinite, token) });
        utterance.Append(Seconds(2));
        Task<string> update = utterance.UpdateAsync(stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => update);
        Assert.Equal(("", "", true), (utterance.Committed, utterance.Tentative, utterance.IsDue));
    }

    [Fact]
    public async Task A_language_heard_in_two_seconds_is_kept()
    {
        ScriptedEar ear = Segmented();
        LiveUtterance utterance = new(ear);
        foreach (double seconds in (double[])[1, 1.5, 1])
        {
            utterance.Append(Seconds(seconds));
            await utterance.UpdateAsync(Cancel);
        }
        Assert.Equal([null, null, "en"], ear.Options.Select(options => options.SpeechLanguage));
    }

    [Fact]
    public async Task Of_long_speech_committed_segments_leave_the_window()
    {
        ScriptedEar ear = Segmented();
        LiveUtterance utterance = new(ear);
        ear.Offset = () => utterance.WindowStart;
        for (int i = 0; i < 60; i++)
        {
            utterance.Append(Seconds(1));
            await utterance.UpdateAsync(Cancel);
        }
        await utterance.FinishAsync(Cancel);
        Assert.Equal(string.Join(' ', Enumerable.Range(0, 60)), utterance.Committed);
        Assert.InRange(ear.Heard.Max().TotalSeconds, 15, 21);
    }

    [Fact]
    public async Task Without_segments_the_window_ends_before_the_encoders()
    {
        ScriptedEar? ear = null;
        LiveUtterance? utterance = null;
        ear = new ScriptedEar(length => Words((int)utterance!.WindowStart.TotalSeconds, (int)length.TotalSeconds));
        utterance = new(ear);
        for (int i = 0; i < 100; i++)
        {
            utterance.Append(Seconds(1));
            await utterance.UpdateAsync(Cancel);
        }
        await utterance.FinishAsync(Cancel);
        Assert.Equal(string.Join(' ', Enumerable.Range(0, 100)), utterance.Committed);
        Assert.InRange(ear.Heard.Max().TotalSeconds, 15, 30);
    }

    [Fact]
    public async Task Words_have_the_times_of_the_utterance()
    {
        ScriptedEar ear = Segmented();
        LiveUtterance utterance = new(ear, new SpeechToTextOptions { WithWords = true });
        ear.Offset = () => utterance.WindowStart;
        for (int i = 0; i < 40; i++)
        {
            utterance.Append(Seconds(1));
            await utterance.UpdateAsync(Cancel);
        }
        await utterance.FinishAsync(Cancel);
        Assert.Equal(Enumerable.Range(0, 40).Select(i => (i.ToString(System.Globalization.CultureInfo.InvariantCulture), (double)i)),
            utterance.Words.Select(word => (word.Text, Math.Round(word.Start.TotalSeconds, 3))));
    }

    /// <summary>However recognitions change their mind, what was committed once stands.</summary>
    [Fact]
    public void A_committed_prefix_never_changes() =>
        Gen.Int[0, 3].Select(i => "abcd"[i].ToString()).Array[0, 12].Array[1, 12].Sample(hypotheses =>
        {
            int next = 0;
            LiveUtterance utterance = new(new ScriptedEar(_ => string.Join(' ', hypotheses[next++])));
            string before = "";
            foreach (string[] _ in hypotheses)
            {
                utterance.Append(Seconds(1));
                string added = (next < hypotheses.Length - 1 ? utterance.UpdateAsync(Cancel) : utterance.FinishAsync(Cancel)).GetAwaiter().GetResult();
                Assert.Equal((before + added).TrimStart(), utterance.Committed);
                before = utterance.Committed;
                if (next == hypotheses.Length)
                    break;
            }
        }, iter: 2_000);

    private static ScriptedEar Counting() => new(length => Words(0, (int)Math.Round(length.TotalSeconds)));

    /// <summary>A word each second, segments of four.</summary>
    private static ScriptedEar Segmented() => new(_ => "")
    {
        Segments = (length, offset) =>
        {
            int first = (int)Math.Round(offset.TotalSeconds), count = (int)Math.Round(length.TotalSeconds);
            return
            [
                .. Enumerable.Range(0, count).Chunk(4).Select((words, id) => new TranscriptSegment
                {
                    Id = id,
                    Text = " " + Words(first + words[0], words.Length),
                    Start = TimeSpan.FromSeconds(words[0]),
                    End = TimeSpan.FromSeconds(words[^1] + 1),
                    Words = [.. words.Select(second => new WordTiming(Words(first + second, 1), TimeSpan.FromSeconds(second), TimeSpan.FromSeconds(second + 1)))],
                }),
            ];
        },
    };

    private static string Words(int first, int count) => string.Join(' ', Enumerable.Range(first, count));

    private static float[] Seconds(double seconds) => new float[(int)(seconds * LiveUtterance.SampleRate)];
}
