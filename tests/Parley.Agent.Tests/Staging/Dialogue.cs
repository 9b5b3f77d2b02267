using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;
using Parley.Audio;

namespace Parley.Agent.Tests;

/// <summary>A conversation on one thread and a clock that a test moves: a minute of dialogue in milliseconds, the same every time.</summary>
internal sealed class Dialogue : IDisposable
{
    private static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(20);

    private readonly OneThread thread;
    private readonly SpokenLevels levels = new();
    private Conversation? conversation;
    private Task? reading;

    public Dialogue(Random? order = null)
    {
        thread = new(order);
        Ear = new(levels, Time);
        Brain = new(Time);
        Voice = new(Time);
        Detector = new(Time);
    }

    public StagedTime Time { get; } = new();

    public FakeEar Ear { get; }

    public FakeBrain Brain { get; }

    public FakeVoice Voice { get; }

    public FakeTurnDetector Detector { get; }

    public ConversationOptions Options { get; } = new() { Instructions = "", InterruptionWarmUp = TimeSpan.Zero, ToolFiller = "", PartialTranscripts = false };

    /// <summary>Changes the settings before the conversation begins.</summary>
    public Func<ConversationSettings, ConversationSettings> With { get; set; } = settings => settings;

    /// <summary>Puts a guard before the brain.</summary>
    public Func<IChatClient, IChatClient> Guard { get; set; } = brain => brain;

    public PlaybackKind Playback { get; set; } = PlaybackKind.Paced;

    /// <summary>Whether there is a turn detector.</summary>
    public bool Judges { get; set; }

    /// <summary>Whether the caller's side takes events.</summary>
    public bool Reads { get; set; } = true;

    public List<ConversationEvent> Events { get; } = [];

    public Conversation Conversation
    {
        get
        {
            if (conversation is null)
                Begin();
            return conversation!;
        }
    }

    public ConversationState State => Events.OfType<StateChanged>().LastOrDefault()?.State ?? ConversationState.Idle;

    public Dialogue Begin()
    {
        ConversationEngines engines = new(new LoudnessDetector(), Ear, Guard(Brain), Voice) { TurnDetector = Judges ? Detector : null };
        ConversationSettings settings = With(ConversationSettings.From(Options) with { Playback = Playback });
        conversation = Conversation.Start(engines, Options, settings, Time, thread);
        reading = thread.Start(ReadAsync);
        thread.Run();
        return this;
    }

    /// <summary>The user says words, evenly over some time, as sound arrives: 20 ms every 20 ms. "~" is a noise without words.</summary>
    public Dialogue Say(string words, double seconds)
    {
        foreach (float[] portion in levels.Speak(words, seconds).Chunk(320))
            Hear(portion);
        return this;
    }

    /// <summary>Sound arrives, in one portion.</summary>
    public void Append(float[] sound, int rate = SpokenLevels.SampleRate)
    {
        _ = Conversation;
        Task appending = thread.Start(() => Conversation.AppendAsync(new AudioFrame(sound, rate)).AsTask());
        thread.Run();
        Assert.True(appending.IsCompletedSuccessfully);
    }

    /// <summary>The user says nothing, and the sound of that arrives.</summary>
    public Dialogue Silence(double seconds)
    {
        for (int i = 0; i < (int)Math.Round(seconds / Frame.TotalSeconds); i++)
            Hear(new float[320]);
        return this;
    }

    /// <summary>Silence until something has happened.</summary>
    public T Until<T>(Func<T, bool>? which = null)
        where T : ConversationEvent
    {
        int from = Events.Count;
        for (int i = 0; i < 3_000; i++)
        {
            if (Events.Skip(from).OfType<T>().FirstOrDefault(happened => which?.Invoke(happened) ?? true) is { } happened)
                return happened;
            Silence(0.02);
        }
        throw new InvalidOperationException($"No {typeof(T).Name} within a minute. There was: {string.Join(", ", Events.Skip(from).Select(happened => happened.GetType().Name))}");
    }

    /// <summary>Time passes, and no sound arrives.</summary>
    public Dialogue Pass(double seconds)
    {
        _ = Conversation;
        for (int i = 0; i < (int)Math.Round(seconds / 0.01); i++)
        {
            Time.Advance(TimeSpan.FromMilliseconds(10));
            thread.Run();
        }
        return this;
    }

    public Dialogue Send(ConversationCommand command)
    {
        Assert.True(Conversation.SendAsync(command).AsTask().IsCompletedSuccessfully);
        thread.Run();
        return this;
    }

    public T One<T>()
        where T : ConversationEvent => Assert.Single(Events.OfType<T>());

    public IEnumerable<T> All<T>()
        where T : ConversationEvent => Events.OfType<T>();

    public bool None<T>()
        where T : ConversationEvent => !Events.OfType<T>().Any();

    /// <summary>Sound that was handed out, all of it.</summary>
    public TimeSpan Sent => TimeSpan.FromTicks(All<OutputAudio>().Sum(audio => audio.Sound.Duration.Ticks));

    /// <summary>What the brain is told at this moment, by asking it out of band.</summary>
    public string Recall()
    {
        int before = Brain.Asked.Count;
        Send(new CreateResponse(new ResponseOptions { IsInConversation = false, Output = OutputModality.Text }));
        Pass(0.1);
        Assert.Equal(before + 1, Brain.Asked.Count);
        return Brain.Asked[^1];
    }

    /// <summary>Hangs up; nothing may be left at work.</summary>
    public void HangUp()
    {
        Task ending = thread.Start(() => Conversation.DisposeAsync().AsTask());
        for (int i = 0; i < 1_000 && !ending.IsCompleted; i++)
        {
            thread.Run();
            Time.Advance(TimeSpan.FromMilliseconds(10));
        }
        thread.Run();
        Assert.True(ending.IsCompletedSuccessfully, "it does not end");
        Assert.True(!Reads || reading!.IsCompletedSuccessfully, "events do not end");
        Assert.Equal((0, 0), (Brain.Running, Voice.Running));
    }

    public void Dispose()
    {
        if (conversation is not null)
            HangUp();
    }

    private void Hear(float[] sound)
    {
        Assert.True(Conversation.AppendAsync(new AudioFrame(sound, SpokenLevels.SampleRate)).AsTask().IsCompletedSuccessfully);
        thread.Run();
        Time.Advance(Frame);
        thread.Run();
    }

    private async Task ReadAsync()
    {
        if (!Reads)
            return;
        await foreach (ConversationEvent happened in conversation!.ReadEventsAsync())
            Events.Add(happened);
    }
}
