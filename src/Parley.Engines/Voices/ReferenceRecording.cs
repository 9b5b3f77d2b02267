using System.Globalization;
using System.Security.Cryptography;
using Parley.Audio;
using Parley.Audio.Loudness;
using Parley.Audio.Pitch;

namespace Parley.Engines;

/// <summary>A recording that has been found fit to give a voice: 24 kHz, mono, 16 bit, brought to -16 LUFS by one gain.</summary>
/// <param name="Wav">The file.</param>
/// <param name="Facts">What was measured.</param>
/// <param name="Warnings">What does not forbid its use and yet makes a poor voice.</param>
public sealed record ReferenceRecording(byte[] Wav, VoiceReference Facts, IReadOnlyList<string> Warnings)
{
    /// <summary>Of the file as it is brought.</summary>
    public const long MaxBytes = 10 << 20;

    /// <summary>Characters of a transcript.</summary>
    public const int MaxTranscript = 4096;

    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1), Longest = TimeSpan.FromSeconds(30);

    private const int SampleRate = 24_000, PitchRate = 16_000, FrameMs = 30;
    private const double AudibleDbfs = -50, AudibleShare = 0.6, SpeechDbfs = -45, SpeechShare = 0.7, ClippedShare = 0.01;
    private const float ClippedFrom = 0.999f;

    /// <summary>Decodes, measures and normalises a file of any format.</summary>
    /// <param name="file">The file's bytes.</param>
    /// <param name="transcript">What it says, if known.</param>
    /// <param name="cancel">Ends the decoder.</param>
    /// <exception cref="AudioFormatException">It is no sound that can be read.</exception>
    /// <exception cref="ReferenceException">It is sound, and unfit: too short, too long, silent.</exception>
    public static async Task<ReferenceRecording> ReadAsync(ReadOnlyMemory<byte> file, string? transcript, CancellationToken cancel)
    {
        List<float> read = [];
        try
        {
            using MemoryStream stream = new(file.ToArray(), writable: false);
            await foreach (AudioFrame frame in AudioDecoder.DecodeFramesAsync(stream, SampleRate, new DecodingLimits { MaxDuration = Longest, MaxSpooledBytes = MaxBytes }, ffmpeg: null, cancel))
                read.AddRange(frame.Samples.Span);
        }
        catch (AudioLimitException)
        {
            throw new ReferenceException("reference_too_long", $"The recording is longer than {Longest.TotalSeconds:0} s. Cut out a passage where one person speaks, evenly and without noise.");
        }
        float[] samples = [.. read];
        double seconds = (double)samples.Length / SampleRate;
        if (seconds < Shortest.TotalSeconds)
            throw new ReferenceException("reference_too_short", string.Create(CultureInfo.InvariantCulture, $"The recording lasts {seconds:0.00} s; a voice needs {Shortest.TotalSeconds:0} to {Longest.TotalSeconds:0} s."));
        double audible = Share(samples, AudibleDbfs);
        if (audible < AudibleShare)
            throw new ReferenceException("reference_silent", string.Create(CultureInfo.InvariantCulture, $"Only {audible:0 %} of the recording is louder than {AudibleDbfs} dBFS; {AudibleShare:0 %} must be. Cut the pauses off, or record it closer."));
        List<string> warnings = [];
        if (samples.Count(sample => MathF.Abs(sample) >= ClippedFrom) is var clipped && clipped > ClippedShare * samples.Length)
            warnings.Add(string.Create(CultureInfo.InvariantCulture, $"{(double)clipped / samples.Length:0.0 %} of the samples are clipped: the voice will sound harsh."));
        if (Share(samples, SpeechDbfs) is var speech && speech < SpeechShare)
            warnings.Add(string.Create(CultureInfo.InvariantCulture, $"Only {speech:0 %} of the recording is louder than {SpeechDbfs} dBFS: long pauses become part of the voice."));
        PitchStatistics pitch = PitchStatistics.Of(Resampler.Convert(new AudioBuffer(samples, SampleRate), PitchRate));
        LoudnessReading loudness = Normalise(samples);
        byte[] wav = WavWriter.ToBytes(new AudioBuffer(samples, SampleRate));
        return new(wav, new VoiceReference
        {
            File = "",
            Sha256 = Sha256(wav),
            SourceSha256 = Sha256(file.Span),
            DurationS = Math.Round(seconds, 3),
            SampleRate = SampleRate,
            MedianF0Hz = double.IsFinite(pitch.MedianHz) ? Math.Round(pitch.MedianHz, 1) : null,
            LufsI = Math.Round(loudness.IntegratedLufs ?? 0, 2),
            Dbtp = Math.Round(loudness.TruePeakDbtp, 2),
            Transcript = VoiceText.Plain(transcript, MaxTranscript),
        }, warnings);
    }

    private static LoudnessReading Normalise(float[] samples)
    {
        try
        {
            // A range that is too wide makes a poor voice and no false one: the pauses of a talk are wide already.
            return new LoudnessTarget { MaxRangeLu = double.PositiveInfinity }.Apply(samples, SampleRate).After;
        }
        catch (LoudnessException silent)
        {
            throw new ReferenceException("reference_silent", silent.Message);
        }
    }

    private static double Share(ReadOnlySpan<float> samples, double aboveDbfs)
    {
        int size = SampleRate * FrameMs / 1000, frames = samples.Length / size, loud = 0;
        for (int i = 0; i < frames; i++)
            loud += Levels.RmsDbfs(samples.Slice(i * size, size)) > aboveDbfs ? 1 : 0;
        return (double)loud / frames;
    }

    private static string Sha256(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}

/// <summary>A recording is sound, and cannot give a voice.</summary>
/// <param name="code">Stable, for programs: <c>reference_too_short</c>, <c>reference_too_long</c>, <c>reference_silent</c>.</param>
/// <param name="message">What was measured and what to do.</param>
public sealed class ReferenceException(string code, string message) : Exception(message)
{
    public string Code { get; } = code;
}
