using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Parley.Engines;

namespace Parley.Server;

/// <summary>Everything that the server measures: the instruments of <c>/metrics</c>, and the latencies from which health is judged. No text, voice or key ever becomes a label.</summary>
internal sealed class ServerMeasures : IDisposable
{
    public const string MeterName = "Parley";

    private readonly Meter meter;
    private readonly HealthMonitor health;
    private readonly Histogram<double> firstAudio, speechFactor, hearingFactor, queueWait, duration, firstToken;
    private readonly Counter<double> spoken, heard;
    private readonly Counter<long> tokens, rejected, errors, disconnects, flagged;

    public ServerMeasures(IMeterFactory meters, Admission admission, Drain drain, EngineCatalogue catalogue, HealthMonitor health)
    {
        this.health = health;
        meter = meters.Create(MeterName);
        double[] factors = [.02, .05, .1, .15, .2, .3, .4, .5, .6, .7, .8, .9, 1, 1.5, 2, 5];
        firstAudio = Histogram("parley.tts.time_to_first_audio", "s", "From request to first sound.", .02, .04, .08, .12, .16, .2, .25, .3, .4, .5, .75, 1, 2, 5);
        speechFactor = Histogram("parley.tts.real_time_factor", "1", "Time to speak over length of the speech; below 1 is faster than real time.", factors);
        hearingFactor = Histogram("parley.stt.real_time_factor", "1", "Time to transcribe over length of the recording.", factors);
        queueWait = Histogram("parley.queue.wait", "s", "Time that jobs stood in line.", .001, .005, .01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30);
        duration = Histogram("gen_ai.server.request.duration", "s", "Time of one piece of work.", .01, .02, .04, .08, .16, .32, .64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92);
        firstToken = Histogram("gen_ai.server.time_to_first_token", "s", "From request to first token.", .001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10);
        spoken = meter.CreateCounter<double>("parley.tts.audio", "s", "Length of sound made.");
        heard = meter.CreateCounter<double>("parley.stt.audio", "s", "Length of sound transcribed.");
        tokens = meter.CreateCounter<long>("gen_ai.client.token.usage", "{token}", "Tokens in and out.");
        rejected = meter.CreateCounter<long>("parley.requests.rejected", "{request}", "Requests refused for want of room.");
        errors = meter.CreateCounter<long>("parley.engine.errors", "{error}", "Jobs at which an engine failed.");
        flagged = meter.CreateCounter<long>("parley.guard.flagged", "{verdict}", "Messages that a guard held for unsafe, by category.");
        disconnects = meter.CreateCounter<long>("parley.client.disconnects", "{client}", "Clients that left before their answer was complete.");
        meter.CreateObservableUpDownCounter("parley.queue.depth",
            () => admission.Queues.Select(queue => new Measurement<int>(queue.Waiting, Label("engine", queue.Engine))), "{job}", "Jobs that stand in line now.");
        meter.CreateObservableUpDownCounter("parley.engine.running",
            () => admission.Queues.Select(queue => new Measurement<int>(queue.Running, Label("engine", queue.Engine))), "{job}", "Jobs at work now.");
        meter.CreateObservableGauge("parley.concurrency", () => admission.Share, "1", "Share of their jobs that the engines of this machine work on at once; below 1 while a neighbour is spared.");
        meter.CreateObservableGauge("parley.engine.state",
            () => catalogue.Engines.Select(engine => new Measurement<int>((int)catalogue.StateOf(engine.Name).State, Label("engine", engine.Name), Label("role", Role(engine)))),
            null, "0 idle, 1 loading, 2 ready, 3 failed.");
        meter.CreateObservableUpDownCounter("parley.engine.memory",
            () => catalogue.MemoryInUse().Select(engine => new Measurement<long>(engine.Memory.Bytes, Label("engine", engine.Name))), "By", "Weights and caches of open engines that tell.");
        meter.CreateObservableUpDownCounter("parley.requests.in_flight", () => drain.InFlight, "{request}", "Requests that make engines work now.");
        meter.CreateObservableGauge("parley.build_info", () => new Measurement<int>(1, Label("version", HealthMonitor.Version),
            Label("runtime", System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription)), null, "Always 1.");
    }

