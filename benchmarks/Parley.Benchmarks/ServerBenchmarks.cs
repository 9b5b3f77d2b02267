using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using HdrHistogram;
using Parley.Graphs;

namespace Parley.Benchmarks;

/// <summary>
/// <c>/v1/audio/speech</c> over real HTTP, the server in a process of its own. Latencies of the load are counted from the moment a
/// request was meant to start, so that a server that stalls the sender does not hide its own delay (coordinated omission).
/// </summary>
internal static class ServerBenchmarks
{
    private const string TenWords = "The morning boat leaves the harbour at nine every day.";
    private const int Callers = 200;
    private const int FirstByteBarMs = 60;
    private const double FactorBar = 0.02;
    private const long LongestMicroseconds = 600_000_000;

    private static readonly HttpClient Http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 2 * Callers }) { Timeout = TimeSpan.FromMinutes(5) };

    public static void Run() => RunAsync().GetAwaiter().GetResult();

    private static async Task RunAsync()
    {
        Console.WriteLine();
        Console.WriteLine("## Speech over HTTP: one caller, ten words");
        Console.WriteLine();
        Console.WriteLine("| what | p50 ms | p95 ms | p99 ms | processor ms | RTF on one core |");
        Console.WriteLine("| --- | --: | --: | --: | --: | --: |");
        StartOf("a bare process (`true`)", "true");
        StartOf("espeak-ng by itself, to its last byte", "espeak-ng", "--stdout", TenWords);
        using (ServedProcess server = ServedProcess.Start(core: null))
        {
            await OneCallerAsync(server, "hibari", $"hibari, to the first byte (bar: p50 {FirstByteBarMs} ms)", rounds: 300);
            await OneCallerAsync(server, "espeak", "espeak, to the first byte", rounds: 100);
        }
        using (ServedProcess server = ServedProcess.Start(core: 0))
            await OneCallerAsync(server, "hibari", $"hibari on one core (bar: RTF {FactorBar})", rounds: 300);

        Console.WriteLine();
        Console.WriteLine($"## Speech over HTTP: {Callers} callers, open loop");
        Console.WriteLine();
        Console.WriteLine("| load | answered | 429 | other | first byte p50 ms | p99 ms | last byte p50 ms | p99 ms | memory before, peak MB |");
        Console.WriteLine("| --- | --: | --: | --: | --: | --: | --: | --: | --- |");
        using (ServedProcess server = ServedProcess.Start(core: null))
        {
            double perSecond = await CapacityAsync(server);
            await LoadAsync(server, $"{Callers} at once", Enumerable.Repeat(TimeSpan.Zero, Callers));
            await LoadAsync(server, "10 times at once", Enumerable.Range(0, 10 * Callers).Select(i => TimeSpan.FromSeconds(5 * (i / Callers))));
            foreach (double share in new[] { 0.5, 0.8, 1.5 })
            {
                int count = (int)(20 * share * perSecond);
                await LoadAsync(server, string.Create(CultureInfo.InvariantCulture, $"{share * 100:0} % of {perSecond:0} a second, for 20 s"),
                    Enumerable.Range(0, count).Select(i => TimeSpan.FromSeconds(i / (share * perSecond))));
            }
        }
        using (ServedProcess server = ServedProcess.Start(core: null, $"queue.waiting={Callers}"))
        {
            await CapacityAsync(server);
            await LoadAsync(server, $"{Callers} at once, a queue for all", Enumerable.Repeat(TimeSpan.Zero, Callers));
        }
        await StopAsync();
    }

    private static async Task OneCallerAsync(ServedProcess server, string model, string name, int rounds)
    {
        LongHistogram first = new(LongestMicroseconds, 3);
        for (int i = 0; i < 20; i++)
            await SpeakAsync(server, model, Stopwatch.GetTimestamp());
        double before = server.ProcessorSeconds, sound = 0;
        for (int i = 0; i < rounds; i++)
        {
            Answer answer = await SpeakAsync(server, model, Stopwatch.GetTimestamp());
            first.RecordValue((long)answer.FirstByte.TotalMicroseconds);
            sound += answer.SoundSeconds;
        }
        double spent = server.ProcessorSeconds - before;
        Row(name, first, string.Create(CultureInfo.InvariantCulture, $"{1000 * spent / rounds:0.0}"),
            model == "espeak" ? "" : string.Create(CultureInfo.InvariantCulture, $"{spent / sound:0.0000}")); // espeak's work is done by its child
    }

    private static void StartOf(string name, string program, params string[] arguments)
    {
        LongHistogram clock = new(LongestMicroseconds, 3);
        const int rounds = 50;
        TimeSpan before = ProcessorTime.Children;
        for (int i = 0; i < rounds; i++)
        {
            long start = Stopwatch.GetTimestamp();
            using Process child = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
            child.StandardOutput.BaseStream.CopyTo(Stream.Null);
            child.WaitForExit();
            clock.RecordValue((long)Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }
        Row(name, clock, string.Create(CultureInfo.InvariantCulture, $"{(ProcessorTime.Children - before).TotalMilliseconds / rounds:0.0}"), "");
    }

    /// <summary>Requests a second that two callers without a pause get answered.</summary>
    private static async Task<double> CapacityAsync(ServedProcess server)
    {
        await WorkAsync(TimeSpan.FromSeconds(3)); // warm
        return await WorkAsync(TimeSpan.FromSeconds(5)) / 5;

        async Task<double> WorkAsync(TimeSpan time)
        {
            long start = Stopwatch.GetTimestamp();
            int done = 0;
            await Task.WhenAll(Enumerable.Range(0, Environment.ProcessorCount).Select(async _ =>
            {
                while (Stopwatch.GetElapsedTime(start) < time)
                {
                    await SpeakAsync(server, "hibari", Stopwatch.GetTimestamp());
                    Interlocked.Increment(ref done);
                }
            }));
            return done;
        }
    }

    private static async Task LoadAsync(ServedProcess server, string name, IEnumerable<TimeSpan> starts)
    {
        double before = server.Megabytes.Now;
        long zero = Stopwatch.GetTimestamp();
        List<Task<Answer>> requests = [];
        foreach (TimeSpan start in starts)
        {
            TimeSpan wait = start - Stopwatch.GetElapsedTime(zero);
            if (wait > TimeSpan.FromMilliseconds(1))
                await Task.Delay(wait);
            requests.Add(SpeakAsync(server, "hibari", zero + (long)(start.TotalSeconds * Stopwatch.Frequency)));
        }
        Answer[] answers = await Task.WhenAll(requests);
        LongHistogram first = new(LongestMicroseconds, 3), last = new(LongestMicroseconds, 3);
        foreach (Answer answer in answers.Where(answer => answer.Status == HttpStatusCode.OK))
        {
            first.RecordValue((long)answer.FirstByte.TotalMicroseconds);
            last.RecordValue((long)answer.LastByte.TotalMicroseconds);
        }
        int refused = answers.Count(answer => answer.Status == HttpStatusCode.TooManyRequests), other = answers.Length - refused - (int)first.TotalCount;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {name} | {first.TotalCount} | {refused} | {other} | {Ms(first, 50):0} | {Ms(first, 99):0} | {Ms(last, 50):0} | {Ms(last, 99):0} | {before:0}, {server.Megabytes.Peak:0} |"));
    }

    /// <summary>SIGTERM while everything works: time to the end of the process. Whisper's encoder cannot be interrupted; the process does not wait for it.</summary>
    private static async Task StopAsync()
    {
        Console.WriteLine();
        Console.WriteLine("## SIGTERM (bar: 2 s, exit code 0)");
        Console.WriteLine();
        Console.WriteLine("| meanwhile | s | exit code |");
        Console.WriteLine("| --- | --: | --: |");
        foreach (bool isBusy in new[] { false, true })
        {
            using ServedProcess server = ServedProcess.Start(core: null);
            List<Task> requests = [];
            if (isBusy)
            {
                byte[] recording = await RecordingAsync(server);
                requests.AddRange(Enumerable.Range(0, 4).Select(_ => IgnoreAsync(SpeakAsync(server, "hibari", 0, string.Concat(Enumerable.Repeat(TenWords + " ", 100))))));
                requests.AddRange(Enumerable.Range(0, 2).Select(_ => IgnoreAsync(Http.PostAsync(new Uri(server.Address, "/v1/audio/transcriptions"), new ByteArrayContent(recording) { Headers = { ContentType = new("audio/wav") } }))));
                await Task.Delay(TimeSpan.FromMilliseconds(500));
            }
            (double seconds, int code) = server.Stop();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {(isBusy ? "four texts being spoken, two recordings being heard" : "nothing")} | {seconds:0.00} | {code} |"));
            await Task.WhenAll(requests);
        }
    }

    private static async Task IgnoreAsync(Task request)
    {
        try
        {
            await request;
        }
        catch (Exception cut) when (cut is HttpRequestException or IOException)
        {
            // Its server was stopped.
        }
    }

    private static async Task<byte[]> RecordingAsync(ServedProcess server)
    {
        using HttpResponseMessage response = await PostAsync(server, """{"input":"The morning boat leaves the harbour at nine every day, and nobody has ever missed it.","response_format":"wav"}""");
        return await response.Content.ReadAsByteArrayAsync();
    }

    private static async Task<Answer> SpeakAsync(ServedProcess server, string model, long intendedStart, string text = TenWords)
    {
        using HttpResponseMessage response = await PostAsync(server, JsonSerializer.Serialize(new Dictionary<string, string> { ["model"] = model, ["input"] = text, ["response_format"] = "pcm" }));
        if (response.StatusCode != HttpStatusCode.OK)
            return new Answer(response.StatusCode, default, default, 0);
        await using Stream body = await response.Content.ReadAsStreamAsync();
        byte[] portion = new byte[16 * 1024];
        long bytes = await body.ReadAsync(portion);
        TimeSpan first = Stopwatch.GetElapsedTime(intendedStart);
        while (await body.ReadAsync(portion) is > 0 and int read)
            bytes += read;
        return new Answer(HttpStatusCode.OK, first, Stopwatch.GetElapsedTime(intendedStart), bytes / 48_000.0);
    }

    private static Task<HttpResponseMessage> PostAsync(ServedProcess server, string json) => Http.SendAsync(
        new HttpRequestMessage(HttpMethod.Post, new Uri(server.Address, "/v1/audio/speech")) { Content = new StringContent(json, Encoding.UTF8, new MediaTypeHeaderValue("application/json")) },
        HttpCompletionOption.ResponseHeadersRead);

    private static void Row(string name, LongHistogram clock, string processor, string factor) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"| {name} | {Ms(clock, 50):0.0} | {Ms(clock, 95):0.0} | {Ms(clock, 99):0.0} | {processor} | {factor} |"));

    private static double Ms(LongHistogram histogram, double percentile) => histogram.TotalCount == 0 ? double.NaN : histogram.GetValueAtPercentile(percentile) / 1000.0;

    /// <summary>What came of a request: times from its intended start, and the length of its sound at 24 kHz.</summary>
    private readonly record struct Answer(HttpStatusCode Status, TimeSpan FirstByte, TimeSpan LastByte, double SoundSeconds);
}
