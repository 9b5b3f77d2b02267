using System.Text;
using Microsoft.Extensions.AI;
using Parley.Audio;

namespace Parley.Engines;

/// <summary>
/// One utterance, recognised over and over while it is spoken, by any recogniser: what is committed never changes, what is tentative
/// may. Sound may be appended while a recognition is under way; there is at most one recognition at a time.
/// </summary>
/// <param name="ear">The recogniser; it stays its owner's. Each recognition is a call of its own over the whole window, so an encoder sees all of it.</param>
/// <param name="options">Language, prompt and the rest, for every call.</param>
/// <param name="step">New sound that makes the next recognition worth while.</param>
public sealed class LiveUtterance(ISpeechToTextClient ear, SpeechToTextOptions? options = null, TimeSpan? step = null)
{
    /// <summary>Of the sound appended, in Hz.</summary>
    public const int SampleRate = 16_000;

    // Beyond TrimAfter the window is cut behind a segment that is committed; at MaxWindow it is cut whatever is committed.
    private static readonly TimeSpan TrimAfter = TimeSpan.FromSeconds(15), MaxWindow = TimeSpan.FromSeconds(28);

    // Of less sound the language is a guess.
    private static readonly TimeSpan EnoughSpeech = TimeSpan.FromSeconds(2);

    private readonly TimeSpan step = step ?? new LiveRecognitionOptions().Step;
    private readonly LocalAgreement agreement = new();
    private readonly StringBuilder committed = new();
    private readonly List<WordTiming> words = [];
    private WordTiming[] tentativeWords = [];
    private readonly Lock soundLock = new();
    private float[] sound = [];          // the window
    private int count;
    private long left;                   // samples that the window has left behind
    private long heardUntil;             // on the utterance's clock, by the last recognition
    private bool isRecognising;

    /// <summary>What will not change any more, from the beginning of the utterance.</summary>
    public string Committed => committed.ToString().TrimStart();

    /// <summary>What follows it as it was last heard, with the space before it.</summary>
    public string Tentative => SpokenUnit.Join(agreement.Tentative);

    /// <summary>BCP 47 tag asked for, or heard in enough speech; <see langword="null"/> until then.</summary>
    public string? Language { get; private set; } = options?.SpeechLanguage;

    /// <summary>The committed words with their times within the utterance, where they were asked for and the recogniser gives them.</summary>
    public IReadOnlyList<WordTiming> Words => words;

    /// <summary>Length of the sound appended so far.</summary>
    public TimeSpan Duration
    {
        get
        {
            lock (soundLock)
                return Time(left + count);
        }
    }

    /// <summary>Where the window begins that is recognised: what lies before is committed.</summary>
    internal TimeSpan WindowStart => Time(left);

    /// <summary>True if a recognition is worth while: there is new sound enough, and none is under way.</summary>
    public bool IsDue
    {
        get
        {
            lock (soundLock)
                return !isRecognising && Time(left + count - heardUntil) >= step;
        }
    }

    /// <summary>Adds what was heard next.</summary>
    public void Append(ReadOnlySpan<float> samples)
    {
        lock (soundLock)
        {
            if (sound.Length < count + samples.Length)
                Array.Resize(ref sound, Math.Max(count + samples.Length, 2 * sound.Length));
            samples.CopyTo(sound.AsSpan(count));
            count += samples.Length;
        }
    }

    /// <summary>Recognises what there is; sound that comes meanwhile is for the next time. A call that fails or is cancelled changes nothing.</summary>
    /// <returns>What was added to <see cref="Committed"/>, with the space before it; may be empty.</returns>
    /// <exception cref="InvalidOperationException">A recognition is under way.</exception>
    public async Task<string> UpdateAsync(CancellationToken cancel = default)
    {
        (Transcript transcript, int samples) = await RecogniseAsync(isPartial: true, cancel);
        IReadOnlyList<SpokenUnit> heard = SpokenUnit.Split(transcript.Text);
        (IReadOnlyList<SpokenUnit> added, int settled) = agreement.Push(heard);
        Keep(added, transcript, heard, settled);
        if (Time(samples) < TrimAfter)
            return SpokenUnit.Join(added);

        (int units, long cut) = CompletedSegments(transcript, settled);
        if (cut == 0 && Time(samples) >= MaxWindow)
        {
            IReadOnlyList<SpokenUnit> forced = agreement.Finish(heard);
            Keep(forced, transcript, heard, heard.Count);
            added = [.. added, .. forced];
            (units, settled, cut) = (heard.Count, heard.Count, samples);
        }
        if (cut > 0)
        {
            agreement.Leave(heard.Take(settled).Skip(units));
            Leave((int)cut);
        }
        return SpokenUnit.Join(added);
    }

