using System.Net;
using Parley.Trials.Tests.Measuring;

namespace Parley.Trials.Tests.Running;

/// <summary>A real server on a real port: speaks at <c>/v1/audio/speech</c>, is a neighbour at <c>/neighbour</c>, and closes its port at <c>/stop</c>.</summary>
internal sealed class FakeServer : IDisposable
{
    private static readonly byte[] Wav = Wavs.Of(Wavs.Pcm(Wavs.Tone(1)), dataSize: 0xFFFFFFFF);

    private readonly HttpListener listener = new();
    private readonly CancellationTokenSource end = new();
    private int calls;

    public FakeServer(int? port = null)
    {
        Port = port ?? FreePort();
        listener.Prefixes.Add($"http://127.0.0.1:{Port}/");
        listener.Start();
        _ = AnswerAsync();
    }

    public int Port { get; }

    public string Address => $"http://127.0.0.1:{Port}";

    /// <summary>Calls for speech so far.</summary>
    public int Calls => Volatile.Read(ref calls);

    /// <summary>Says of the call with this number, from 1, how it is answered.</summary>
    public Func<int, Answer> Behaviour { get; set; } = _ => Answer.Speak;

    /// <summary>The neighbour's latency.</summary>
    public Func<TimeSpan> NeighbourLatency { get; set; } = () => TimeSpan.FromMilliseconds(120);

    /// <summary>What its transcription route hears in every clip; <see langword="null"/> makes it refuse.</summary>
    public string? Heard { get; set; } = "good morning to you";

    /// <summary>The keys that its transcription route was sent, one a call.</summary>
    public List<string> Keys { get; } = [];

    /// <summary>A program that asks this server to close its port, without anything but bash.</summary>
    public string[] StopProgram => ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/$0; printf 'GET /stop HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n\\r\\n' >&3; cat <&3 >/dev/null 2>&1; true", $"{Port}"];

    public static int FreePort()
    {
        using System.Net.Sockets.TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        return ((IPEndPoint)taken.LocalEndpoint).Port;
    }

    public void Dispose()
    {
        end.Cancel();
        listener.Close();
        end.Dispose();
    }

    private async Task AnswerAsync()
    {
        while (listener.IsListening)
        {
            try
            {
                HttpListenerContext context = await listener.GetContextAsync();
                _ = AnswerAsync(context);
            }
            catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            switch (context.Request.Url!.AbsolutePath)
            {
                case "/stop":
                    listener.Close();
                    return;
                case "/neighbour":
                    await Task.Delay(NeighbourLatency(), end.Token);
                    break;
                case "/v1/audio/transcriptions":
                    Keys.Add(context.Request.Headers["Authorization"] ?? "");
                    await context.Request.InputStream.CopyToAsync(Stream.Null, end.Token);
                    context.Response.StatusCode = Heard is null ? 402 : 200;
                    context.Response.ContentType = "application/json";
                    context.Response.OutputStream.Write(System.Text.Encoding.UTF8.GetBytes(Heard is null ? $"{{\"error\":{{\"message\":\"no money behind {Keys[^1]}\"}}}}" : $"{{\"text\":\"{Heard}\"}}"));
                    break;
                case "/v1/audio/speech":
                    await SpeakAsync(context, Behaviour(Interlocked.Increment(ref calls)));
                    break;
            }
            context.Response.Close();
        }
        catch (Exception gone) when (gone is HttpListenerException or ObjectDisposedException or OperationCanceledException or IOException)
        {
            // The caller has hung up, or the test is over.
        }
    }

    private async Task SpeakAsync(HttpListenerContext context, Answer answer)
    {
        if (answer == Answer.Stall)
            await Task.Delay(Timeout.Infinite, end.Token);
        if (answer == Answer.Complain)
        {
            context.Response.StatusCode = 401;
            context.Response.OutputStream.Write(System.Text.Encoding.UTF8.GetBytes($"{context.Request.Headers["Authorization"]} is no key of ours"));
            return;
        }
        context.Response.SendChunked = true;
        context.Response.ContentType = "audio/wav";
        foreach (byte[] piece in Wav.Chunk(Wav.Length / 4 + 1))
        {
            await context.Response.OutputStream.WriteAsync(piece, end.Token);
            await context.Response.OutputStream.FlushAsync(end.Token);
            await Task.Delay(40, end.Token);
        }
    }
}

/// <summary>What a <see cref="FakeServer"/> does with a call.</summary>
internal enum Answer
{
    /// <summary>A second of sound in four pieces, 40 ms apart.</summary>
    Speak,

    /// <summary>Nothing, ever.</summary>
    Stall,

    /// <summary>A refusal that repeats the key it was sent.</summary>
    Complain,
}
