using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Parley.Engines;
using Parley.Models;

namespace Parley.Server;

/// <summary>Turns what was thrown into an answer in OpenAI's shape; after the first byte only the connection can tell, so it is cut.</summary>
internal sealed partial class ErrorAnswers(RequestDelegate next, ILogger<ErrorAnswers> log)
{
    /// <summary>Not sent: nobody is there. Stands in logs and metrics for a client that went away.</summary>
    public const int ClientGone = 499;

    [SuppressMessage("Design", "CA1031", Justification = "The last catch of the process: an unknown failure becomes one logged error and a 500.")]
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (Unanswered(context) is { } fault)
                await WriteAsync(context, fault);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Items[typeof(ErrorAnswers)] = ClientGone;
            if (!context.Response.HasStarted)
                context.Response.StatusCode = ClientGone;
        }
        catch (Exception thrown)
        {
            ApiException fault = Explain(context, thrown, clock: null);
            if (context.Response.HasStarted)
            {
                if (!fault.IsStop) // the drain has said that it stops
                    LogCut(RequestId.Of(context), fault.Message);
                context.Abort();
                return;
            }
            await WriteAsync(context, fault);
        }
    }

    /// <summary>What routing says with a bare status: no such route, or not by this method.</summary>
    private static ApiException? Unanswered(HttpContext context) => context.Response switch
    {
        { HasStarted: true } => null,
        { StatusCode: StatusCodes.Status404NotFound, ContentType: null } => ApiException.UnknownRoute(context.Request.Method, context.Request.Path),
        { StatusCode: StatusCodes.Status405MethodNotAllowed } => ApiException.MethodNotAllowed(context.Request.Method, context.Request.Path),
        _ => null,
    };

    /// <summary>What to tell the client about a failure; an unknown one is logged under the request's id.</summary>
    /// <param name="context">The request.</param>
    /// <param name="thrown">What went wrong.</param>
    /// <param name="clock">Tells why work was cancelled; <see langword="null"/> where nothing can have been.</param>
    public static ApiException Explain(HttpContext context, Exception thrown, RequestClock? clock)
    {
        ApiException? fault = thrown is OperationCanceledException ? clock?.Reason() : Translate(thrown);
        if (fault is not null)
            return fault;
        LogFailure(context.RequestServices.GetRequiredService<ILogger<ErrorAnswers>>(), thrown, RequestId.Of(context));
        return ApiException.Internal(RequestId.Of(context));
    }

    /// <returns>The answer to a failure that has one; <see langword="null"/> if it is our own fault.</returns>
    private static ApiException? Translate(Exception thrown) => thrown switch
    {
        ApiException known => known,
        UnknownVoiceException voice => ApiException.Invalid("voice", voice.Message, "unknown_voice", new Dictionary<string, object> { ["voices"] = voice.Known }),
        UnsupportedLanguageException language => ApiException.Invalid("language", language.Message, "unsupported_language", new Dictionary<string, object> { ["languages"] = language.Supported }),
        UnsupportedOptionException option => ApiException.Invalid(JsonNamingPolicy.SnakeCaseLower.ConvertName(option.Option), option.Message, "capability_missing"),
        ContextOverflowException overflow => ApiException.Invalid("messages", overflow.Message, "context_length_exceeded",
            new Dictionary<string, object> { ["tokens"] = overflow.Tokens, ["context"] = overflow.Context }),
        ChatTemplateException template => ApiException.Invalid("messages", template.Message),
        EngineFailedException failed => ApiException.EngineFailed(failed.Message),
        RemoteServerException remote => Translate(remote),
        VoiceLibraryException library => ApiException.Unavailable("voice_library", library.Message, TimeSpan.FromSeconds(1)),
        QueueFullException full => ApiException.TooMany("queue_full", full.Message, full.RetryAfter),
        QueueTimeoutException late => ApiException.Unavailable("timeout", late.Message, TimeSpan.FromSeconds(1)),
        MissingProgramException missing => ApiException.Unavailable("model_failed", $"{missing.Program} is not installed on the server. {missing.Remedy}", null, mayRetry: false),
        EngineProcessException => ApiException.EngineFailed("The engine's process failed or was killed. The next request starts a new one."),
        ModelFileException file => ApiException.Unavailable("model_failed", $"The model could not be loaded: {System.IO.Path.GetFileName(file.Path)} is missing or damaged. The server's log says how to mend it.", null, mayRetry: false),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } large => ApiException.TooLarge(large.Message),
        BadHttpRequestException bad => ApiException.BadRequest(bad.Message),
        _ => null,
    };

    // A refusal of the remote server is one of ours; that it cannot be reached, or breaks, is not the caller's fault.
    private static ApiException Translate(RemoteServerException remote) => remote.Status switch
    {
        HttpStatusCode.TooManyRequests => ApiException.TooMany("rate_limited", remote.Message, remote.RetryAfter ?? TimeSpan.FromSeconds(1)),
        HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity => ApiException.BadRequest(remote.Message),
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
            ApiException.Unavailable("backend_refused", $"'{remote.Engine}' does not accept this server's key for it.", null, mayRetry: false),
        _ => ApiException.Unavailable("backend_unreachable", remote.Message, remote.RetryAfter ?? TimeSpan.FromSeconds(5)),
    };

    public static async Task WriteAsync(HttpContext context, ApiException fault)
    {
        HttpResponse response = context.Response;
        StringValues allow = response.Headers.Allow, connection = response.Headers.Connection;
        response.Clear();
        response.Headers.Allow = allow;
        response.Headers.Connection = connection;
        response.StatusCode = fault.Status;
        if (fault.RetryAfter is { } wait)
        {
            double seconds = Math.Max(1, Math.Ceiling(wait.TotalSeconds));
            response.Headers.RetryAfter = FormattableString.Invariant($"{seconds:0}");
            response.Headers["retry-after-ms"] = FormattableString.Invariant($"{Math.Max(1, wait.TotalMilliseconds):0}");
        }
        if (!fault.MayRetry)
            response.Headers["x-should-retry"] = "false";
        if (fault.Status == StatusCodes.Status401Unauthorized)
            response.Headers.WWWAuthenticate = "Bearer";
        if (context.GetEndpoint()?.Metadata.GetMetadata<LegacyRoute>() is not null || Listeners.Of(context) != Listener.Main)
            await response.WriteAsJsonAsync(new LegacyErrorBody(fault.Message, fault.Error), ApiJson.Compact.LegacyErrorBody, cancellationToken: context.RequestAborted);
        else
            await response.WriteAsJsonAsync(new ApiErrorBody(fault.Error), ApiJson.Compact.ApiErrorBody, cancellationToken: context.RequestAborted);
    }

    [LoggerMessage(3101, LogLevel.Error, "Request {RequestId} failed")]
    private static partial void LogFailure(ILogger log, Exception thrown, string requestId);

    [LoggerMessage(3102, LogLevel.Warning, "Request {RequestId} was cut after its first byte: {Reason}")]
    private partial void LogCut(string requestId, string reason);
}
