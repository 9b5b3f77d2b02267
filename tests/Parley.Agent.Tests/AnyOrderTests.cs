namespace Parley.Agent.Tests;

/// <summary>
/// Any dialogue, engines of any speed, work that becomes ready in any order. A small model says what must hold: it knows only what
/// was handed out.
/// </summary>
public class AnyOrderTests
{
    private static readonly Gen<Script> Scripts = Gen.Select(
        Gen.Int[0, int.MaxValue], Gen.Select(Gen.Int[0, 12], Gen.Int[1, 9]).Array[3, 14], Gen.Int[0, 3], Gen.Int[0, 15].Array[6],
        (seed, steps, playback, speeds) => new Script(seed, steps, (PlaybackKind)playback, speeds));

    [Fact]
    public void Nothing_hangs_nothing_is_heard_after_a_cut_and_the_history_is_what_was_heard() =>
        Scripts.Sample(script =>
        {
            using Dialogue dialogue = Play(script);
            Settle(dialogue);
            Check(dialogue, script.Playback);
        }, iter: 150);

    private static Dialogue Play(Script script)
    {
        Dialogue dialogue = new(new Random(script.Seed)) { Playback = script.Playback, Judges = script.Speeds[5] % 2 == 0 };
        dialogue.Ear.Takes = TimeSpan.FromMilliseconds(100 * script.Speeds[0]);
        dialogue.Brain.FirstTakes = TimeSpan.FromMilliseconds(50 * script.Speeds[1]);
        dialogue.Brain.EachTakes = TimeSpan.FromMilliseconds(5 * script.Speeds[2]);
        dialogue.Voice.FirstTakes = TimeSpan.FromMilliseconds(40 * script.Speeds[3]);
        dialogue.Voice.EachTakes = TimeSpan.FromMilliseconds(9 * script.Speeds[4]);
        dialogue.Voice.IsStubborn = script.Speeds[5] > 10;
        dialogue.Options.PartialTranscripts = script.Speeds[1] % 2 == 0;
        dialogue.Detector.Takes = TimeSpan.FromMilliseconds(30 * script.Speeds[3]);
        dialogue.Detector.Thinks.AddRange([0.1f, 0.9f, null, 0.8f]);
        dialogue.Brain.Says("One two three ", "four five six, seven eight. ", "Nine ten eleven twelve thirteen.");
        dialogue.Begin();
        foreach ((int step, int amount) in script.Steps)
        {
            switch (step)
            {
                case 0 or 1 or 2:
                    dialogue.Say(string.Join(' ', Enumerable.Repeat("word", (amount + 1) / 2)), amount * 0.15);
                    break;
                case 3:
                    dialogue.Say("~", amount * 0.15);
                    break;
                case 4:
                    dialogue.Say("uh huh", amount * 0.1);
                    break;
                case 5 or 6 or 7:
                    dialogue.Silence(amount * 0.25);
                    break;
                case 8:
                    dialogue.Send(new CancelResponse());
                    break;
                case 9:
                    dialogue.Send(new CreateResponse());
                    break;
                case 10:
                    dialogue.Send(new ClearOutput());
                    break;
                case 11:
                    dialogue.Pass(amount * 0.2);
                    break;
                case 12:
                    dialogue.Send(amount % 2 == 0 ? new CommitInput() : new ClearInput());
                    break;
            }
        }
        return dialogue;
    }

    private static void Settle(Dialogue dialogue)
    {
        for (int second = 0; second < 60 && (second < 5 || dialogue.State != ConversationState.Idle); second++)
            dialogue.Silence(1);
        Assert.Equal(ConversationState.Idle, dialogue.State);
        foreach (string item in dialogue.All<OutputItemAdded>().Select(added => added.Item.Id).ToArray())
            dialogue.Send(new RetrieveItem(item));
    }

    private static void Check(Dialogue dialogue, PlaybackKind playback)
    {
        Assert.Equal(dialogue.All<ResponseCreated>().Select(created => created.Response.Id), dialogue.All<ResponseDone>().Select(done => done.Response.Id));
        Assert.Equal(dialogue.All<SpeechStarted>().Select(started => started.ItemId), dialogue.All<SpeechStopped>().Select(stopped => stopped.ItemId));
        Assert.Equal(dialogue.All<OutputItemAdded>().Select(added => added.Item.Id), dialogue.All<OutputItemDone>().Select(done => done.Item.Id));
        Assert.Equal(dialogue.All<PlaybackStarted>().Select(started => started.ResponseId),
            dialogue.Events.Select(happened => (happened as PlaybackStopped)?.ResponseId ?? (happened as PlaybackCleared)?.ResponseId).OfType<string>());

        HashSet<string> over = [];
        Dictionary<string, TimeSpan> sent = [];
        foreach (ConversationEvent happened in dialogue.Events)
        {
            if (happened is PlaybackCleared cleared)
                over.Add(cleared.ResponseId);
            if (happened is not OutputAudio audio)
                continue;
            Assert.DoesNotContain(audio.ResponseId, over);
            Assert.Equal(sent.GetValueOrDefault(audio.ItemId), audio.Position);
            sent[audio.ItemId] = audio.Position + audio.Sound.Duration;
        }

        HashSet<string> cut = [.. dialogue.All<Interrupted>().Select(interrupted => interrupted.ItemId)];
        foreach (MessageItem kept in dialogue.All<ItemRetrieved>().Select(retrieved => retrieved.Item).OfType<MessageItem>())
        {
            string said = ((MessageItem)dialogue.All<OutputItemDone>().Single(done => done.Item.Id == kept.Id).Item).Text.Trim();
            if (!cut.Contains(kept.Id))
            {
                Assert.Equal(said, kept.Text.Trim());
                continue;
            }
            int handedOut = (int)((sent.GetValueOrDefault(kept.Id) + TimeSpan.FromMilliseconds(50)) / TimeSpan.FromSeconds(FakeVoice.SecondsAWord));
            string[] words = said.Split(' ', StringSplitOptions.RemoveEmptyEntries), heard = kept.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(words.Take(heard.Length), heard);
            if (playback is PlaybackKind.Instant)
                Assert.Equal(Math.Min(handedOut, words.Length), heard.Length);
            else
                Assert.InRange(heard.Length, playback == PlaybackKind.Paced ? Math.Max(0, Math.Min(handedOut, words.Length) - 1) : 0, handedOut);
        }
    }

    /// <param name="Seed">Of the order in which work becomes ready.</param>
    /// <param name="Steps">What happens, and how much of it.</param>
    /// <param name="Playback">What the caller's side can do.</param>
    /// <param name="Speeds">Of the engines.</param>
    internal sealed record Script(int Seed, (int Step, int Amount)[] Steps, PlaybackKind Playback, int[] Speeds)
    {
        public override string ToString() => $"{Seed} {Playback} [{string.Join(' ', Speeds)}] {string.Join(' ', Steps.Select(step => $"{step.Step}:{step.Amount}"))}";
    }
}
