using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Parley.Audio;
using Parley.Audio.Loudness;
using Parley.Audio.Pitch;
using Parley.Models.SpeakerEmbeddings;
using Parley.Text;
using Parley.Trials.Plans;
using Parley.Trials.Running;

namespace Parley.Trials.Extraction;

/// <summary>What is wanted of an extraction.</summary>
public sealed record ExtractionOptions
{
    /// <summary>Only spans of this speaker, as the subtitles name them.</summary>
    public string? Speaker { get; init; }

    /// <summary>A recording of the speaker who is looked for; the ranking goes by it.</summary>
    public string? Seed { get; init; }

    /// <summary>Fundamental frequency of the speaker who is looked for, in Hz; by default the median of each speaker's clips.</summary>
    public double? TargetF0Hz { get; init; }

    /// <summary>BCP 47 tag, for the record.</summary>
    public string? Language { get; init; }

    /// <summary>Clips that are kept at most.</summary>
    public int Most { get; init; } = 20;
}

/// <summary>What an extraction found.</summary>
/// <param name="Marks">How the speakers were told apart.</param>
/// <param name="Clips">Best first.</param>
/// <param name="Rejected">Spans that were not taken, with the reason.</param>
public sealed record ExtractionResult(SpeakerMarks Marks, IReadOnlyList<ReferenceClip> Clips, IReadOnlyList<string> Rejected);

/// <summary>Cuts clips of one speaker out of a film by its subtitles, as references for cloned voices.</summary>
/// <param name="speakers">Tells speakers apart.</param>
/// <param name="ffmpeg">Reads the film.</param>
public sealed class ReferenceExtractor(SpeakerEncoder speakers, Ffmpeg ffmpeg)
{
    private const int SampleRate = 24_000, PitchRate = 16_000;
    private const double LowestPeakDbfs = -40, HighestPeakDbfs = -0.1, SoftestFrameDbfs = -45, LoudShare = 0.6;
    private const int SurroundChannels = 6;
    private const int FewestVoiced = 30;
    private const double LeastVoiced = 0.3, WidestPitch = 12, FarthestPitch = 4; // semitones
    private const double SeedWeight = 0.8, PeerWeight = 0.2;
    private const int Peers = 5;

    private static readonly TimeSpan LengthTolerance = TimeSpan.FromMilliseconds(100);

    /// <param name="film">Any file that ffmpeg reads.</param>
    /// <param name="subtitles">WebVTT or SRT.</param>
    /// <param name="folder">Where clips go, and nowhere else; made if it is not there.</param>
    /// <param name="options">What is wanted.</param>
    /// <param name="progress">Told how many spans are done, of how many.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="SubtitleException">The subtitles are none.</exception>
    /// <exception cref="AudioFormatException">The film has no sound.</exception>
    public async Task<ExtractionResult> ExtractAsync(
        string film, string subtitles, string folder, ExtractionOptions options, IProgress<(int Done, int Of)>? progress, CancellationToken cancel)
    {
        AudioProbe probe = await ffmpeg.ProbeAsync(film, cancel);
        TimeSpan? duration = probe.Duration;
        bool hasCentre = probe.Sound?.Channels >= SurroundChannels;
        (SpeakerMarks marks, IReadOnlyList<SpeechSpan> spans) = SpeechSpans.Find(SubtitleReader.Read(await File.ReadAllBytesAsync(subtitles, cancel)), duration);
        List<string> rejected = [];
        List<Candidate> candidates = [];
        foreach ((int i, SpeechSpan span) in spans.Index())
        {
            progress?.Report((i, spans.Count));
            if (options.Speaker is { } wanted && !wanted.Equals(span.Speaker, StringComparison.OrdinalIgnoreCase))
                continue;
            (Candidate? candidate, string? problem) = await JudgeAsync(film, span, hasCentre, cancel);
            if (candidate is not null)
                candidates.Add(candidate);
            else
                rejected.Add($"{Time(span)}: {problem}");
        }
        candidates = FilterPitch(candidates, options.TargetF0Hz, rejected);
        IEnumerable<(Candidate Clip, double Score)> ranked = Rank(candidates, options.Seed is null ? null : speakers.Embed(await ReadAsync(options.Seed, cancel)));
        Directory.CreateDirectory(folder);
        List<ReferenceClip> clips = [];
        foreach ((Candidate clip, double score) in ranked.Take(options.Most))
            clips.Add(Write(folder, clip, score, marks, options.Language));
        AtomicFile.Write(Path.Combine(folder, "index.html"), Encoding.UTF8.GetBytes(ClipPage.Write(clips)));
        return new(marks, clips, rejected);
    }

