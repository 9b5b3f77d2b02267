using System.Diagnostics;
using Parley.Audio;
using Parley.Engines;
using Parley.Engines.Whisper;

namespace Parley.Server.Tests;

/// <summary>The server as a fresh clone has it: the starter voice, espeak-ng, the starter ear, the echo, the deny list. One for all tests that want real engines, since loading takes seconds.</summary>
public sealed class RealServer : IAsyncLifetime
{
    internal TestServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        StarterModels models = StarterModels.Locate();
        Server = await TestServer.StartAsync(new ServerOptions(),
            StarterEngines.Hibari(models), await EspeakEngine.RegisterAsync(), WhisperEngine.Starter(models, TestData.Compiled), EchoChatClient.Registration, DenyListGuard.Register([]));
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    internal async Task<byte[]> SpeakAsync(string json)
    {
        using HttpResponseMessage response = await Server.PostAsync("/v1/audio/speech", json);
        byte[] body = await response.Content.ReadAsByteArrayAsync();
        Assert.True(response.IsSuccessStatusCode, System.Text.Encoding.UTF8.GetString(body));
        return body;
    }

    internal async Task<string> HearAsync(byte[] recording, string format = "text")
    {
        using HttpResponseMessage response = await Server.Http.PostAsync("/v1/audio/transcriptions", TestServer.Form(recording, ("model", "whisper-1"), ("response_format", format)));
        string body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, body);
        return body;
    }

    /// <summary>Seconds of sound, exact for what has an exact length.</summary>
    internal static double Seconds(byte[] wav) => WavReader.Read(wav).Duration.TotalSeconds;

    /// <summary>The same sound in another container, by ffmpeg as people use it.</summary>
    internal static async Task<byte[]> ConvertAsync(byte[] wav, string extension, params string[] arguments)
    {
        string folder = Directory.CreateTempSubdirectory("parley-test-").FullName;
        try
        {
            string source = Path.Combine(folder, "in.wav"), target = Path.Combine(folder, "out." + extension);
            await File.WriteAllBytesAsync(source, wav);
            using Process ffmpeg = Process.Start(new ProcessStartInfo("ffmpeg", ["-v", "error", "-i", source, .. arguments, target]))!;
            await ffmpeg.WaitForExitAsync();
            Assert.Equal(0, ffmpeg.ExitCode);
            return await File.ReadAllBytesAsync(target);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}

// Alone: they measure nothing, but on two cores their engines and the other tests would only slow each other down.
[CollectionDefinition(nameof(RealServer), DisableParallelization = true)]
public sealed class RealServerTests : ICollectionFixture<RealServer>;
