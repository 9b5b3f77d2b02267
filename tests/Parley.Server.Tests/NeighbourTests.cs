using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Parley.Engines;
using Parley.Trials.Guarding;

namespace Parley.Server.Tests;

public class NeighbourTests
{
    [Fact]
    public void What_it_usually_takes_is_learned_while_nobody_works_here()
    {
        using Scene scene = new(new() { BaselineSamples = 3 });
        Assert.Equal("learning", scene.Watch.Now().State);

        scene.Hear(100, 110, 90);

        Assert.Equal(("good", 100.0), (scene.Watch.Now().State, scene.Watch.Now().BaselineMs!.Value));
    }

    [Fact]
    public async Task What_it_takes_while_an_engine_works_teaches_nothing()
    {
        using Scene scene = new(new() { BaselineSamples = 3 });
        using (await scene.Queue.EnterAsync("anna", WorkPriority.Buffered, TestContext.Current.CancellationToken))
            scene.Hear(900, 900, 900, 900);
        scene.Hear(900); // the work may have gone on while this was asked
        Assert.Equal(("learning", 0), (scene.Watch.Now().State, scene.Watch.Now().Learned));

        scene.Hear(100, 100, 100);

        Assert.Equal(100, scene.Watch.Now().BaselineMs);
    }

    [Fact]
    public void A_slow_neighbour_halves_the_jobs_at_once_and_a_recovered_one_doubles_them()
    {
        using Scene scene = new(new() { Baseline = TimeSpan.FromMilliseconds(100) });
        Assert.Equal(8, scene.Queue.Allowed);

        scene.Hear(210, 210, 210, 210, 210);
        Assert.Equal((4, "slow", 0.5), (scene.Queue.Allowed, scene.Watch.Now().State, scene.Watch.Now().Concurrency));
        scene.Hear(210, 210, 210, 210);
        Assert.Equal(4, scene.Queue.Allowed); // it looks anew: four answers are no judgement
        scene.Hear(210);
        Assert.Equal(2, scene.Queue.Allowed);

        scene.Hear(150, 150, 150, 150, 150, 150, 150, 150);
        Assert.Equal((2, "recovering"), (scene.Queue.Allowed, scene.Watch.Now().State)); // between recovery and limit nothing moves
        scene.Hear(110, 110, 110, 110);
        Assert.Equal((4, "good"), (scene.Queue.Allowed, scene.Watch.Now().State));
        scene.Hear(110, 110, 110, 110, 110, 110, 110);
        Assert.Equal((8, 1.0), (scene.Queue.Allowed, scene.Watch.Now().Concurrency));
    }

    [Fact]
    public void At_the_lowest_every_engine_keeps_one_place()
    {
        using Scene scene = new(new() { Baseline = TimeSpan.FromMilliseconds(100) });
        for (int i = 0; i < 100; i++)
            scene.Hear(double.PositiveInfinity);

        Assert.Equal((1, "dead", 0.125), (scene.Queue.Allowed, scene.Watch.Now().State, scene.Watch.Now().Concurrency));
        Assert.Null(scene.Watch.Now().LatencyMs);
    }

    [Fact]
    public void Engines_on_other_machines_do_not_give_way()
    {
        Admission admission = new(new QueueOptions { Slots = 8 });
        EngineQueue remote = admission.QueueOf(Engine("far") with { IsRemote = true });
        admission.Restrain(0.25);

        Assert.Equal(8, remote.Allowed);
        Assert.Equal(2, admission.QueueOf(Engine("late")).Allowed); // also one that was never used before
    }

    [Fact]
    public async Task Jobs_at_work_go_on_and_those_in_line_wait_for_the_fewer_places()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        Admission admission = new(new QueueOptions { Slots = 2 });
        EngineQueue queue = admission.QueueOf(Engine("near"));
        EngineTurn first = await queue.EnterAsync("a", WorkPriority.Buffered, cancel), second = await queue.EnterAsync("b", WorkPriority.Buffered, cancel);