    public void Waited(EngineDescription engine, TimeSpan wait) => queueWait.Record(wait.TotalSeconds, Label("engine", engine.Name));

    public void Rejected(string engine, string reason) => rejected.Add(1, Label("engine", engine), Label("reason", reason));

    public void ClientGone() => disconnects.Add(1);

    /// <summary>The first sound of a speech is there.</summary>
    /// <param name="engine">Who spoke.</param>
    /// <param name="latency">From the request's arrival.</param>
    /// <param name="waited">The part of it in the queue.</param>
    public void SpeechBegan(EngineDescription engine, TimeSpan latency, TimeSpan waited)
    {
        firstAudio.Record(latency.TotalSeconds, Label("model", engine.Name));
        // The queue is not the engine's fault: its own time is judged.
        health.Succeeded(engine, (latency - waited).TotalMilliseconds, IsUnloaded(waited));
    }

    public void SpeechEnded(EngineDescription engine, TimeSpan elapsed, TimeSpan audio)
    {
        spoken.Add(audio.TotalSeconds, Label("model", engine.Name));
        if (audio > TimeSpan.Zero)
            speechFactor.Record(elapsed / audio, Label("model", engine.Name));
        Ended(engine, "text_to_speech", elapsed);
    }

    public void Transcribed(EngineDescription engine, TimeSpan elapsed, TimeSpan audio, TimeSpan waited)
    {
        heard.Add(audio.TotalSeconds, Label("model", engine.Name));
        Ended(engine, "speech_to_text", elapsed);
        if (audio <= TimeSpan.Zero)
            return;
        hearingFactor.Record(elapsed / audio, Label("model", engine.Name));
        health.Succeeded(engine, elapsed / audio, IsUnloaded(waited));
    }

    public void ChatEnded(EngineDescription engine, TimeSpan elapsed, TimeSpan? first, UsageDetails used)
    {
        Ended(engine, "chat", elapsed);
        tokens.Add(used.InputTokenCount ?? 0, Label("gen_ai.request.model", engine.Name), Label("gen_ai.token.type", "input"));
        tokens.Add(used.OutputTokenCount ?? 0, Label("gen_ai.request.model", engine.Name), Label("gen_ai.token.type", "output"));
        if (first is { } latency)
            firstToken.Record(latency.TotalSeconds, Label("gen_ai.operation.name", "chat"), Label("gen_ai.request.model", engine.Name));
        health.Succeeded(engine, (first ?? elapsed).TotalMilliseconds, isUnloaded: true);
    }

    /// <summary>A guard has judged.</summary>
    public void Judged(EngineDescription engine, TimeSpan elapsed, GuardVerdict verdict)
    {
        Ended(engine, "moderation", elapsed);
        if (verdict.Outcome == GuardOutcome.Error)
            health.Failed(engine);
        else
            health.Succeeded(engine, elapsed.TotalMilliseconds, isUnloaded: true);
        foreach (GuardCategory category in verdict.Categories)
            flagged.Add(1, Label("category", category.Id), Label("engine", engine.Name));
    }

    /// <summary>A job did not end well. Only what is the engine's own fault counts against it.</summary>
    public void Failed(EngineDescription engine, Exception thrown)
    {
        if (thrown is OperationCanceledException or QueueFullException or QueueTimeoutException or BadHttpRequestException or ApiException { Status: < 500 })
            return;
        errors.Add(1, Label("engine", engine.Name), Label("error.type", thrown.GetType().Name));
        health.Failed(engine);
    }

    public void Dispose() => meter.Dispose();

    private void Ended(EngineDescription engine, string operation, TimeSpan elapsed) =>
        duration.Record(elapsed.TotalSeconds, Label("gen_ai.operation.name", operation), Label("gen_ai.request.model", engine.Name));

    private static bool IsUnloaded(TimeSpan waited) => waited < TimeSpan.FromMilliseconds(5);

    private static string Role(EngineDescription engine) => engine.Task.ToString().ToLowerInvariant();

    private Histogram<double> Histogram(string name, string unit, string description, params double[] bounds) =>
        meter.CreateHistogram(name, unit, description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });

    private static KeyValuePair<string, object?> Label(string name, string value) => new(name, value);
}
