using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Parley.Audio;
using Parley.Trials.Plans;

namespace Parley.Trials.Measuring;

/// <summary>
/// A server with OpenAI's speech route. The clock starts when the finished request is handed to the socket layer, on a connection that is
/// kept open; every read is taken as it returns, however small. Nothing is tried twice.
/// </summary>
internal sealed class AddressSpeaker : ISpeaker
{
    private const int ReadBytes = 16 * 1024, MaxErrorText = 300;

    private readonly AddressSource source;
    private readonly LimitPlan limits;
    private readonly string? key;
    private readonly string folder, language;
    private readonly TimeProvider time;
    private readonly HttpMessageHandler handler;
    private readonly HttpClient http;
    private readonly Func<IReadOnlyList<int>> processes;
    private int connections;

    /// <param name="source">Where it is.</param>
    /// <param name="limits">Its time limits.</param>
    /// <param name="key">Bearer token, or <see langword="null"/>.</param>
    /// <param name="folder">Where references of cloned voices lie.</param>
    /// <param name="language">Of the texts.</param>
    /// <param name="processes">Whose memory is the server's, where the trial started it.</param>
    /// <param name="time">Clock of all times.</param>
    /// <param name="transport">Stands in for the network.</param>
    public AddressSpeaker(
        AddressSource source, LimitPlan limits, string? key, string folder, string language, Func<IReadOnlyList<int>> processes,
        TimeProvider time, HttpMessageHandler? transport = null)
    {
        (this.source, this.limits, this.key, this.folder, this.language, this.time, this.processes) = (source, limits, key, folder, language, time, processes);
        handler = transport ?? new SocketsHttpHandler
        {
            ConnectTimeout = limits.Connect,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseProxy = false,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(10),
            PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
            ConnectCallback = ConnectAsync,
        };
        http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    public EngineFacts Facts => new(source.BaseUrl.Authority, source.Model ?? "", null, null, source.Start ?? [], processes());

    public async Task OpenAsync(CancellationToken cancel)
    {
        if (source.Ready is null)
            return;
        long start = time.GetTimestamp();
        while (!await IsReadyAsync(cancel))
        {
            if (time.GetElapsedTime(start) > source.StartTimeout)
                throw new TrialException($"{source.Ready} did not answer within {source.StartTimeout.TotalSeconds:0} s of the start.");
            await Task.Delay(TimeSpan.FromMilliseconds(200), time, cancel);
        }
    }

    public async Task<SpokenCall> SpeakAsync(string text, VoicePlan voice, CancellationToken cancel)
    {
        byte[] payload = Encoding.UTF8.GetBytes(Body(text, voice).ToJsonString());
        TimedContent content = new(payload);
        using HttpRequestMessage request = new(HttpMethod.Post, source.BaseUrl.AbsoluteUri.TrimEnd('/') + "/audio/speech") { Content = content };
        if (key is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        SoundReceiver sound = SoundReceiver.For(source.Format, source.SampleRate);
        SpokenCall call = new();
        int before = connections;
        using CallClock clock = new(limits, time, cancel);
        using CancellationTokenSource writing = new(limits.Write + limits.Connect, time);
        using CancellationTokenRegistration tooSlow = writing.Token.Register(content.GiveUp);
        using CancellationTokenSource sending = CancellationTokenSource.CreateLinkedTokenSource(clock.Token, content.GivenUp);
        try
        {
            using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, sending.Token);
            clock.Heard();
            call = call with { HttpStatus = (int)response.StatusCode, HeadersMs = clock.Ms, IsConnectionReused = connections == before };
            await using Stream stream = await response.Content.ReadAsStreamAsync(clock.Token);
            byte[] buffer = new byte[ReadBytes];
            while (await stream.ReadAsync(buffer, clock.Token) is > 0 and int read)
            {
                double ms = clock.Ms;
                clock.Heard();
                sound.Take(buffer.AsSpan(0, read), ms);
            }
            call = call with { TotalMs = clock.Ms };
            return response.IsSuccessStatusCode ? await FinishAsync(call, sound, text, cancel) : Refused(call, sound);
        }
        catch (OperationCanceledException fault) when (!cancel.IsCancellationRequested)
        {
            string error = content.GaveUp ? ErrorClass.WriteTimeout : clock.Ended ?? (fault.InnerException is TimeoutException ? ErrorClass.ConnectTimeout : ErrorClass.Reset);
            return Failed(call, sound, error, fault.Message, clock.Ms);
        }
        catch (HttpRequestException fault)
        {
            return Failed(call, sound, ErrorOf(fault), fault.InnerException?.Message ?? fault.Message, clock.Ms);
        }
        catch (HttpIOException fault)
        {
            return Failed(call, sound, fault.HttpRequestError == HttpRequestError.ResponseEnded ? ErrorClass.Truncated : ErrorClass.Reset, fault.Message, clock.Ms);
        }
        catch (IOException fault)
        {
            return Failed(call, sound, ErrorClass.Reset, fault.Message, clock.Ms);
        }
    }

    public ValueTask DisposeAsync()
    {
        http.Dispose();
        return ValueTask.CompletedTask;
    }

    private JsonObject Body(string text, VoicePlan voice)
    {
        JsonObject body = new() { ["model"] = source.Model ?? "tts-1", ["input"] = text, ["response_format"] = source.Format };
        if (voice.Id is not null)
            body["voice"] = voice.Id;
        if (!source.IsOmni)
            return body;
        body["stream_format"] = "audio"; // without it the answer comes only once all of it is made
        body["language"] = language;
        if (voice.Reference is null)
            return body;
        body["task_type"] = "Base";
        body["ref_audio"] = $"data:audio/wav;base64,{Convert.ToBase64String(File.ReadAllBytes(Path.Combine(folder, voice.Reference)))}";
        if (voice.ReferenceText is not null)
            body["ref_text"] = voice.ReferenceText;
        return body;
    }

    private async Task<SpokenCall> FinishAsync(SpokenCall call, SoundReceiver sound, string text, CancellationToken cancel)
    {
        WavCheck check = sound.IsTooLong ? new(ErrorClass.BadWav, $"the answer is longer than {SoundReceiver.MaxBytes >> 20} MiB", null, 0, false) : source.Format switch
        {
            "wav" => WavCheck.Of(sound.Body.Span, text),
            "pcm" => OfPcm(sound.Body.Span, text),
            _ => await OfCompressedAsync(sound, text, cancel),
        };
        return Times(call, sound) with
        {
            Error = check.Error,
            ErrorDetail = check.Problem,
            Sound = check.Sound,
            Channels = check.Channels,
            IsPlausible = check.IsPlausible,
        };
    }

    private WavCheck OfPcm(ReadOnlySpan<byte> bytes, string text)
    {
        if (bytes.Length % 2 != 0)
            return new(ErrorClass.Truncated, "the sound ends in the middle of a sample", null, 0, false);
        float[] samples = new float[bytes.Length / 2];
        Pcm16.ToFloat(bytes, samples);
        return WavCheck.OfSound(new AudioBuffer(samples, source.SampleRate), text);
    }

    private static async Task<WavCheck> OfCompressedAsync(SoundReceiver sound, string text, CancellationToken cancel)
    {
        try
        {
            List<float> samples = [];
            int rate = 0;
            await foreach (AudioFrame frame in new Ffmpeg().DecodeAsync(new MemoryStream(sound.Body.ToArray(), writable: false), cancel))
            {
                samples.AddRange(frame.Samples.Span);
                rate = frame.SampleRate;
            }
            return WavCheck.OfSound(new AudioBuffer([.. samples], rate), text);
        }
        catch (AudioFormatException fault)
        {
            return new(sound.Body.IsEmpty ? ErrorClass.Empty : ErrorClass.BadWav, fault.Message, null, 0, false);
        }
    }

    private static SpokenCall Times(SpokenCall call, SoundReceiver sound) => call with
    {
        FirstByteMs = sound.FirstByteMs,
        FirstAudioMs = sound.FirstAudioMs,
        FirstAudioBasis = sound.FirstAudioBasis,
        Bytes = sound.Body.Length,
        Arrivals = sound.Arrivals,
        Body = sound.Body,
    };

    private static SpokenCall Refused(SpokenCall call, SoundReceiver answer)
    {
        string said = Encoding.UTF8.GetString(answer.Body.Span[..Math.Min(answer.Body.Length, MaxErrorText)]).ReplaceLineEndings(" ");
        return call with
        {
            Error = call.HttpStatus >= 500 ? ErrorClass.Http5xx : ErrorClass.Http4xx,
            ErrorDetail = said,
            FirstByteMs = answer.FirstByteMs,
            Bytes = answer.Body.Length,
        };
    }

    private static SpokenCall Failed(SpokenCall call, SoundReceiver sound, string error, string detail, double ms) =>
        Times(call, sound) with { Error = error, ErrorDetail = detail, TotalMs = ms };

    private static string ErrorOf(HttpRequestException fault) => fault switch
    {
        { InnerException: SocketException { SocketErrorCode: SocketError.TimedOut } } => ErrorClass.ConnectTimeout,
        { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionReset } } => ErrorClass.Reset,
        { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError } => ErrorClass.Refused,
        { HttpRequestError: HttpRequestError.ResponseEnded } => ErrorClass.Truncated,
        _ => ErrorClass.Reset,
    };

    private async Task<bool> IsReadyAsync(CancellationToken cancel)
    {
        using CancellationTokenSource patience = new(limits.Connect, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
        try
        {
            using HttpResponseMessage response = await http.GetAsync(source.Ready, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return response.IsSuccessStatusCode;
        }
        catch (Exception fault) when (fault is HttpRequestException || (fault is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return false;
        }
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        Interlocked.Increment(ref connections);
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The finished payload, and whether it could be sent in time.</summary>
    private sealed class TimedContent : HttpContent
    {
        private readonly byte[] payload;
        private readonly CancellationTokenSource givenUp = new();
        private bool isSent;

        public TimedContent(byte[] payload)
        {
            this.payload = payload;
            Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        public CancellationToken GivenUp => givenUp.Token;

        public bool GaveUp => givenUp.IsCancellationRequested;

        public void GiveUp()
        {
            if (!isSent)
                givenUp.Cancel();
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(payload, givenUp.Token);
            isSent = true;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = payload.Length;
            return true;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                givenUp.Dispose();
            base.Dispose(disposing);
        }
    }
}