        admission.Restrain(0.5);
        Task<EngineTurn> third = queue.EnterAsync("c", WorkPriority.Buffered, cancel);
        Assert.Equal(2, queue.Running);
        first.Dispose();
        Assert.False(third.IsCompleted);
        admission.Restrain(1);
        using EngineTurn admitted = await third;
        second.Dispose();

        Assert.Equal(1, queue.Running);
    }

    [Fact]
    public async Task It_is_asked_by_the_clock_of_the_server()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        CountingTime time = new();
        Channel<TaskCompletionSource<NeighbourAnswer>> questions = Channel.CreateUnbounded<TaskCompletionSource<NeighbourAnswer>>();
        Probe probe = new(asking =>
        {
            TaskCompletionSource<NeighbourAnswer> question = new(TaskCreationOptions.RunContinuationsAsynchronously);
            questions.Writer.TryWrite(question);
            return question.Task.WaitAsync(asking);
        });
        using Scene scene = new(new() { BaselineSamples = 3, Interval = TimeSpan.FromSeconds(5) }, probe, time);
        await scene.Watch.StartAsync(cancel);
        foreach ((int i, int latencyMs) in ((int[])[100, 120, 90, 1500, 1500]).Index())
        {
            Assert.Equal(8, scene.Queue.Allowed);
            TaskCompletionSource<NeighbourAnswer> question = await questions.Reader.ReadAsync(cancel);
            await TestServer.UntilAsync(() => time.Timers == 2 * (i + 1)); // the patience for this question, and the wait for the next
            time.Advance(TimeSpan.FromMilliseconds(latencyMs));
            question.SetResult(default);
            await TestServer.UntilAsync(() => scene.Watch.Now().Heard == i + 1);
            Assert.Equal(latencyMs, scene.Watch.Now().LatencyMs);
            time.Advance(TimeSpan.FromMilliseconds(5000 - latencyMs));
        }
        await scene.Watch.StopAsync(cancel);

        Assert.Equal((4, "slow", 100.0), (scene.Queue.Allowed, scene.Watch.Now().State, scene.Watch.Now().BaselineMs)); // two answers in a row, fifteen times slower
    }

    [Fact]
    public async Task A_real_neighbour_that_suffers_from_the_work_here_is_spared_and_seen_on_health_and_metrics()
    {
        int running = 0;
        await using WebApplication neighbour = await ServeAsync(async cancel => await Task.Delay(Volatile.Read(ref running) > 2 ? 500 : 20, cancel));
        ToneSpeaker speaker = new()
        {
            BeforeWord = async (_, cancel) =>
            {
                Interlocked.Increment(ref running);
                try
                {
                    await Task.Delay(20, cancel);
                }
                finally
                {
                    Interlocked.Decrement(ref running);
                }
            },
        };
        ServerOptions options = new()
        {
            Queue = { Slots = 8 },
            Neighbour = new() { Get = new Uri(new Uri(neighbour.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()), "/health"), Interval = TimeSpan.FromMilliseconds(100), Baseline = TimeSpan.FromMilliseconds(100) },
        };
        await using TestServer server = await TestServer.StartAsync(options, TestServer.Speaker(speaker));
        using CancellationTokenSource enough = new();
        string words = string.Join(' ', Enumerable.Repeat("word", 60));
        Task[] callers = [.. Enumerable.Range(0, 8).Select(async _ =>
        {
            while (!enough.IsCancellationRequested)
                (await server.PostAsync("/v1/audio/speech", $$"""{"input":"{{words}}","response_format":"pcm"}""")).Dispose();
        })];

        Admission admission = server.Service<Admission>();
        await TestServer.UntilAsync(() => admission.Share <= 0.25); // 8 to 4 to 2: from there on it does not suffer
        JsonElement health = JsonDocument.Parse(await server.Http.GetStringAsync("/health")).RootElement.GetProperty("neighbour");
        Assert.Equal((2.0, 100.0), (health.GetProperty("limit").GetDouble(), health.GetProperty("baseline_ms").GetDouble()));
        await enough.CancelAsync();
        await Task.WhenAll(callers);
        await TestServer.UntilAsync(() => admission.Share == 1);
        string metrics = await server.Http.GetStringAsync("/metrics");
        Assert.Contains("parley_concurrency{", metrics, StringComparison.Ordinal);
        Assert.Contains("parley_neighbour_latency_seconds", metrics, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("neighbour: nothing says how")]
    [InlineData("neighbour.get and neighbour.command", "http://127.0.0.1/", "true")]
    [InlineData("neighbour.get: found 'ftp://x/'", "ftp://x/")]
    public void Settings_that_cannot_be_meant_are_named(string said, string? get = null, string? command = null)
    {
        NeighbourOptions neighbour = new() { Get = get is null ? null : new Uri(get), Command = command is null ? [] : [command] };
        Assert.Contains(said, Refusal(neighbour), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_bad_value_is_named_at_once()
    {
        string refusal = Refusal(new() { Chat = new() { Prompt = "" }, Limit = 1.3, Recovery = 1.5, Interval = TimeSpan.Zero });
        Assert.All((string[])["neighbour.chat.url", "neighbour.chat.model", "neighbour.chat.prompt", "neighbour.recovery (1.5)", "Interval"], name => Assert.Contains(name, refusal, StringComparison.Ordinal));
    }

    private static string Refusal(NeighbourOptions neighbour) => Assert.Throws<ServerStartException>(
        () => ParleyServer.Build(new ServerOptions { Neighbour = neighbour }, new EngineCatalogue([TestServer.Speaker(new ToneSpeaker())]))).Message;

    private static EngineDescription Engine(string name) => new() { Name = name, Task = EngineTask.Speech, Description = "", Model = name };

    private static async Task<WebApplication> ServeAsync(Func<CancellationToken, Task> work)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        app.MapGet("/health", async (HttpContext context) =>
        {
            await work(context.RequestAborted);
            return Results.Ok();
        });
        await app.StartAsync();
        return app;
    }

    /// <summary>Time that stands still until it is told to pass, and knows how often somebody began to wait for it.</summary>
    private sealed class CountingTime : FakeTimeProvider
    {
        private int timers;

        public int Timers => Volatile.Read(ref timers);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            ITimer timer = base.CreateTimer(callback, state, dueTime, period);
            Interlocked.Increment(ref timers);
            return timer;
        }
    }

    /// <summary>The watch over one engine with eight places.</summary>
    private sealed class Scene : IDisposable
    {
        private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        private readonly FakeTimeProvider time;

        public Scene(NeighbourOptions options, INeighbourProbe? probe = null, FakeTimeProvider? time = null)
        {
            this.time = time ?? new FakeTimeProvider();
            EngineCatalogue catalogue = new([new EngineRegistration(Engine("near"), _ => Task.FromResult<IDisposable>(new ToneSpeaker()))]);
            Admission admission = new(new QueueOptions { Slots = 8 }, this.time);
            Warmup warmup = new(catalogue, admission, new ServerOptions(), NullLogger<Warmup>.Instance);
            Watch = new NeighbourWatch(options, probe ?? new Probe(_ => Task.FromResult<NeighbourAnswer>(default)), catalogue, admission, warmup, services.GetRequiredService<IMeterFactory>(), this.time, NullLogger<NeighbourWatch>.Instance);
            Queue = admission.QueueOf(Engine("near"));
        }

        public NeighbourWatch Watch { get; }

        public EngineQueue Queue { get; }

        public void Hear(params double[] latencies)
        {
            foreach (double latency in latencies)
                Watch.Hear(new NeighbourSample(NeighbourSample.Live, 0, 0, latency, null, null, null, time.GetUtcNow()));
        }

        public void Dispose()
        {
            Watch.Dispose();
            services.Dispose();
        }
    }

    private sealed class Probe(Func<CancellationToken, Task<NeighbourAnswer>> ask) : INeighbourProbe
    {
        public string PromptSha256 => "";

        public string Model => "scripted";

        public Task<NeighbourAnswer> AskAsync(CancellationToken cancel) => ask(cancel);

        public void Dispose()
        {
        }
    }
}
