using System.Diagnostics;
using System.Net.Http.Headers;
using System.Runtime.Versioning;
using System.Text.RegularExpressions;

namespace Parley.Cli.Tests;

/// <summary>The program as a process of its own, told to stop by the system while it does one thing or another: it ends well, and says nothing but that it stops.</summary>
[UnsupportedOSPlatform("windows")]
public sealed partial class ServerProcessTests : IDisposable
{
    private readonly DirectoryInfo home = Directory.CreateTempSubdirectory("parley-process-");

    public void Dispose() => home.Delete(recursive: true);

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task Stopping_while_models_are_loaded_ends_well(string signal)
    {
        await using RunningServer server = await RunningServer.StartAsync(home.FullName);
        await server.AssertEndsWellAsync(signal);
    }

    [Fact]
    public async Task Stopping_under_load_ends_well()
    {
        await using RunningServer server = await RunningServer.StartAsync(home.FullName);
        await server.WaitUntilServingAsync();
        using HttpClient http = new() { BaseAddress = server.Address };
        byte[] recording = File.ReadAllBytes(TestData.Golden("audio/third-party/jfk.wav"));
        string text = string.Concat(Enumerable.Repeat("The morning boat crosses the wide harbour every single day. ", 100));
        List<Task> callers = [];
        foreach (string model in (string[])["hibari", "espeak"])
            callers.Add(EndsAsync(http, "/v1/audio/speech", new StringContent($$"""{"model":"{{model}}","input":"{{text}}","response_format":"mp3"}""", new MediaTypeHeaderValue("application/json"))));
        callers.Add(EndsAsync(http, "/v1/audio/transcriptions", new ByteArrayContent(recording) { Headers = { ContentType = new("audio/wav") } }));
        while (!Regex.IsMatch(await http.GetStringAsync("/metrics"), "parley_requests_in_flight{[^}]*} 3\\b"))
            await Task.Yield();
        await server.AssertEndsWellAsync("TERM");
        await Task.WhenAll(callers);
    }

    [Fact]
    public async Task A_port_that_is_taken_ends_the_program_with_one_line()
    {
        using System.Net.Sockets.TcpListener other = new(System.Net.IPAddress.Loopback, 0);
        other.Start();
        await using RunningServer server = RunningServer.Start(home.FullName, ((System.Net.IPEndPoint)other.LocalEndpoint).Port);
        (int code, string output, string errors) = await server.EndAsync();
        Assert.Equal((ExitCodes.Temporary, ""), (code, output));
        Assert.Single(errors.TrimEnd().Split('\n'));
    }

    /// <summary>Sends a request and takes whatever comes of it: its server is being stopped.</summary>
    private static async Task EndsAsync(HttpClient http, string path, HttpContent content)
    {
        try
        {
            using HttpResponseMessage response = await http.PostAsync(path, content);
        }
        catch (HttpRequestException)
        {
            // Cut.
        }
    }

    private sealed partial class RunningServer : IAsyncDisposable
    {
        private readonly Process process;
        private readonly Task<string> errors;
        private readonly List<string> lines = [];

        private RunningServer(Process process)
        {
            this.process = process;
            errors = process.StandardError.ReadToEndAsync();
        }

        public Uri Address { get; private set; } = null!;

        public static RunningServer Start(string home, int port)
        {
            ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "parley.dll"), "up", "--port", $"{port}"])
            {
                RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = home,
            };
            start.Environment["PARLEY_HOME"] = home;
            start.Environment["OMP_WAIT_POLICY"] = "PASSIVE";
            return new RunningServer(Process.Start(start)!);
        }

        public static async Task<RunningServer> StartAsync(string home)
        {
            RunningServer server = Start(home, port: 0);
            server.Address = new Uri(HttpAddress().Match(await server.LineAsync("Parley listens on ")).Value);
            return server;
        }

        public async Task WaitUntilServingAsync() => await LineAsync("Ctrl-C stops it.");

        public async Task AssertEndsWellAsync(string signal)
        {
            using Process kill = Process.Start("kill", ["-" + signal, $"{process.Id}"]);
            (int code, string output, string said) = await EndAsync().WaitAsync(TimeSpan.FromMinutes(2)); // a shell's job in the background ignores INT
            Assert.Equal(0, code);
            Assert.DoesNotContain(said.Split('\n'), line => line.Length > 0 && !line.StartsWith("Compil", StringComparison.Ordinal)); // what a first start compiles
            Assert.EndsWith("Stopping.\n", output, StringComparison.Ordinal);
        }

        public async Task<(int Code, string Output, string Errors)> EndAsync()
        {
            string rest = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            return (process.ExitCode, string.Concat(lines.Select(line => line + "\n")) + rest, await errors);
        }

        public ValueTask DisposeAsync()
        {
            if (!process.HasExited)
                process.Kill();
            process.Dispose();
            return ValueTask.CompletedTask;
        }

        private async Task<string> LineAsync(string beginning)
        {
            while (await process.StandardOutput.ReadLineAsync() is { } line)
            {
                lines.Add(line);
                if (line.StartsWith(beginning, StringComparison.Ordinal))
                    return line;
            }
            throw new InvalidOperationException($"The program ended before it said '{beginning}': {await errors}");
        }

        [GeneratedRegex("http://[^;]+")]
        private static partial Regex HttpAddress();
    }
}
