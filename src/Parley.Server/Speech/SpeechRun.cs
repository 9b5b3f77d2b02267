using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.AI;
using Parley.Engines;

namespace Parley.Server;

/// <summary>
/// One text being spoken. The engine runs ahead of the reader by a bounded length of sound; while it waits for the reader its
/// slot is lent to others, so that a slow reader delays nobody.
/// </summary>
internal sealed class SpeechRun(ITextToSpeechClient client, string text, TextToSpeechOptions options, EngineTurn turn) : IDisposable
{
    /// <summary>Sound that may lie between engine and reader: enough to bridge a pause of the reader, 1.4 MB at 24 kHz.</summary>
    private static readonly TimeSpan Runway = TimeSpan.FromSeconds(30);

    private readonly Channel<TextToSpeechResponseUpdate> updates =
        Channel.CreateUnbounded<TextToSpeechResponseUpdate>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private readonly SemaphoreSlim taken = new(0, 1);
    private long ticksAhead;

    /// <summary>Words with their times, so far.</summary>
    public List<WordTiming> Words { get; } = [];

    /// <summary>What the engine counted, if it counts.</summary>
    public UsageDetails? Usage { get; private set; }

    /// <summary>How long the text stood in line before it was spoken.</summary>
    public TimeSpan Waited => turn.Waited;

    /// <summary>Sound handed on so far.</summary>
    public TimeSpan Spoken { get; private set; }

    /// <summary>The sound, signed 16 bit little endian, mono, with the rate of each piece. Can be enumerated once.</summary>
    /// <param name="cancel">Stops the engine.</param>
    public async IAsyncEnumerable<(ReadOnlyMemory<byte> Pcm, int SampleRate)> SoundAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task engine = DriveAsync(stop.Token);
        try
        {
            await foreach (TextToSpeechResponseUpdate update in updates.Reader.ReadAllAsync(cancel))
            {
                Words.AddRange(update.Words);
                foreach (AIContent content in update.Contents)
                {
                    if (content is UsageContent usage)
                        (Usage ??= new UsageDetails()).Add(usage.Details);
                    if (content is not DataContent data || data.Data.IsEmpty)
                        continue;
                    int rate = PcmContent.RateOf(data);
                    TimeSpan length = Length(data, rate);
                    Spoken += length;
                    yield return (data.Data, rate);
                    Interlocked.Add(ref ticksAhead, -length.Ticks);
                    if (taken.CurrentCount == 0)
                        taken.Release();
                }
            }
        }
        finally
        {
            await stop.CancelAsync();
            await engine;
        }
    }

    public void Dispose() => taken.Dispose();

    /// <summary>Ends when the engine has; never throws, the channel carries the failure to the reader.</summary>
    private async Task DriveAsync(CancellationToken cancel)
    {
        // Engines compute on the thread that asks them; without this the reader would not see the first piece before the last.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        Exception? failure = null;
        try
        {
            await foreach (TextToSpeechResponseUpdate update in client.GetStreamingAudioAsync(text, options, cancel).WithCancellation(cancel))
            {
                foreach (DataContent data in update.Contents.OfType<DataContent>())
                    Interlocked.Add(ref ticksAhead, Length(data, PcmContent.RateOf(data)).Ticks);
                updates.Writer.TryWrite(update);
                await WaitForReaderAsync(cancel);
            }
        }
#pragma warning disable CA1031 // Not swallowed: the reader rethrows it.
        catch (Exception thrown)
#pragma warning restore CA1031
        {
            failure = thrown;
        }
        finally
        {
            turn.Dispose();
            updates.Writer.Complete(failure);
        }
    }

    private async Task WaitForReaderAsync(CancellationToken cancel)
    {
        if (Interlocked.Read(ref ticksAhead) <= Runway.Ticks)
            return;
        turn.Pause();
        while (Interlocked.Read(ref ticksAhead) > Runway.Ticks / 2)
            await taken.WaitAsync(cancel);
        await turn.ResumeAsync(cancel);
    }

    private static TimeSpan Length(DataContent data, int sampleRate) => TimeSpan.FromSeconds(data.Data.Length / 2.0 / sampleRate);
}