    private async Task<(Candidate? Candidate, string? Problem)> JudgeAsync(string film, SpeechSpan span, bool hasCentre, CancellationToken cancel)
    {
        AudioBuffer cut = await CutAsync(film, span, hasCentre, cancel);
        if (cut.Samples.Length == 0)
            return (null, "there is no sound at this time");
        AudioBuffer sound = Resampler.Convert(cut, SampleRate);
        if ((sound.Duration - span.Length).Duration() > LengthTolerance)
            return (null, string.Create(CultureInfo.InvariantCulture, $"{sound.Duration.TotalSeconds:0.00} s came instead of {span.Length.TotalSeconds:0.00} s"));
        double peak = Levels.PeakDbfs(sound.Samples);
        if (!(peak >= LowestPeakDbfs && peak <= HighestPeakDbfs))
            return (null, string.Create(CultureInfo.InvariantCulture, $"its peak is {peak:0.0} dBFS, not from {LowestPeakDbfs} to {HighestPeakDbfs}"));
        if (LoudFrames(sound) is var loud && loud < LoudShare)
            return (null, string.Create(CultureInfo.InvariantCulture, $"only {loud:0 %} of it is louder than {SoftestFrameDbfs} dBFS"));
        PitchStatistics pitch = PitchStatistics.Of(Resampler.Convert(sound, PitchRate));
        if (pitch.VoicedFrames < FewestVoiced || pitch.VoicedRatio < LeastVoiced)
            return (null, string.Create(CultureInfo.InvariantCulture, $"only {pitch.VoicedRatio:0 %} of it is voiced"));
        if (pitch.SpreadSemitones > WidestPitch)
            return (null, string.Create(CultureInfo.InvariantCulture, $"its pitch spreads over {pitch.SpreadSemitones:0.0} semitones: two people, or music"));
        try
        {
            NormalisedLoudness loudness = new LoudnessTarget().Apply(sound.Samples, SampleRate);
            return (new(span, sound, pitch.MedianHz, loudness, speakers.Embed(sound)), null);
        }
        catch (LoudnessException fault)
        {
            return (null, fault.Message);
        }
    }

    /// <summary>Of surround sound the centre, where it holds more of the speech band than the sides; else the mean of all channels.</summary>
    private async Task<AudioBuffer> CutAsync(string film, SpeechSpan span, bool hasCentre, CancellationToken cancel)
    {
        if (!hasCentre)
            return await CutAsync(film, span, ChannelMix.Mean, cancel);
        try
        {
            AudioBuffer centre = await CutAsync(film, span, ChannelMix.Centre, cancel);
            if (centre.Samples.Length == 0 || SpeechBand.Energy(centre) > SpeechBand.Energy(await CutAsync(film, span, ChannelMix.Sides, cancel)))
                return centre;
        }
        catch (AudioFormatException)
        {
            // Six channels or more, and none of them called the centre.
        }
        return await CutAsync(film, span, ChannelMix.Mean, cancel);
    }

    private async Task<AudioBuffer> CutAsync(string film, SpeechSpan span, ChannelMix mix, CancellationToken cancel)
    {
        List<float> read = [];
        int rate = SampleRate;
        await foreach (AudioFrame frame in ffmpeg.DecodeAsync(film, span.Start, span.Length, mix, cancel))
        {
            read.AddRange(frame.Samples.Span);
            rate = frame.SampleRate;
        }
        return new AudioBuffer([.. read], rate);
    }

    private static double LoudFrames(AudioBuffer sound)
    {
        int size = sound.SampleRate * 30 / 1000, frames = sound.Samples.Length / size, loud = 0;
        for (int i = 0; i < frames; i++)
            loud += Levels.RmsDbfs(sound.Samples.AsSpan(i * size, size)) > SoftestFrameDbfs ? 1 : 0;
        return frames == 0 ? 0 : (double)loud / frames;
    }

    /// <summary>Leaves out what lies more than four semitones from the speaker's own pitch.</summary>
    private static List<Candidate> FilterPitch(List<Candidate> candidates, double? target, List<string> rejected)
    {
        List<Candidate> kept = [];
        foreach (IGrouping<string?, Candidate> speaker in candidates.GroupBy(candidate => candidate.Span.Speaker))
        {
            double[] pitches = [.. speaker.Select(candidate => candidate.MedianF0Hz).Order()];
            // Without names the clips may be of several people: their common median says nothing.
            double? wanted = target ?? (speaker.Key is null ? null : Statistics.Quantiles.Linear(pitches, 0.5));
            foreach (Candidate candidate in speaker)
            {
                if (wanted is { } hz && Math.Abs(12 * Math.Log2(candidate.MedianF0Hz / hz)) > FarthestPitch)
                    rejected.Add(string.Create(CultureInfo.InvariantCulture, $"{Time(candidate.Span)}: its pitch is {candidate.MedianF0Hz:0} Hz, {hz:0} Hz was wanted"));
                else
                    kept.Add(candidate);
            }
        }
        return kept;
    }

