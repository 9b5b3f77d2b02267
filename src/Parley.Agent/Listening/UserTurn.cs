using Parley.Engines;

namespace Parley.Agent;

/// <summary>What the user says at the moment: one stretch of speech or several, with pauses that did not end it. Positions are samples on the input clock.</summary>
internal sealed class UserTurn(string itemId, long start)
{
    /// <summary>The item that it will be.</summary>
    public string ItemId { get; } = itemId;

    /// <summary>The first voiced sample.</summary>
    public long Start { get; } = start;

    /// <summary>Where the present stretch of speech began.</summary>
    public long BurstStart { get; set; } = start;

    /// <summary>Behind the last voiced sample, as of the last pause.</summary>
    public long End { get; set; } = start;

    /// <summary>True between the end of a stretch and the beginning of the next one.</summary>
    public bool IsPaused { get; set; }

    /// <summary>True once the caller's side was told.</summary>
    public bool IsAnnounced { get; set; }

    /// <summary>What was understood up to this pause; <see langword="null"/> as long as it is not known.</summary>
    public Transcript? Transcript { get; set; }

    /// <summary>The ear is at work on it.</summary>
    public bool IsTranscribing { get; set; }

    /// <summary>What was understood while it went on.</summary>
    public string Committed { get; set; } = "";

    public string Tentative { get; set; } = "";

    public string PartialText => (Committed + Tentative).Trim();

    /// <summary>Recognises it while it goes on; <see langword="null"/> where nobody asks for that.</summary>
    public LiveUtterance? Live { get; set; }

    /// <summary>That is at work.</summary>
    public bool IsUnderstanding { get; set; }

    /// <summary>That work, or the last of it.</summary>
    public Task Understanding { get; set; } = Task.CompletedTask;

    /// <summary>How much of <see cref="Committed"/> was told.</summary>
    public int Told { get; set; }

    /// <summary>The turn detector is at work on it.</summary>
    public bool IsJudging { get; set; }

    public TurnPrediction? Prediction { get; set; }

    /// <summary>Ear and turn detector have said what they have to say about this pause.</summary>
    public bool IsSettled => !IsTranscribing && !IsJudging && !IsDecided;

    /// <summary>The silence was long enough; only the words are waited for.</summary>
    public bool IsDecided { get; set; }

    /// <summary>When; on the clock on the wall.</summary>
    public TimeSpan DecidedAt { get; set; }

    /// <summary>Answers that were begun before it was over.</summary>
    public int Speculations { get; set; }

    public TurnClock? Clock { get; set; }

    /// <summary>It goes on after a pause: what was thought about the pause is void.</summary>
    public void Resume(long burstStart)
    {
        BurstStart = burstStart;
        IsPaused = IsTranscribing = IsJudging = IsDecided = false;
        Transcript = null;
        Prediction = null;
        Clock = null;
    }
}
