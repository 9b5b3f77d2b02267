using System.Runtime.CompilerServices;
using Microsoft.Extensions.Time.Testing;
using Parley.Audio;

namespace Parley.Agent.Tests;

public class ConversationTests
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;
    private static readonly ConversationOptions Plain = new() { Instructions = "" };

    private readonly FakeTimeProvider time = new();

    [Fact]
    public async Task Speech_is_heard_answered_and_spoken_in_order()
    {
        ScriptedEar ear = new(time, Milliseconds(100), "What is it?");
        ScriptedBrain brain = new(time, Milliseconds(10), "It is a very fine ", "day, and it stays so.", " Enjoy it.");
        ScriptedVoice voice = new(time, Milliseconds(40));

        List<ConversationEvent> events = await RunAsync(ear, brain, voice, Sound((0.5, false), (1, true), (1, false)));

        Assert.Equal(["It is a very fine day,", "and it stays so.", "Enjoy it."], voice.Spoken);
        Assert.Equal(["user: What is it?"], brain.Asked);
        TurnEnded ended = Assert.IsType<TurnEnded>(events[^1]);
        Assert.Equal(("What is it?", "It is a very fine day, and it stays so. Enjoy it."), (ended.Heard, ended.Answer));
        Assert.Equal([typeof(TurnTaken), typeof(TurnHeard)], events.Take(2).Select(happened => happened.GetType()));
        Assert.Equal(voice.Spoken, events.OfType<AnswerSpoken>().Select(spoken => spoken.Clause));
    }

    [Fact]
    public async Task The_waterfall_counts_from_the_last_voiced_sample()
    {
        ScriptedEar ear = new(time, Milliseconds(100), "What is it?");
        ScriptedBrain brain = new(time, Milliseconds(10), "It is a very fine day today, ", "yes.");
        ScriptedVoice voice = new(time, Milliseconds(40));

        List<ConversationEvent> events = await RunAsync(ear, brain, voice, Sound((0.512, false), (1.024, true), (1.024, false)));

        Utterance utterance = events.OfType<TurnTaken>().Single().Utterance;
        TurnWaterfall waterfall = ((TurnEnded)events[^1]).Waterfall;
        Assert.Equal((0.512, 1.536), (utterance.SpeechStart.TotalSeconds, utterance.SpeechEnd.TotalSeconds));
        Assert.InRange(waterfall.EndOfTurn, Milliseconds(500), Milliseconds(500 + 2 * 32)); // the delay, in whole windows
        Assert.Equal(waterfall.EndOfTurn + Milliseconds(100), waterfall.Transcript);
        Assert.Equal(waterfall.Transcript + Milliseconds(10), waterfall.FirstToken);
        Assert.True(waterfall.FirstSound >= waterfall.FirstClause + Milliseconds(40));
        TimeSpan[] stages = [.. waterfall.Stages.Select(stage => stage.At)];
        Assert.Equal(6, stages.Length);
        Assert.Equal(stages.Order(), stages);
    }

    [Fact]
    public async Task Each_turn_knows_what_was_said_before()
    {
        ScriptedEar ear = new(time, default, "One.", "Two.");
        ScriptedBrain brain = new(time, default, "Yes.");

        await RunAsync(ear, brain, new(time, default), Sound((1, true), (1, false), (1, true), (1, false)), new() { Instructions = "Be brief." });

        Assert.Equal(["system: Be brief. / user: One.", "system: Be brief. / user: One. / assistant: Yes. / user: Two."], brain.Asked);
    }

    [Fact]
    public async Task The_language_is_kept_from_the_first_turn_that_is_long_enough_to_tell_it()
    {
        ScriptedEar ear = new(time, default, "Ja.", "Das ist ein schöner Tag.", "Und morgen?") { Language = "de" };

        await RunAsync(ear, new ScriptedBrain(time, default, "Ja."), new(time, default), Sound((1, true), (1, false), (2.5, true), (1, false), (1, true), (1, false)));

        Assert.Equal([null, null, "de"], ear.Told);
    }

    [Fact]
    public async Task A_language_that_is_given_is_told_from_the_first_turn_on()
    {
        ScriptedEar ear = new(time, default, "Ja.") { Language = "nl" };

        await RunAsync(ear, new ScriptedBrain(time, default, "Ja."), new(time, default), Sound((3, true), (1, false)), new() { Instructions = "", Language = "de" });

        Assert.Equal(["de"], ear.Told);
    }

    [Fact]
    public async Task A_pause_shorter_than_the_delay_does_not_end_the_turn()
    {
        ScriptedEar ear = new(time, default, "One.");

        await RunAsync(ear, new(time, default, "Yes."), new(time, default), Sound((1, true), (0.4, false), (1, true), (1, false)));

        Assert.Equal(2.4 + 0.2, Assert.Single(ear.Heard).TotalSeconds, 0.04); // with what follows the speech
    }

    [Fact]
    public async Task The_end_of_the_recording_ends_the_turn()
    {
        ScriptedEar ear = new(time, default, "One.");

        List<ConversationEvent> events = await RunAsync(ear, new(time, default, "Yes."), new(time, default), Sound((0.5, false), (1, true)));

        Assert.InRange(((TurnEnded)events[^1]).Waterfall.EndOfTurn, TimeSpan.Zero, Milliseconds(32));
    }

    [Fact]
    public async Task Silence_takes_no_turn() =>
        Assert.Empty(await RunAsync(new(time, default), new(time, default), new(time, default), Sound((3, false))));

    [Fact]
    public async Task A_noise_without_words_is_not_answered()
    {
        ScriptedBrain brain = new(time, default, "Yes.");

        List<ConversationEvent> events = await RunAsync(new(time, default, " "), brain, new(time, default), Sound((1, true), (1, false)));

        Assert.Empty(brain.Asked);
        Assert.Equal(("", ""), (((TurnEnded)events[^1]).Heard, ((TurnEnded)events[^1]).Answer));
    }

    [Fact]
    public async Task A_brain_that_dies_fails_the_conversation_after_what_it_said()
    {
        ScriptedVoice voice = new(time, default);
        List<ConversationEvent> events = [];

        IOException fault = await Assert.ThrowsAsync<IOException>(() =>
            RunAsync(new(time, default, "One."), new(time, default, "This much was said before it died. And ", null), voice, Sound((1, true), (1, false)), into: events));

        Assert.Equal("the line is dead", fault.Message);
        Assert.Equal(["This much was said before it died."], voice.Spoken);
    }

    [Fact]
    public async Task A_voice_that_dies_stops_the_brain()
    {
        string?[] endless = [.. Enumerable.Repeat("This is yet another sentence of many. ", 10_000)];

        IOException fault = await Assert.ThrowsAsync<IOException>(() =>
            RunAsync(new(time, default, "One."), new(time, default, endless), new(time, default) { IsBroken = true }, Sound((1, true), (1, false))));

        Assert.Equal("the voice is gone", fault.Message);
    }

    [Fact]
    public async Task A_caller_who_hangs_up_stops_everything()
    {
        using CancellationTokenSource hangUp = new();
        Conversation conversation = new(new(new LoudnessDetector(), new ScriptedEar(time, default, "One."), new ScriptedBrain(time, default, "Yes."), new ScriptedVoice(time, default)), Plain, time);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (ConversationEvent _ in conversation.RunAsync(Forever(), hangUp.Token))
                await hangUp.CancelAsync();
        });

        static async IAsyncEnumerable<AudioFrame> Forever([EnumeratorCancellation] CancellationToken cancel = default)
        {
            foreach (AudioFrame frame in Sound((1, true), (1, false)))
                yield return frame;
            await Task.Delay(Timeout.Infinite, cancel);
        }
    }

    [Fact]
    public void Utterances_are_the_same_in_any_framing() =>
        Gen.Select(Gen.Int[1, 4000].Array[1, 30], Gen.Const(48_000)).Sample((sizes, rate) =>
        {
            float[] sound = [.. Sound((0.3, false), (0.7, true), (0.8, false), (0.6, true), (0.1, false)).SelectMany(frame => frame.Samples.ToArray())];
            List<Utterance> whole = Listen([new AudioFrame(sound, rate)]);
            List<AudioFrame> frames = [];
            for (int at = 0, i = 0; at < sound.Length; i++)
            {
                int size = Math.Min(sizes[i % sizes.Length], sound.Length - at);
                frames.Add(new AudioFrame(sound.AsMemory(at, size), rate));
                at += size;
            }
            List<Utterance> pieces = Listen(frames);
            return whole.Count > 0 && whole.Count == pieces.Count && whole.Zip(pieces).All(pair =>
                pair.First with { Sound = pair.Second.Sound } == pair.Second && pair.First.Sound.Samples.AsSpan().SequenceEqual(pair.Second.Sound.Samples));
        }, iter: 100);

    [Fact]
    public void A_turn_without_end_is_cut_and_goes_on()
    {
        List<Utterance> utterances = Listen(Sound((12, true), (1, false)), new() { MaxUtterance = TimeSpan.FromSeconds(5) });

        Assert.Equal(3, utterances.Count);
        Assert.All(utterances, utterance => Assert.InRange(utterance.Sound.Duration.TotalSeconds, 1.5, 5.6));
    }

    private static List<Utterance> Listen(IEnumerable<AudioFrame> frames, ConversationOptions? options = null)
    {
        UtteranceListener listener = new(new LoudnessDetector(), options ?? Plain);
        return [.. frames.SelectMany(listener.Push), .. listener.Finish()];
    }

    private async Task<List<ConversationEvent>> RunAsync(
        ScriptedEar ear, ScriptedBrain brain, ScriptedVoice voice, IEnumerable<AudioFrame> sound, ConversationOptions? options = null, List<ConversationEvent>? into = null)
    {
        List<ConversationEvent> events = into ?? [];
        Conversation conversation = new(new(new LoudnessDetector(), ear, brain, voice), options ?? Plain, time);
        await foreach (ConversationEvent happened in conversation.RunAsync(sound.ToAsyncEnumerable(), Cancel))
            events.Add(happened);
        return events;
    }

    /// <summary>Stretches of tone and silence in frames of 20 ms at 16 kHz.</summary>
    private static IEnumerable<AudioFrame> Sound(params (double Seconds, bool IsLoud)[] parts)
    {
        float[] sound = [.. parts.SelectMany(part => Enumerable.Range(0, (int)(part.Seconds * 16_000)).Select(i => part.IsLoud ? 0.5f * MathF.Sin(i * 0.3f) : 0f))];
        return sound.Chunk(320).Select(chunk => new AudioFrame(chunk, 16_000));
    }

    private static TimeSpan Milliseconds(double value) => TimeSpan.FromMilliseconds(value);
}
