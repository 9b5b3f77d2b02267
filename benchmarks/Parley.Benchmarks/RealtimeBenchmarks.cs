using System.Diagnostics;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Parley.Agent;
using Parley.Engines;
using Parley.Engines.Whisper;
using Parley.Server;

namespace Parley.Benchmarks;

/// <summary>
/// What open conversations cost: a thousand sessions over real sockets, idle, with real voice activity detectors. The clients are in
/// the same process, so the figure is an upper bound: it holds both ends.
/// </summary>
internal static class RealtimeBenchmarks
{
    private const int Sessions = 1_000, Warm = 20;

    public static void Run() => RunAsync().GetAwaiter().GetResult();

    private static async Task RunAsync()
    {
        StarterModels models = StarterModels.Locate();
        await using EngineCatalogue engines = new([StarterEngines.Hibari(models), WhisperEngine.Starter(models, Path.Combine(Path.GetTempPath(), "parley-compiled")), EchoChatClient.Registration, SmartTurnDetector.Register(models)]);
        ServerOptions options = new() { Http = { Port = 0, Https = null } };
        options.Realtime.MaxSessions = Sessions + Warm;
        await using WebApplication app = ParleyServer.Build(options, engines, conversations: new ConversationSetup(new ConversationOptions()));
        await ParleyServer.StartAsync(app);
        Uri address = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        using HttpClient http = new() { BaseAddress = address };
        while (!(await http.GetAsync(new Uri("/health/ready", UriKind.Relative))).IsSuccessStatusCode)
            await Task.Delay(TimeSpan.FromMilliseconds(200));
        List<ClientWebSocket> clients = [];
        for (int i = 0; i < Warm; i++)
            clients.Add(await OpenAsync(address));

        long managed = GC.GetTotalMemory(forceFullCollection: true), resident = Resident();
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < Sessions; i++)
            clients.Add(await OpenAsync(address));
        TimeSpan opening = Stopwatch.GetElapsedTime(start);
        await Task.Delay(TimeSpan.FromSeconds(2)); // what they needed to begin is given back
        long managedAfter = GC.GetTotalMemory(forceFullCollection: true), residentAfter = Resident();
        TimeSpan busy = await BusyAsync(TimeSpan.FromSeconds(10));

        // They are alive: the last one speaks with its session.
        await SendAsync(clients[^1], """{"type":"session.update","session":{"instructions":"Still there?"}}""");
        string answer = await ReceiveAsync(clients[^1]);
        Console.WriteLine();
        Console.WriteLine("## 1,000 open idle conversations over WebSocket, clients and server in one process");
        Console.WriteLine();
        Console.WriteLine("| what | |");
        Console.WriteLine("| --- | --: |");
        Row("opened", $"{Sessions / opening.TotalSeconds:0} a second");
        Row("managed memory, each", $"{(managedAfter - managed) / 1000.0 / Sessions:0.0} kB");
        Row("resident memory, each", $"{(residentAfter - resident) / 1000.0 / Sessions:0.0} kB");
        Row("processor time of all of them in 10 s", $"{busy.TotalMilliseconds:0} ms");
        Row("the last one answers", answer.Contains("session.updated", StringComparison.Ordinal) ? "yes" : "no");
        foreach (ClientWebSocket client in clients)
        {
            client.Abort();
            client.Dispose();
        }
        await app.StopAsync();
    }

    private static void Row(string name, FormattableString value) => Console.WriteLine($"| {name} | {value.ToString(CultureInfo.InvariantCulture)} |");

    private static void Row(string name, string value) => Console.WriteLine($"| {name} | {value} |");

    private static async Task<ClientWebSocket> OpenAsync(Uri address)
    {
        ClientWebSocket client = new();
        await client.ConnectAsync(new UriBuilder(new Uri(address, "/v1/realtime")) { Scheme = "ws" }.Uri, CancellationToken.None);
        string created = await ReceiveAsync(client);
        return created.Contains("session.created", StringComparison.Ordinal) ? client : throw new InvalidOperationException($"The session begins with {created}");
    }

    private static Task SendAsync(ClientWebSocket client, string json) => client.SendAsync(Encoding.UTF8.GetBytes(json), WebSocketMessageType.Text, true, CancellationToken.None);

    private static async Task<string> ReceiveAsync(ClientWebSocket client)
    {
        byte[] buffer = new byte[16 * 1024];
        WebSocketReceiveResult result = await client.ReceiveAsync(buffer, CancellationToken.None);
        return Encoding.UTF8.GetString(buffer, 0, result.Count);
    }

    private static async Task<TimeSpan> BusyAsync(TimeSpan length)
    {
        using Process self = Process.GetCurrentProcess();
        TimeSpan before = self.TotalProcessorTime;
        await Task.Delay(length);
        self.Refresh();
        return self.TotalProcessorTime - before;
    }

    private static long Resident()
    {
        using Process self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }
}
