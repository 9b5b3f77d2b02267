using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Engines.Whisper;
using static Parley.Engines.Tests.Whisper.ScriptedDecoder;

namespace Parley.Engines.Tests.Whisper;

[Collection(nameof(MeasuredAlone))]
public class LongRecordingTests
{
    private const int Rate = 16_000;

    [Theory]
    [InlineData(true, 10)] // voice activity takes its time
    [InlineData(false, 180)]
    public async Task A_long_recording_flows_through_small_memory(bool cutsSilence, int minutes)
    {
        float[] minute = [.. WavReader.Read(TestData.Golden("audio/third-party/jfk.wav")).Samples, .. new float[49 * Rate]];
        byte[] pcm = new byte[2 * minute.Length];
        Pcm16.FromFloat(minute, pcm);
        List<long> held = [];
        RepeatedStream recording = new(pcm, minutes, () => held.Add(GC.GetTotalMemory(forceFullCollection: true)));
        using WhisperSpeechToTextClient client = WhisperSpeechToTextClientTests.Client(new ScriptedDecoder(_ => Window("<0.00> And so.<end>")));
        List<double> shares = [];
        SpeechToTextOptions options = new()
        {
            CutSilence = cutsSilence, SpeechSampleRate = Rate, RecordingLength = TimeSpan.FromMinutes(minutes), Progress = new WhisperSpeechToTextClientTests.Collector(shares),
        };
        Transcript transcript = (await client.GetTextAsync(recording, options, TestContext.Current.CancellationToken)).Transcript!;
        Assert.Equal(minutes * 60, transcript.Duration.TotalSeconds, 3);
        Assert.InRange(transcript.Segments[^1].End.TotalMinutes, minutes - 1, minutes);

        Assert.True(shares.Count >= minutes / 4, $"told {shares.Count} times in {minutes} minutes");
        Assert.Equal(shares.Order(), shares);
        Assert.Equal(1, shares[^1]);

        long growth = held.Skip(3).Max() - held[2]; // by then every buffer has its size
        Assert.True(growth < 16_000_000, $"{growth / 1e6:F1} MB more than after two minutes, of {minutes}; as floats a minute has 3.8 MB");
    }

    /// <summary>The same bytes over and over, with a call before each time.</summary>
    private sealed class RepeatedStream(byte[] bytes, int times, Action onBegin) : MemoryStream(bytes)
    {
        private int left = times;

        public override bool CanSeek => false;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position == Length && left > 0)
                Position = 0;
            if (Position == 0 && left-- > 0)
                onBegin();
            return base.ReadAsync(buffer, cancellationToken);
        }
    }
}
