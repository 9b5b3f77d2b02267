using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Parley.Server;

/// <summary>
/// Telephone calls: Twilio's media streams at <c>/v1/telephony/twilio</c>. Twilio can send no header and no query, so whoever sets up
/// the call names a key, or better a client secret, as the custom parameter <c>key</c>.
/// </summary>
internal sealed partial class TelephonyEndpoints(SessionFactory sessions, KeyCheck keys, Drain drain, ServerOptions options, TimeProvider time, ILogger<TwilioCall> log)
{
    private const string KeyParameter = "key";
    private const int MaxFirstMessages = 4; // "connected", then "start"

    // Twilio says who calls at once; whoever does not is somebody else.
    private static readonly TimeSpan Introduction = TimeSpan.FromSeconds(10);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapMethods("/v1/telephony/twilio", ["GET"], (HttpContext context, TelephonyEndpoints telephony) => telephony.AnswerAsync(context)).WithMetadata(RouteAccess.Telephony)
            .WithName("answerTwilio").WithTags("Telephony").WithSummary("WebSocket for Twilio's media streams: a telephone call.");

    private async Task AnswerAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
            throw ApiException.UpgradeRequired("This is a WebSocket for Twilio: name it in TwiML, <Connect><Stream url=\"wss://...\"/></Connect>.");
        using SessionSeat seat = sessions.TakeSeat();
        using WebSocket webSocket = await context.WebSockets.AcceptWebSocketAsync();
        await using EventSocket<TwilioCommand> socket = new(webSocket, (json, command) => JsonSerializer.Serialize(json, command, TwilioJson.Default.TwilioCommand), options.Limits.IdleReader, time);
        if (await MeetAsync(socket) is not { } start)
        {
            await socket.CloseAsync(WebSocketCloseStatus.PolicyViolation, "no start message");
            return;
        }
        KeyAllowance? allowance = null;
        try
        {
            allowance = Admit(context, start);
            allowance?.Enter();
        }
        catch (ApiException fault)
        {
            LogRefused(start.StreamSid, fault.Message);
            await socket.CloseAsync(WebSocketCloseStatus.PolicyViolation, fault.Error.Code ?? "refused");
            return;
        }
        try
        {
            SessionSettings settings = Caller.SecretOf(context)?.Settings ?? sessions.Fresh(SessionKind.Realtime, model: null);
            using SessionEngines engines = await sessions.OpenAsync(context, settings);
            await new TwilioCall(socket, start.StreamSid, settings, engines, new SessionLimits(options, drain, allowance), time, log).RunAsync();
        }
        finally
        {
            allowance?.Leave();
        }
    }

    /// <returns>What Twilio says about the call; <see langword="null"/> if it says nothing, or speaks another code than a telephone's.</returns>
    private async Task<TwilioStart?> MeetAsync(EventSocket<TwilioCommand> socket)
    {
        using CancellationTokenSource enough = new(Introduction, time);
        try
        {
            for (int i = 0; i < MaxFirstMessages && await socket.ReceiveAsync(enough.Token) is not SocketMessage.End and SocketMessage kind; i++)
            {
                if (kind == SocketMessage.Text && TwilioCall.Read(socket.Message.Span) is { Event: "start", Start: { } start })
                    return start.MediaFormat is null or { Encoding: "audio/x-mulaw", SampleRate: 8000, Channels: 1 } ? start : null;
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody who means to call waits so long.
        }
        return null;
    }

    private KeyAllowance? Admit(HttpContext context, TwilioStart start)
    {
        string? key = start.CustomParameters?.GetValueOrDefault(KeyParameter);
        if (key is { Length: > 0 })
            return keys.Admit(context, key, RouteAccess.Telephony);
        return keys.IsNeeded ? throw ApiException.InvalidKey("The call names no key: <Parameter name=\"key\" value=\"...\"/>.") : null;
    }

    [LoggerMessage(3521, LogLevel.Warning, "Call {Stream} was not taken: {Problem}")]
    private partial void LogRefused(string stream, string problem);
}
