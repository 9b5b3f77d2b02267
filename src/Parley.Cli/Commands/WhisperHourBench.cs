using System.Diagnostics;
using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Engines;
using Parley.Engines.Whisper;
using Parley.Graphs;

namespace Parley.Cli.Commands;

/// <summary>How a recording of hours is heard: a clip over and over, made while it is read, through the engine that <c>hear</c> uses.</summary>
internal static class WhisperHourBench
{
    private const int SampleRate = 16_000;

    public static async Task<WhisperHourRow> RunAsync(string path, string clip, double hours, Precision precision, string folder, Terminal terminal, CancellationToken cancel)
    {
        StarterModels starter = StarterModels.Locate();
        EngineRegistration registration = WhisperEngine.Register(
            "whisper:bench", path, starter.Verified("silero/silero_vad.onnx"), folder, precision.Name, starter.Verified(WhisperEngine.StarterFile),
            new CompileNotice(terminal.Error, terminal.IsErrorInteractive));
        using IDisposable opened = await registration.Open(cancel);
        ISpeechToTextClient ear = (ISpeechToTextClient)opened;
        byte[] pcm = Bytes(WavReader.Read(clip));
        long length = (long)(hours * 3600 * SampleRate) * sizeof(short);

        using Process process = Process.GetCurrentProcess();
        long settled = 0, most = 0;
        int words = 0;
        SpeechToTextOptions options = new()
        {
            SpeechSampleRate = SampleRate, SpeechLanguage = "en", RecordingLength = TimeSpan.FromHours(hours),
            Progress = terminal.IsErrorInteractive ? new Progress<double>(share => terminal.Error.Write(FormattableString.Invariant($"\r{share:P1} of {hours} hours"))) : null,
        };
        (long clock, TimeSpan before) = (Stopwatch.GetTimestamp(), ProcessorTime.Own);
        await foreach (SpeechToTextResponseUpdate update in ear.GetStreamingTextAsync(new RepeatedStream(pcm, length), options, cancel))
        {
            words += update.Kind == SpeechToTextResponseUpdateKind.TextUpdated ? update.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length : 0;
            process.Refresh();
            most = Math.Max(most, process.WorkingSet64);
            if (update.EndTime < TimeSpan.FromHours(hours / 10))
                settled = most; // by then every buffer has its size
        }
        return new(Path.GetFileName(path), precision.Name, hours, Stopwatch.GetElapsedTime(clock).TotalSeconds, (ProcessorTime.Own - before).TotalSeconds, words, settled / 1e6, most / 1e6);
    }

    private static byte[] Bytes(AudioBuffer sound)
    {
        float[] samples = Resampler.Convert(sound, SampleRate).Samples;
        byte[] pcm = new byte[samples.Length * sizeof(short)];
        Pcm16.FromFloat(samples, pcm);
        return pcm;
    }

    /// <summary>The same bytes over and over, up to a length.</summary>
    private sealed class RepeatedStream(byte[] bytes, long length) : Stream
    {
        private long at;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => at; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            int first = (int)(at % bytes.Length), read = (int)Math.Min(Math.Min(count, bytes.Length - first), length - at);
            bytes.AsSpan(first, read).CopyTo(buffer.AsSpan(offset));
            at += read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

/// <param name="Model">The file.</param>
/// <param name="Precision">In which it ran.</param>
/// <param name="Hours">Of sound.</param>
/// <param name="ClockSeconds">Until the last word.</param>
/// <param name="ProcessorSeconds">Spent on it.</param>
/// <param name="Words">Heard.</param>
/// <param name="SettledMb">Memory of the process after a tenth of the sound.</param>
/// <param name="MostMb">The most that it had.</param>
internal sealed record WhisperHourRow(string Model, string Precision, double Hours, double ClockSeconds, double ProcessorSeconds, int Words, double SettledMb, double MostMb);
