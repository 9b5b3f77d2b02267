using Parley.Audio;
using Parley.Graphs;
using Parley.Models.Whisper;
using Parley.Text;

namespace Parley.Cli.Commands;

/// <summary>
/// What 8 bit does to the words: recordings are cut at quiet places, each piece is also heard at other speeds, all of them also with noise,
/// and every piece is transcribed in f32 and in 8 bit.
/// </summary>
internal static class WhisperWordBench
{
    private const int SampleRate = 16_000;
    private const double SignalToNoise = 10; // amplitude of the speech over that of the noise: 20 dB

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10); // a breath of speech

    public static WhisperWordRow Run(string path, string[] clips, string folder, Terminal terminal, CancellationToken cancel)
    {
        float[][] pieces = [.. clips.SelectMany(clip => Pieces(WavReader.Read(clip).Samples)).SelectMany(Variants)];
        string[] fine = Transcribe(path, Precision.F32, pieces, folder, terminal, cancel), coarse = Transcribe(path, Precision.Q8, pieces, folder, terminal, cancel);
        int words = 0, changed = 0, touched = 0;
        for (int i = 0; i < pieces.Length; i++)
        {
            (int all, int wrong) = Compare(fine[i], coarse[i]);
            words += all;
            changed += wrong;
            touched += wrong > 0 ? 1 : 0;
        }
        return new(Path.GetFileName(path), pieces.Length, words, changed, touched);
    }

    private static (int Words, int Changed) Compare(string fine, string coarse)
    {
        if (WhisperEnglishNormalizer.Instance.Normalize(fine).Length == 0) // words where there were none are all changed
            return (0, WhisperEnglishNormalizer.Instance.Normalize(coarse).Split(' ', StringSplitOptions.RemoveEmptyEntries).Length);
        ErrorRate rate = ErrorRate.OfWords(fine, coarse, WhisperEnglishNormalizer.Instance);
        return (rate.ReferenceLength, rate.Errors);
    }

    private static string[] Transcribe(string path, Precision precision, float[][] pieces, string folder, Terminal terminal, CancellationToken cancel)
    {
        (WhisperModel model, _) = WhisperBench.Open(WhisperCheckpoint.Open(path), precision, folder, terminal, cancel);
        using (model)
        {
            using WhisperBatch batch = model.CreateBatch(1);
            return [.. pieces.Select(piece =>
            {
                using WhisperRecording recording = new(model, batch, piece);
                WhisperTranscription loop = new(recording, model.Vocabulary, model.Config, new() { Temperatures = [0] });
                foreach (WhisperSegment _ in loop.Run(cancel))
                    cancel.ThrowIfCancellationRequested();
                return loop.Text;
            })];
        }
    }

    private static IEnumerable<float[]> Pieces(float[] samples)
    {
        LevelChunker chunker = new(SampleRate, Longest);
        chunker.Push(samples);
        chunker.Finish();
        while (chunker.TryTake(out SoundChunk? chunk))
            yield return chunk!.Samples;
    }

    private static IEnumerable<float[]> Variants(float[] piece)
    {
        foreach (float[] spoken in (float[][])[piece, AtSpeed(piece, 0.9), AtSpeed(piece, 1.1)])
        {
            yield return spoken;
            yield return WithNoise(spoken);
        }
    }

    private static float[] WithNoise(float[] piece)
    {
        Random random = new(piece.Length);
        double level = Math.Sqrt(piece.Sum(sample => (double)sample * sample) / piece.Length) / SignalToNoise;
        return [.. piece.Select(sample => sample + (float)((random.NextDouble() - 0.5) * Math.Sqrt(12) * level))];
    }

    private static float[] AtSpeed(float[] piece, double speed) =>
        Resampler.Convert(piece, from: (int)(SampleRate * speed), to: SampleRate);
}
