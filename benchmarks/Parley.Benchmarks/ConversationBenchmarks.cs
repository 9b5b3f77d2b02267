using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Parley.Agent;
using Parley.Audio;
using Parley.Engines;
using Parley.Graphs;
using Parley.Models.Silero;

namespace Parley.Benchmarks;

/// <summary>
/// What the conversation itself costs: engines that take no time, voice activity and everything of ours real, sound at its real
/// pace. The time from the last voiced sample to the first sound of the answer, less the silence that is waited for.
/// </summary>
internal static class ConversationBenchmarks
{
    private const int SampleRate = 24_000, FrameSamples = SampleRate / 50;
    private static readonly TimeSpan EndpointingDelay = TimeSpan.FromMilliseconds(400);

    public static void Run() => RunAsync().GetAwaiter().GetResult();

    private static async Task RunAsync()
    {
        using SileroModel silero = SileroModel.Open(StarterModels.Locate().Verified("silero/silero_vad.onnx"));
        float[] speech = await TestSound.SpeakAsync("Could you tell me what the weather is like today?", SampleRate);
        Console.WriteLine();
        Console.WriteLine("## Conversations");
        Console.WriteLine();
        Console.WriteLine("| conversations at once | turns | overhead p50 ms | p90 | p99 | most | frames of 20 ms late by, p99 ms | the machine itself late by, p99 ms | cores used |");
        Console.WriteLine("| --: | --: | --: | --: | --: | --: | --: | --: | --: |");
        foreach (int count in new[] { 1, 10, 50 })
            await MeasureLatencyAsync(silero, speech, count, turns: 5);
        await MeasureMemoryAsync(silero);
    }

