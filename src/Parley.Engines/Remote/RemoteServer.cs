using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Parley.Engines;

/// <summary>
/// The connection to one server that speaks OpenAI's protocol: 5 s to connect, 30 s between bytes unless set otherwise, a second
/// try only where nothing was sent. Every failure comes out as a <see cref="RemoteServerException"/> that a person can act on.
/// </summary>
internal sealed class RemoteServer : IDisposable
{
    private const int MaxErrorBytes = 16 * 1024;

    private readonly string engine;
    private readonly RemoteOptions options;

    /// <param name="engine">The engine's name, for errors.</param>
    /// <param name="options">Its settings; <see cref="RemoteOptions.BaseUrl"/> is set.</param>
    /// <param name="key">Sent as bearer token; <see langword="null"/> for none.</param>
    /// <param name="time">Clock of the time limits.</param>
    public RemoteServer(string engine, RemoteOptions options, string? key, TimeProvider time)
    {
        this.engine = engine;
        this.options = options;
        Key = key;
        BaseUrl = options.BaseUrl ?? throw new ArgumentException($"{engine} has no base URL.", nameof(options));
        // Redirects are not followed: a body would be sent twice, and a key perhaps to a stranger.
        SocketsHttpHandler sockets = new() { ConnectTimeout = options.ConnectTimeout, AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) };
        Http = new HttpClient(new PatienceHandler(options.ReadTimeout, time, new ConnectRetryHandler(time, sockets))) { Timeout = Timeout.InfiniteTimeSpan };
    }

    public HttpClient Http { get; }

    public Uri BaseUrl { get; }

    public string? Key { get; }

    /// <summary>The model's name on the server.</summary>
    public string Model => options.Model ?? engine[(engine.IndexOf(':', StringComparison.Ordinal) + 1)..];

    /// <summary>Posts to a route below the base URL and returns the answer once its head is there and good.</summary>
    /// <exception cref="RemoteServerException">It could not be reached, or it refused.</exception>
    public async Task<HttpResponseMessage> PostAsync(string route, HttpContent content, CancellationToken cancel)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, BaseUrl.AbsoluteUri.TrimEnd('/') + route) { Content = content };
        if (Key is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        try
        {
            HttpResponseMessage response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            if (response.IsSuccessStatusCode)
                return response;
            using (response)
                throw await RefusalAsync(response, cancel);
        }
        catch (Exception fault) when (IsNetworkFault(fault, cancel))
        {
            throw Failure(fault);
        }
    }

    /// <summary>True for what a network does: everything but our own faults and the caller's cancellation.</summary>
    public static bool IsNetworkFault(Exception fault, CancellationToken cancel) =>
        fault is HttpRequestException or IOException or TimeoutException || fault is OperationCanceledException && !cancel.IsCancellationRequested;

    /// <summary>What a network fault means to a person.</summary>
    public RemoteServerException Failure(Exception fault) => new(engine, fault switch
    {
        OperationCanceledException => $"did not accept a connection at {BaseUrl} within {options.ConnectTimeout.TotalSeconds:0.#} s.",
        TimeoutException => $"at {BaseUrl} stopped answering: {fault.Message}.",
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError } =>
            $"cannot be reached at {BaseUrl}: {fault.Message}. Is the server running, and is base_url right?",
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => $"at {BaseUrl} has no valid TLS certificate: {(fault.InnerException ?? fault).Message}",
        _ => $"at {BaseUrl} broke off its answer: {fault.Message}",
    }, fault);

    public RemoteServerException Broken(string what) => new(engine, $"at {BaseUrl} {what}");

    private async Task<RemoteServerException> RefusalAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        string said = await ReadStartAsync(response, cancel);
        string hint = response.StatusCode switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => Key is null ? " It wants a key: set key_variable." : " Is the key right?",
            HttpStatusCode.NotFound => $" Is base_url right, and does it know the model '{Model}'?",
            _ when (int)response.StatusCode is >= 300 and < 400 => $" It points to {response.Headers.Location}: set base_url to that.",
            _ => "",
        };
        return new RemoteServerException(engine, $"at {BaseUrl} answered {(int)response.StatusCode}{(said.Length > 0 ? $": {said}" : ".")}{hint}")
        {
            Status = response.StatusCode,
            RetryAfter = response.Headers.RetryAfter?.Delta,
        };
    }

    /// <summary>The message of OpenAI's error shape, or the first words of whatever came.</summary>
    private static async Task<string> ReadStartAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        byte[] bytes = new byte[MaxErrorBytes];
        await using Stream body = await response.Content.ReadAsStreamAsync(cancel);
        int count = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancel);
        try
        {
            using JsonDocument json = JsonDocument.Parse(bytes.AsMemory(0, count));
            if (json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("error", out JsonElement error))
            {
                if (error.ValueKind == JsonValueKind.String)
                    return error.GetString()!;
                if (error.ValueKind == JsonValueKind.Object && error.TryGetProperty("message", out JsonElement message) && message.ValueKind == JsonValueKind.String)
                    return message.GetString()!;
            }
        }
        catch (JsonException)
        {
            // Not that shape: a proxy's page, for instance.
        }
        string text = Encoding.UTF8.GetString(bytes, 0, Math.Min(count, 200)).ReplaceLineEndings(" ").Trim();
        return text;
    }

    public void Dispose() => Http.Dispose();
}
