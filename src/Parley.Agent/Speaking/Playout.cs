using Parley.Audio;
using Parley.Engines;

namespace Parley.Agent;

/// <summary>
/// The sound of one response on its way to a loudspeaker, and how far that is. Sound that may not leave yet waits here. Positions
/// count the sound of the response; time is that of the conversation.
/// </summary>
internal sealed class Playout(PlaybackKind kind)
{
    /// <summary>What <see cref="PlaybackKind.Paced"/> sends at a time.</summary>
    public static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(20);

    // So much is under way to a loudspeaker that plays at once: it covers a late timer.
    private static readonly TimeSpan Lead = TimeSpan.FromMilliseconds(60);

    private readonly Queue<SoundPiece> waiting = new();
    private int usedOfFirst;             // samples of the first piece that have left
    private TimeSpan anchorAt, anchor;   // at that time the loudspeaker was at that position
    private bool isPlaying;
    private volatile bool isCut;

    /// <summary>Sound that has left.</summary>
    public TimeSpan Sent { get; private set; }

    /// <summary>Sound there is, waiting or not.</summary>
    public TimeSpan Total { get; private set; }

    /// <summary>Nothing more will be added.</summary>
    public bool IsWhole { get; set; }

    public bool HasStarted { get; private set; }

    public bool IsPaused { get; private set; }

    /// <summary>True once nothing more of it may be heard. Read by whoever takes the events.</summary>
    public bool IsCut => isCut;

    public bool CanPause => kind is PlaybackKind.Reported or PlaybackKind.Paced;

    /// <summary>Room for sound that has been made and not yet taken.</summary>
    public SoundCredit Credit { get; } = new();

    public void Add(SoundPiece piece)
    {
        waiting.Enqueue(piece);
        Total += piece.Sound.Duration;
    }

    /// <summary>How far the loudspeaker is.</summary>
    public TimeSpan Played(TimeSpan now)
    {
        if (kind == PlaybackKind.Instant)
            return Sent;
        TimeSpan at = isPlaying ? anchor + (now - anchorAt) : anchor;
        return at < Sent ? at : Sent;
    }

    /// <summary>True once the last sound was played.</summary>
    public bool IsDrained(TimeSpan now) => IsWhole && waiting.Count == 0 && (!HasStarted || Played(now) >= Sent);

    /// <summary>The next sound that may leave now.</summary>
    public bool TryTake(TimeSpan now, out SoundPiece piece)
    {
        piece = default;
        if (!HasNext || IsPaused || isCut)
            return false;
        TimeSpan played = Played(now);
        if (kind == PlaybackKind.Paced && HasStarted && Sent - played > Lead - Frame)
            return false;
        if (!HasStarted || (isPlaying && played >= Sent))
            (HasStarted, isPlaying, anchorAt, anchor) = (true, true, now, Sent); // it begins, or had run dry
        piece = kind == PlaybackKind.Paced ? TakeFrame() : waiting.Dequeue();
        Sent += piece.Sound.Duration;
        return true;
    }

    /// <summary>When <see cref="TryTake"/> or <see cref="IsDrained"/> should be asked again; <see langword="null"/> if that depends on something else.</summary>
    public TimeSpan? Due(TimeSpan now)
    {
        if (IsPaused || isCut || !HasStarted)
            return null;
        if (HasNext)
            return kind == PlaybackKind.Paced ? now + (Sent - Played(now) - (Lead - Frame)) : null;
        return IsWhole && isPlaying && Sent > Played(now) ? now + (Sent - Played(now)) : null;
    }

    // A frame is sent whole, the last one excepted.
    private bool HasNext => waiting.Count > 0 && (kind != PlaybackKind.Paced || IsWhole || Total - Sent >= Frame);

    public void Pause(TimeSpan now)
    {
        if (kind == PlaybackKind.Paced)
            (anchor, anchorAt) = (Sent, now); // what is under way is still heard
        else
            (anchor, anchorAt) = (Played(now), now);
        isPlaying = false;
        IsPaused = true;
    }

    public void Resume(TimeSpan now)
    {
        anchorAt = now;
        isPlaying = HasStarted;
        IsPaused = false;
    }

    /// <summary>The caller's side says where it is.</summary>
    public void Report(TimeSpan position, PlaybackState state, TimeSpan now)
    {
        anchor = position < TimeSpan.Zero ? TimeSpan.Zero : position < Sent ? position : Sent;
        anchorAt = now;
        isPlaying = HasStarted && state == PlaybackState.Playing && !IsPaused;
    }

    /// <summary>Stops for good. What waits is forgotten.</summary>
    public void Cut(TimeSpan now)
    {
        anchor = Played(now);
        isPlaying = false;
        isCut = true;
        waiting.Clear();
    }

    /// <summary>20 ms of what waits, or less at the end of a piece's message.</summary>
    private SoundPiece TakeFrame()
    {
        SoundPiece first = waiting.Peek();
        int rate = first.Sound.SampleRate, wanted = (int)(rate * Frame.TotalSeconds), at = usedOfFirst;
        int rest = first.Sound.Samples.Length - at;
        SoundPiece frame = first with
        {
            Clause = at == 0 ? first.Clause : null,
            Words = at == 0 ? first.Words : [],
            Position = first.Position + TimeSpan.FromSeconds((double)at / rate),
        };
        if (rest > wanted || (rest == wanted && waiting.Count > 0))
        {
            usedOfFirst = rest == wanted ? 0 : at + wanted;
            if (rest == wanted)
                waiting.Dequeue();
            return frame with { Sound = new(first.Sound.Samples.Slice(at, wanted), rate) };
        }

        // The piece ends within the frame: what follows in the same message fills it up.
        float[] samples = new float[wanted];
        int filled = 0;
        while (filled < wanted && waiting.TryPeek(out SoundPiece next) && next.Message == first.Message && next.Sound.SampleRate == rate)
        {
            int count = Math.Min(wanted - filled, next.Sound.Samples.Length - usedOfFirst);
            next.Sound.Samples.Slice(usedOfFirst, count).CopyTo(samples.AsMemory(filled));
            if (filled > 0 && usedOfFirst == 0)
                frame = frame with { Clause = frame.Clause ?? next.Clause, Words = [.. frame.Words, .. next.Words] };
            filled += count;
            usedOfFirst += count;
            if (usedOfFirst == next.Sound.Samples.Length)
            {
                waiting.Dequeue();
                usedOfFirst = 0;
            }
        }
        return frame with { Sound = new(samples.AsMemory(0, filled), rate) };
    }
}

/// <summary>Sound of a message.</summary>
/// <param name="Message">Which message of the response.</param>
/// <param name="Sound">Its samples; nobody else writes into them.</param>
/// <param name="Position">Where it starts in the message's sound.</param>
/// <param name="Words">Words that start in it, with times from the start of the message's sound.</param>
/// <param name="Clause">The clause that begins with it.</param>
internal readonly record struct SoundPiece(int Message, AudioFrame Sound, TimeSpan Position, IReadOnlyList<WordTiming> Words, string? Clause);