    private static async Task MeasureLatencyAsync(SileroModel silero, float[] speech, int count, int turns)
    {
        float[] round = [.. speech, .. new float[SampleRate * 5 / 2]];                // the answer fits into the silence
        int frames = round.Length / FrameSamples;
        Caller[] callers = [.. Enumerable.Range(0, count).Select(i => new Caller(silero, round, start: i * frames / count))];
        await Task.Delay(200);
        TimeSpan processor = ProcessorTime.Own;
        long began = Stopwatch.GetTimestamp();
        List<double> machine = [];                                                    // how late a timer comes that has nothing to do with us
        for (int frame = 0; frame < (turns + 1) * frames; frame++)
        {
            TimeSpan wait = TimeSpan.FromMilliseconds(20.0 * frame) - Stopwatch.GetElapsedTime(began);
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait);
            machine.Add(Math.Max(0, (Stopwatch.GetElapsedTime(began) - TimeSpan.FromMilliseconds(20.0 * frame)).TotalMilliseconds));
            foreach (Caller caller in callers)
                await caller.SendFrameAsync();
        }
        double cores = (ProcessorTime.Own - processor) / Stopwatch.GetElapsedTime(began);
        foreach (Caller caller in callers)
            await caller.DisposeAsync();
        double[] overheads = [.. callers.SelectMany(caller => caller.Overheads).Order()], lateness = [.. callers.SelectMany(caller => caller.Lateness).Order()];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {count} | {overheads.Length} | {At(overheads, 0.5):0.0} | {At(overheads, 0.9):0.0} | {At(overheads, 0.99):0.0} | {At(overheads, 1):0.0} | {At(lateness, 0.99):0.0} | {At([.. machine.Order()], 0.99):0.0} | {cores:0.00} |"));
    }

    private static double At(double[] sorted, double share) => sorted.Length == 0 ? double.NaN : sorted[(int)Math.Min(sorted.Length - 1, share * sorted.Length)];

    private static async Task MeasureMemoryAsync(SileroModel silero)
    {
        const int count = 1_000;
        float[] silence = new float[FrameSamples * 50];
        await using (Caller warm = new(silero, silence, 0))
            await warm.SendFrameAsync();
        long managed = GC.GetTotalMemory(forceFullCollection: true), resident = Resident();
        List<Caller> callers = [];
        for (int i = 0; i < count; i++)
        {
            callers.Add(new Caller(silero, silence, 0));
            for (int frame = 0; frame < 50; frame++)
                await callers[i].SendFrameAsync();                                    // a second of silence each: everything is in use
        }
        for (TimeSpan before = default; ProcessorTime.Own - before > TimeSpan.FromSeconds(0.05); await Task.Delay(1_000)) // until all of it is heard
            before = ProcessorTime.Own;
        long managedEach = (GC.GetTotalMemory(forceFullCollection: true) - managed) / count, residentEach = (Resident() - resident) / count;
        TimeSpan processor = ProcessorTime.Own;
        await Task.Delay(2_000);
        double idle = (ProcessorTime.Own - processor) / TimeSpan.FromSeconds(2);
        Console.WriteLine();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{count} open conversations at rest: {managedEach / 1000.0:0} kB managed and {residentEach / 1000.0:0} kB resident each, {idle:0.000} cores for all of them."));
        foreach (Caller caller in callers)
            await caller.DisposeAsync();
    }

    private static long Resident()
    {
        using Process self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }

    /// <summary>One side of a conversation: sends frames of a recording over and over and times the answers.</summary>
    private sealed class Caller : IAsyncDisposable
    {
        private readonly SileroStream detector;
        private readonly Conversation conversation;
        private readonly Task reading;
        private readonly float[] sound;
        private readonly List<long> sentAt = [];
        private int next;

        public Caller(SileroModel silero, float[] sound, int start)
        {
            this.sound = sound;
            next = start;
            detector = silero.CreateStream(16_000);
            InstantEngines engines = new();
            ConversationOptions options = new() { EndpointingDelay = EndpointingDelay };
            ConversationSettings settings = ConversationSettings.From(options) with { Playback = PlaybackKind.Paced };
            conversation = Conversation.Start(new ConversationEngines(detector, engines, engines, engines), options, settings);
            reading = ReadAsync();
        }

        /// <summary>Of each turn, in ms.</summary>
        public List<double> Overheads { get; } = [];

        /// <summary>Of each frame of an answer behind the pace of its first, in ms.</summary>
        public List<double> Lateness { get; } = [];

        public async Task SendFrameAsync()
        {
            int frames = sound.Length / FrameSamples, at = next++ % frames;
            lock (sentAt)
                sentAt.Add(Stopwatch.GetTimestamp());
            await conversation.AppendAsync(new AudioFrame(sound.AsMemory(at * FrameSamples, FrameSamples), SampleRate));
        }

        public async ValueTask DisposeAsync()
        {
            await conversation.DisposeAsync();
            await reading;
            detector.Dispose();
        }

        private async Task ReadAsync()
        {
            TimeSpan? lastVoiced = null;
            long first = 0;
            int frame = 0;
            await foreach (ConversationEvent happened in conversation.ReadEventsAsync())
            {
                if (happened is SpeechStopped stopped)
                {
                    lastVoiced = stopped.AudioEnd;
                    frame = 0;
                }
                if (happened is not OutputAudio)
                    continue;
                long now = Stopwatch.GetTimestamp();
                if (lastVoiced is { } end)
                {
                    lock (sentAt)
                        Overheads.Add((Stopwatch.GetElapsedTime(sentAt[(int)Math.Min(sentAt.Count - 1, end.TotalMilliseconds / 20)], now) - EndpointingDelay).TotalMilliseconds);
                    (lastVoiced, first) = (null, now);
                }
                // The first frames leave at once, the lead of those that follow.
                if (frame >= 3)
                    Lateness.Add(Math.Max(0, (Stopwatch.GetElapsedTime(first, now) - TimeSpan.FromMilliseconds(20 * (frame - 2))).TotalMilliseconds));
                frame++;
            }
        }
    }

    /// <summary>Hears, answers and speaks in no time.</summary>
    private sealed class InstantEngines : ISpeechToTextClient, IChatClient, ITextToSpeechClient
    {
        private static readonly DataContent Second = PcmContent.FromFrame(new AudioFrame(new float[SampleRate], SampleRate));

        public Task<SpeechToTextResponse> GetTextAsync(Stream audioSpeechStream, SpeechToTextOptions? options = null, CancellationToken cancellationToken = default) =>
            Task.FromResult(new SpeechToTextResponse("What is the weather like?"));

        public IAsyncEnumerable<SpeechToTextResponseUpdate> GetStreamingTextAsync(Stream audioSpeechStream, SpeechToTextOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            yield return new ChatResponseUpdate(ChatRole.Assistant, "It is fine.");
        }

        public Task<TextToSpeechResponse> GetAudioAsync(string text, TextToSpeechOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public async IAsyncEnumerable<TextToSpeechResponseUpdate> GetStreamingAudioAsync(
            string text, TextToSpeechOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            yield return new TextToSpeechResponseUpdate([Second]);
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