    /// <summary>By likeness to the seed, or to the clip that is most like the others of its speaker.</summary>
    private static IEnumerable<(Candidate Clip, double Score)> Rank(List<Candidate> candidates, float[]? seed)
    {
        List<(Candidate Clip, double Score)> scored = [];
        foreach (IGrouping<string?, Candidate> speaker in candidates.GroupBy(candidate => candidate.Span.Speaker))
        {
            Candidate[] clips = [.. speaker];
            float[] wanted = seed ?? clips.MaxBy(clip => clips.Sum(other => SpeakerEncoder.Similarity(clip.Embedding, other.Embedding)))!.Embedding;
            Candidate[] peers = [.. clips.OrderByDescending(clip => SpeakerEncoder.Similarity(clip.Embedding, wanted)).Take(Peers)];
            scored.AddRange(clips.Select(clip => (clip, SeedWeight * SpeakerEncoder.Similarity(clip.Embedding, wanted)
                + PeerWeight * peers.Average(peer => SpeakerEncoder.Similarity(clip.Embedding, peer.Embedding)))));
        }
        return scored.OrderByDescending(clip => clip.Score).ThenBy(clip => clip.Clip.Span.Start);
    }

    private static ReferenceClip Write(string folder, Candidate clip, double score, SpeakerMarks marks, string? language)
    {
        string stem = string.Create(CultureInfo.InvariantCulture, $"clip_{Slug(clip.Span.Speaker)}_{(int)Math.Floor(clip.Span.Start.TotalSeconds)}_{(int)Math.Ceiling(clip.Span.End.TotalSeconds)}");
        string name = stem;
        for (int copy = 2; File.Exists(Path.Combine(folder, name + ".wav")); copy++)
            name = string.Create(CultureInfo.InvariantCulture, $"{stem}_{copy}");
        byte[] wav = WavWriter.ToBytes(clip.Sound);
        using (FileStream file = new(Path.Combine(folder, name + ".wav"), FileMode.CreateNew))
            file.Write(wav);
        LoudnessReading after = clip.Loudness.After;
        ReferenceClip metadata = new()
        {
            Clip = name + ".wav",
            Sha256 = Sha256Text.Of(wav),
            DurationS = Math.Round(clip.Sound.Duration.TotalSeconds, 3),
            SampleRate = SampleRate,
            Channels = 1,
            StartS = Math.Round(clip.Span.Start.TotalSeconds, 3),
            EndS = Math.Round(clip.Span.End.TotalSeconds, 3),
            Speaker = Plain(clip.Span.Speaker),
            Text = Plain(clip.Span.Text)!,
            Language = language,
            MedianF0Hz = Math.Round(clip.MedianF0Hz, 1),
            LufsI = Math.Round(after.IntegratedLufs ?? 0, 2),
            Dbtp = Math.Round(after.TruePeakDbtp, 2),
            Lra = after.RangeLu is { } range ? Math.Round(range, 2) : null,
            GainDb = Math.Round(clip.Loudness.GainDb, 2),
            Similarity = Math.Round(score, 4),
            Mode = marks.ToString().ToLowerInvariant(),
            Timing = "cue",
            ToolVersion = typeof(ReferenceExtractor).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "",
        };
        AtomicFile.Write(Path.Combine(folder, $"metadata_{name}.json"), JsonSerializer.SerializeToUtf8Bytes(metadata, ClipJson.Default.ReferenceClip));
        return metadata;
    }

    private async Task<AudioBuffer> ReadAsync(string file, CancellationToken cancel)
    {
        List<float> samples = [];
        int rate = 1;
        await foreach (AudioFrame frame in ffmpeg.DecodeAsync(file, cancel))
        {
            samples.AddRange(frame.Samples.Span);
            rate = frame.SampleRate;
        }
        return new([.. samples], rate);
    }

    /// <summary>Lower-case letters, digits and dashes, at most 24.</summary>
    internal static string Slug(string? speaker)
    {
        StringBuilder slug = new();
        foreach (char letter in (speaker ?? "speaker").Normalize(NormalizationForm.FormKD).ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(letter))
                slug.Append(letter);
            else if (slug.Length > 0 && slug[^1] != '-' && !char.IsLetter(letter) && CharUnicodeInfo.GetUnicodeCategory(letter) != UnicodeCategory.NonSpacingMark)
                slug.Append('-');
        }
        string text = slug.ToString()[..Math.Min(slug.Length, 24)].Trim('-');
        return text.Length > 0 ? text : "speaker";
    }

    private static string? Plain(string? text) => text is null ? null : new string([.. text.Where(letter => !char.IsControl(letter)).Take(500)]);

    private static string Time(SpeechSpan span) => string.Create(CultureInfo.InvariantCulture, $"{span.Start.TotalSeconds:0.0} to {span.End.TotalSeconds:0.0} s");

    private sealed record Candidate(SpeechSpan Span, AudioBuffer Sound, double MedianF0Hz, NormalisedLoudness Loudness, float[] Embedding);
}
