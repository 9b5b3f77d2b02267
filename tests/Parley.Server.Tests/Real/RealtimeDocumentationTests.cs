using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Parley.Server.Tests;

/// <summary>docs/realtime.md is true: its examples for .NET and Python run against the real server.</summary>
[Collection(nameof(RealServer))]
public sealed class RealtimeDocumentationTests(RealServer real) : IDisposable
{
    private static readonly string Document = File.ReadAllText(Path.Combine(TestData.Root, "docs", "realtime.md"));

    private readonly string folder = Directory.CreateTempSubdirectory("parley-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>The first example in a language.</summary>
    internal static string Example(string language) => Regex.Match(Document, $"```{language}\n(.*?)```", RegexOptions.Singleline).Groups[1].Value;

    [Fact]
    public async Task The_example_for_dotnet_is_the_sample_and_runs()
    {
        string sample = await File.ReadAllTextAsync(Path.Combine(TestData.Root, "samples", "Realtime", "Program.cs"));
        Assert.Equal(sample, Example("csharp"));
        await AskAsync("dotnet", Path.Combine(AppContext.BaseDirectory, "Parley.Samples.Realtime.dll"), new Uri(real.Server.Address, "/v1").ToString(), "question.pcm");
    }

    [Fact]
    public async Task The_example_for_python_runs()
    {
        (int found, _, _) = await RunAsync("python3", "-c", "import websockets");
        Assert.SkipUnless(found == 0, "Needs python3 with the package websockets.");
        await File.WriteAllTextAsync(Path.Combine(folder, "talk.py"), Example("python").Replace("127.0.0.1:8080", real.Server.Address.Authority, StringComparison.Ordinal));
        await AskAsync("python3", "talk.py");
    }

    /// <summary>Puts the question there, and expects its words and an answer aloud.</summary>
    private async Task AskAsync(string program, params string[] arguments)
    {
        byte[] question = await real.SpeakAsync("""{"response_format":"pcm","input":"When does the boat leave?"}""");
        await File.WriteAllBytesAsync(Path.Combine(folder, "question.pcm"), [.. question, .. new byte[72_000]]);
        (int code, long sound, string said) = await RunAsync(program, arguments);
        Assert.True(code == 0, said);
        Assert.Matches("heard: .*boat", said);
        Assert.True(sound > 48_000, $"{sound} bytes of sound. {said}"); // more than a second of it
    }

    private async Task<(int Code, long Bytes, string Errors)> RunAsync(string program, params string[] arguments)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromMinutes(1));
        try
        {
            using Process run = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
            await using CancellationTokenRegistration stop = patience.Token.Register(() => run.Kill(entireProcessTree: true));
            Task<string> errors = run.StandardError.ReadToEndAsync(CancellationToken.None);
            using MemoryStream output = new();
            await run.StandardOutput.BaseStream.CopyToAsync(output, CancellationToken.None);
            await run.WaitForExitAsync(CancellationToken.None);
            return (run.ExitCode, output.Length, await errors);
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            return (-1, 0, missing.Message);
        }
    }
}
