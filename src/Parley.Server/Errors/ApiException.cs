using Microsoft.AspNetCore.Http;

namespace Parley.Server;

/// <summary>A refusal or failure with its answer: status, OpenAI's <c>type</c>, a stable <c>code</c>, the parameter at fault, and a message for the person who sent it.</summary>
internal sealed class ApiException : Exception
{
    private ApiException(int status, string type, string code, string message, string? parameter = null, IReadOnlyDictionary<string, object>? detail = null)
        : base(message)
    {
        Status = status;
        Error = new ApiError(message, type, parameter, code) { Detail = detail };
    }

    public int Status { get; }

    public ApiError Error { get; }

    /// <summary>Goes out as <c>Retry-After</c>.</summary>
    public TimeSpan? RetryAfter { get; private init; }

    /// <summary>False tells the official clients not to try the same again; they would, on 409 and every 5xx.</summary>
    public bool MayRetry { get; private init; } = true;

    /// <summary>True if nothing went wrong but that the server was told to stop.</summary>
    public bool IsStop { get; private init; }

    public static ApiException Invalid(string parameter, string message, string code = "invalid_value", IReadOnlyDictionary<string, object>? detail = null) =>
        new(StatusCodes.Status400BadRequest, "invalid_request_error", code, message, parameter, detail);

    public static ApiException InvalidJson(string message) =>
        new(StatusCodes.Status400BadRequest, "invalid_request_error", "invalid_json", message);

    /// <summary>What came over a socket is no event.</summary>
    public static ApiException InvalidEvent(string message) =>
        new(StatusCodes.Status400BadRequest, "invalid_request_error", "invalid_event", message);

    public static ApiException BadRequest(string message) =>
        new(StatusCodes.Status400BadRequest, "invalid_request_error", "bad_request", message);

    public static ApiException InvalidKey(string message) =>
        new(StatusCodes.Status401Unauthorized, "authentication_error", "invalid_api_key", message);

    public static ApiException Forbidden(string code, string message, string? parameter = null) =>
        new(StatusCodes.Status403Forbidden, "permission_error", code, message, parameter);

    public static ApiException UnknownModel(string message, IReadOnlyList<string> models) =>
        new(StatusCodes.Status404NotFound, "not_found_error", "model_not_found", message, "model", new Dictionary<string, object> { ["models"] = models });

    public static ApiException UnknownTrial(string message) =>
        new(StatusCodes.Status404NotFound, "not_found_error", "trial_not_found", message, "name");

    public static ApiException UnknownVoice(string message) =>
        new(StatusCodes.Status404NotFound, "not_found_error", "voice_not_found", message, "voice");

    public static ApiException Conflict(string code, string message, string parameter) =>
        new(StatusCodes.Status409Conflict, "conflict_error", code, message, parameter) { MayRetry = false };

    public static ApiException UnknownRoute(string method, string path) =>
        new(StatusCodes.Status404NotFound, "not_found_error", "route_not_found", $"There is no {method} {path} here. /openapi.json lists the routes.");

    public static ApiException UpgradeRequired(string message) =>
        new(StatusCodes.Status426UpgradeRequired, "invalid_request_error", "upgrade_required", message);

    public static ApiException MethodNotAllowed(string method, string path) =>
        new(StatusCodes.Status405MethodNotAllowed, "invalid_request_error", "method_not_allowed", $"{path} does not take {method}.");

    public static ApiException TooLarge(string what, long limit) => TooLarge($"{what} is larger than {ByteSize.Format(limit)}, the limit here.");

    public static ApiException TooLarge(string message) =>
        new(StatusCodes.Status413PayloadTooLarge, "invalid_request_error", "request_too_large", message);

    public static ApiException UnsupportedMedia(string message, string? parameter = null) =>
        new(StatusCodes.Status415UnsupportedMediaType, "invalid_request_error", "unsupported_media_type", message, parameter);

    public static ApiException TooMany(string code, string message, TimeSpan retryAfter) =>
        new(StatusCodes.Status429TooManyRequests, "rate_limit_error", code, message) { RetryAfter = retryAfter };

    public static ApiException Unavailable(string code, string message, TimeSpan? retryAfter, bool mayRetry = true) =>
        new(StatusCodes.Status503ServiceUnavailable, "server_error", code, message) { RetryAfter = retryAfter, MayRetry = mayRetry };

    public static ApiException Stopping(string message) =>
        new(StatusCodes.Status503ServiceUnavailable, "server_error", "shutting_down", message) { RetryAfter = TimeSpan.FromSeconds(5), IsStop = true };

    public static ApiException Timeout(string message) =>
        new(StatusCodes.Status504GatewayTimeout, "server_error", "timeout", message);

    public static ApiException EngineFailed(string message) =>
        new(StatusCodes.Status500InternalServerError, "server_error", "engine_failed", message);

    public static ApiException Internal(string requestId) =>
        new(StatusCodes.Status500InternalServerError, "server_error", "internal_error",
            $"Something failed inside the server. Its log has the details under {requestId}.");
}