    /// <summary>The utterance is over: one last recognition, unless the last one heard all there is. A call that fails or is cancelled changes nothing.</summary>
    /// <returns>What was added to <see cref="Committed"/>, which is final now.</returns>
    /// <exception cref="InvalidOperationException">A recognition is under way.</exception>
    public async Task<string> FinishAsync(CancellationToken cancel = default)
    {
        bool isHeard;
        lock (soundLock)
            isHeard = !isRecognising && heardUntil == left + count;
        if (isHeard)
        {
            IReadOnlyList<SpokenUnit> rest = agreement.Tentative;
            foreach (SpokenUnit unit in rest)
                Append(unit);
            words.AddRange(tentativeWords);
            agreement.Finish([]);
            return SpokenUnit.Join(rest);
        }
        (Transcript transcript, _) = await RecogniseAsync(isPartial: false, cancel);
        IReadOnlyList<SpokenUnit> heard = SpokenUnit.Split(transcript.Text);
        IReadOnlyList<SpokenUnit> added = agreement.Finish(heard);
        Keep(added, transcript, heard, heard.Count);
        return SpokenUnit.Join(added);
    }

    private async Task<(Transcript Transcript, int Samples)> RecogniseAsync(bool isPartial, CancellationToken cancel)
    {
        byte[] pcm;
        lock (soundLock)
        {
            if (isRecognising)
                throw new InvalidOperationException("A recognition of this utterance is under way.");
            isRecognising = true;
            pcm = new byte[count * 2];
            Pcm16.FromFloat(sound.AsSpan(0, count), pcm);
        }
        try
        {
            int samples = pcm.Length / 2;
            if (samples == 0)
                return (new Transcript { Text = "", Language = "und", Duration = TimeSpan.Zero }, 0);
            SpeechToTextOptions asked = options?.Clone() ?? new();
            (asked.SpeechSampleRate, asked.SpeechLanguage, asked.IsPartial) = (SampleRate, Language, isPartial);
            using MemoryStream stream = new(pcm);
            SpeechToTextResponse response = await ear.GetTextAsync(stream, asked, cancel);
            cancel.ThrowIfCancellationRequested();
            Transcript transcript = response.Transcript ?? new() { Text = response.Text.Trim(), Language = "und", Duration = Time(samples) };
            if (transcript.Language != "und" && transcript.Text.Length > 0 && Time(samples) >= EnoughSpeech)
                Language ??= transcript.Language;
            heardUntil = left + samples;
            return (transcript, samples);
        }
        finally
        {
            lock (soundLock)
                isRecognising = false;
        }
    }

    /// <summary>Adds units to what is committed, with the times of their words where the recogniser gave one for each.</summary>
    private void Keep(IReadOnlyList<SpokenUnit> added, Transcript transcript, IReadOnlyList<SpokenUnit> heard, int settled)
    {
        foreach (SpokenUnit unit in added)
            Append(unit);
        WordTiming[] timed = [.. transcript.Words.Select(word => word with { Start = word.Start + Time(left), End = word.End + Time(left) })];
        bool isTimed = timed.Length == heard.Count;
        if (isTimed)
            words.AddRange(timed[(settled - added.Count)..settled]);
        tentativeWords = isTimed ? timed[settled..] : [];
    }

    private void Append(SpokenUnit unit) => committed.Append(unit.HasSpaceBefore ? " " : "").Append(unit.Text);

    /// <summary>The segments from the window's beginning on that are committed and complete: not the last one, which sound may still be added to.</summary>
    private static (int Units, long Samples) CompletedSegments(Transcript transcript, int settled)
    {
        int units = 0, found = 0;
        TimeSpan end = TimeSpan.Zero;
        foreach (TranscriptSegment segment in transcript.Segments.SkipLast(1))
        {
            units += SpokenUnit.Split(segment.Text).Count;
            if (units > settled)
                break;
            (found, end) = (units, segment.End);
        }
        return (found, (long)(end.TotalSeconds * SampleRate));
    }

    private void Leave(int samples)
    {
        lock (soundLock)
        {
            samples = Math.Min(samples, count);
            sound.AsSpan(samples, count - samples).CopyTo(sound);
            count -= samples;
            left += samples;
        }
    }

    private static TimeSpan Time(long samples) => TimeSpan.FromSeconds((double)samples / SampleRate);
}
