using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Parley.Engines;

namespace Parley.Server;

/// <summary>OpenAI's realtime family: the socket <c>/v1/realtime</c>, and short-lived keys for browsers.</summary>
internal sealed class RealtimeEndpoints(SessionFactory sessions, ClientSecrets secrets, ServerOptions options, TimeProvider time)
{
    private const int DefaultSeconds = 600, MinSeconds = 10, MaxSeconds = 7200;

    private static readonly JsonField Session = new("session", "What its sessions begin with; as in session.update.", "an object");
    private static readonly JsonField ExpiresAfter = new("expires_after", "When it stops opening sessions: {\"anchor\": \"created_at\", \"seconds\": 10 to 7200}; 600 by default.", "an object");

    public static void Map(IEndpointRouteBuilder routes)
    {
        // CONNECT is how a socket begins over HTTP/2 (RFC 8441).
        routes.MapMethods("/v1/realtime", ["GET"], (HttpContext context, RealtimeEndpoints realtime) => realtime.ConnectAsync(context)).WithMetadata(RouteAccess.Realtime)
            .WithName("connectRealtime").WithTags("Realtime").WithSummary("WebSocket: a conversation, event by event.");
        routes.MapMethods("/v1/realtime", ["CONNECT"], (HttpContext context, RealtimeEndpoints realtime) => realtime.ConnectAsync(context)).WithMetadata(RouteAccess.Realtime).ExcludeFromDescription();
        routes.MapMethods("/realtime", ["GET", "CONNECT"], (HttpContext context, RealtimeEndpoints realtime) => realtime.ConnectAsync(context)).WithMetadata(RouteAccess.Realtime).ExcludeFromDescription();
        routes.MapApiWithAndWithoutVersion("POST", "/realtime/client_secrets", RouteAccess.RealtimeSecrets, (HttpContext context, RealtimeEndpoints realtime) => realtime.CreateSecretAsync(context))
            .WithName("createRealtimeClientSecret").WithTags("Realtime").WithSummary("A key for a browser: it opens realtime sessions, for minutes.")
            .WithMetadata(new RouteDescription([Session, ExpiresAfter], RouteDescription.Json, RouteDescription.Json));
    }

    private async Task ConnectAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
            throw ApiException.UpgradeRequired("This is a WebSocket: connect to it with ws:// or wss://, sub-protocol 'realtime'.");
        if (context.Request.Headers["OpenAI-Beta"].ToString().Contains("realtime=v1", StringComparison.OrdinalIgnoreCase))
            throw ApiException.BadRequest("The beta's event names are not served; this is the released version. Leave out the header 'OpenAI-Beta: realtime=v1' and use a client of 2025-09 or later.");
        SessionSettings settings = Caller.SecretOf(context)?.Settings ?? Asked(context.Request.Query);
        using SessionSeat seat = sessions.TakeSeat();
        using SessionEngines engines = await sessions.OpenAsync(context, settings);
        using WebSocket webSocket = await context.WebSockets.AcceptWebSocketAsync(SubProtocols.Choose(context.Request));
        await using EventSocket<ServerEvent> socket = new(webSocket, RealtimeSession.Write, options.Limits.IdleReader, time);
        await sessions.Create(context, socket, settings, engines).RunAsync();
    }

    private SessionSettings Asked(IQueryCollection query)
    {
        if (query.ContainsKey("call_id"))
            throw ApiException.Invalid("call_id", "There are no calls here to attach to; open a session with ?model=NAME.", "capability_missing");
        if (query["intent"].ToString() is not { Length: > 0 } intent)
            return sessions.Fresh(SessionKind.Realtime, query["model"]);
        return intent == "transcription"
            ? sessions.Fresh(SessionKind.Transcription, model: null)
            : throw ApiException.Invalid("intent", $"'intent' can only be 'transcription'; found '{RequestField.Shorten(intent)}'.");
    }

    private async Task<JsonHttpResult<ClientSecretAnswer>> CreateSecretAsync(HttpContext context)
    {
        RequestBody body = await RequestBody.ReadJsonAsync(context, options.Limits.JsonBytes);
        long seconds = DefaultSeconds;
        if (body.TryGet(ExpiresAfter, out System.Text.Json.JsonElement written))
        {
            JsonCursor expires = new JsonCursor(written, ExpiresAfter.Name).Object();
            if (expires.TryGet("anchor", out JsonCursor anchor))
                anchor.Choice("created_at");
            if (expires.TryGet("seconds", out JsonCursor length) && !length.IsNull)
                seconds = length.Integer(MinSeconds, MaxSeconds);
        }
        SessionSettings settings = sessions.Fresh(SessionKind.Realtime, model: null);
        if (body.TryGet(Session, out System.Text.Json.JsonElement session))
            settings = sessions.Read(new JsonCursor(session, Session.Name).Object());
        (string value, ClientSecret secret) = secrets.Create(settings, Caller.KeyOf(context), TimeSpan.FromSeconds(seconds));
        ClientSecretAnswer answer = new(value, secret.Expires.ToUnixTimeSeconds(), SessionObject.From(settings, RealtimeIds.Session(), time.GetUtcNow() + sessions.MaxDuration));
        return TypedResults.Json(answer, RealtimeJson.Compact.ClientSecretAnswer);
    }
}
