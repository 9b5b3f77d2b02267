using System.ComponentModel;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Parley.Trials.Plans;
using Parley.Trials.Running;

namespace Parley.Trials.Guarding;

/// <summary>The probes that a plan can name.</summary>
public static class NeighbourProbes
{
    /// <param name="plan">What is asked.</param>
    /// <param name="secret">Reads a secret by the name of its variable.</param>
    /// <param name="time">Clock of the first token.</param>
    /// <param name="run">The run that starts programs, for their environment.</param>
    /// <exception cref="TrialException">A key is not set.</exception>
    public static INeighbourProbe Open(NeighbourProbePlan plan, Func<string, string?> secret, TimeProvider time, string run) => plan switch
    {
        ChatProbePlan chat => new ChatProbe(chat, chat.KeyVariable is null ? null
            : secret(chat.KeyVariable) ?? throw new TrialException($"The neighbour needs a key: {chat.KeyVariable} is not set, neither in the environment nor in the env file."), time),
        GetProbePlan get => new GetProbe(get),
        CommandProbePlan command => new CommandProbe(command, run),
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}

/// <summary>A streamed chat completion of at most 16 tokens at temperature 0.</summary>
internal sealed class ChatProbe : INeighbourProbe
{
    private const int MaxTokens = 16;

    private readonly HttpClient http;
    private readonly Uri route;
    private readonly byte[] body;
    private readonly TimeProvider time;

    public ChatProbe(ChatProbePlan plan, string? key, TimeProvider time, HttpMessageHandler? transport = null)
    {
        this.time = time;
        Model = plan.Model;
        PromptSha256 = Sha256Text.Of(plan.Prompt);
        route = new Uri(plan.BaseUrl.AbsoluteUri.TrimEnd('/') + "/chat/completions");
        body = Encoding.UTF8.GetBytes(new JsonObject
        {
            ["model"] = plan.Model,
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = plan.Prompt }),
            ["temperature"] = 0,
            ["max_tokens"] = MaxTokens,
            ["stream"] = true,
        }.ToJsonString());
        http = new HttpClient(transport ?? new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { Timeout = Timeout.InfiniteTimeSpan };
        if (key is not null)
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    public string PromptSha256 { get; }

    public string Model { get; }

    public async Task<NeighbourAnswer> AskAsync(CancellationToken cancel)
    {
        long start = time.GetTimestamp();
        double? first = null;
        int tokens = 0;
        try
        {
            using ByteArrayContent content = new(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using HttpRequestMessage request = new(HttpMethod.Post, route) { Content = content };
            using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            if (!response.IsSuccessStatusCode)
                throw new NeighbourException($"it answered {(int)response.StatusCode}");
            using StreamReader lines = new(await response.Content.ReadAsStreamAsync(cancel));
            while (await lines.ReadLineAsync(cancel) is { } line)
            {
                // What the pieces say does not matter, only that they come.
                if (!line.StartsWith("data:", StringComparison.Ordinal) || line.EndsWith("[DONE]", StringComparison.Ordinal))
                    continue;
                first ??= time.GetElapsedTime(start).TotalMilliseconds;
                tokens++;
            }
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            throw new NeighbourException(fault.InnerException?.Message ?? fault.Message, fault);
        }
        return tokens > 0 ? new(first, tokens) : throw new NeighbourException("it answered without a single token");
    }

    public void Dispose() => http.Dispose();
}

/// <summary>An HTTP GET that must end in 2xx; the whole body is read.</summary>
internal sealed class GetProbe(GetProbePlan plan) : INeighbourProbe
{
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { Timeout = Timeout.InfiniteTimeSpan };

    public string PromptSha256 { get; } = Sha256Text.Of(plan.Address.AbsoluteUri);

    public string Model => $"GET {plan.Address}";

    public async Task<NeighbourAnswer> AskAsync(CancellationToken cancel)
    {
        try
        {
            using HttpResponseMessage response = await http.GetAsync(plan.Address, HttpCompletionOption.ResponseHeadersRead, cancel);
            await response.Content.CopyToAsync(Stream.Null, cancel);
            return response.IsSuccessStatusCode ? default : throw new NeighbourException($"it answered {(int)response.StatusCode}");
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            throw new NeighbourException(fault.InnerException?.Message ?? fault.Message, fault);
        }
    }

    public void Dispose() => http.Dispose();
}

/// <summary>A program that must end with 0.</summary>
internal sealed class CommandProbe(CommandProbePlan plan, string run) : INeighbourProbe
{
    public string PromptSha256 { get; } = Sha256Text.Of(string.Join('\0', plan.Arguments));

    public string Model => string.Join(' ', plan.Arguments);

    public async Task<NeighbourAnswer> AskAsync(CancellationToken cancel)
    {
        using TrialProcess child = new(plan.Arguments[0], plan.Arguments.Skip(1), run, isPiped: false);
        try
        {
            child.Start();
            await child.WaitAsync(cancel);
        }
        catch (Win32Exception fault)
        {
            throw new NeighbourException(fault.Message, fault);
        }
        return child.ExitCode == 0 ? default : throw new NeighbourException($"the program ended with {child.ExitCode}");
    }

    public void Dispose() { }
}
