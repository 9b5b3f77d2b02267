using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Parley.Agent;
using Parley.Engines;

namespace Parley.Server;

/// <summary>Puts sessions together, and counts them.</summary>
internal sealed class SessionFactory(
    ConversationSetup setup, EngineCatalogue catalogue, RealtimeWork work, Warmup warmup, EngineDirectory directory, ServerMeasures measures, Drain drain, ServerOptions options, TimeProvider time, ILogger<RealtimeSession> log)
{
    private int open;

    public TimeSpan MaxDuration => setup.Options.MaxDuration;

    /// <summary>A place among the sessions that may be open at once.</summary>
    /// <exception cref="ApiException">429: all are taken.</exception>
    public SessionSeat TakeSeat()
    {
        if (Interlocked.Increment(ref open) <= options.Realtime.MaxSessions)
            return new SessionSeat(() => Interlocked.Decrement(ref open));
        Interlocked.Decrement(ref open);
        throw ApiException.TooMany("session_limit_reached", $"{options.Realtime.MaxSessions} sessions are open, all that this server takes.", TimeSpan.FromSeconds(10));
    }

    /// <summary>The settings of a session for which nothing was asked but its model.</summary>
    /// <param name="kind">What it is for.</param>
    /// <param name="model">A name of the cloud's means the default engine.</param>
    public SessionSettings Fresh(SessionKind kind, string? model) => new()
    {
        Kind = kind, Instructions = setup.Options.Instructions,
        Model = kind == SessionKind.Realtime ? directory.NamedOrDefault(EngineTask.Chat, model).Name : "",
        Input = new InputSettings { Transcription = kind == SessionKind.Transcription ? new() : null },
    };

    /// <summary>Reads the settings of a session that is to come.</summary>
    /// <exception cref="ApiException">400 with the path of the member at fault.</exception>
    public SessionSettings Read(JsonCursor session)
    {
        SessionKind kind = session.TryGet("type", out JsonCursor type) && type.Choice("realtime", "transcription") == "transcription" ? SessionKind.Transcription : SessionKind.Realtime;
        SessionSettings fresh = Fresh(kind, session.TryGet("model", out JsonCursor model) && !model.IsNull ? model.Text(maxLength: 256) : null);
        return new SessionReader(directory, fresh).Apply(fresh, session);
    }

    /// <exception cref="ApiException">404: there is no engine for a task; 503: one is still being loaded.</exception>
    /// <exception cref="Parley.Models.ModelFileException">A network for voice activity or turns is missing or damaged.</exception>
    public async Task<SessionEngines> OpenAsync(HttpContext context, SessionSettings settings)
    {
        string caller = Caller.Of(context);
        KeyAllowance? allowance = Caller.AllowanceOf(context);
        EngineDescription brain = directory.NamedOrDefault(EngineTask.Chat, settings.Model);
        foreach (EngineDescription engine in (IEnumerable<EngineDescription>)[directory.NamedOrDefault(EngineTask.Transcription, null), brain, directory.NamedOrDefault(EngineTask.Speech, null)])
        {
            if (warmup.IsLoading(engine) && (settings.Kind == SessionKind.Realtime || engine.Task == EngineTask.Transcription))
                throw ApiException.Unavailable("model_loading", $"'{engine.Name}' is being loaded. /health/ready says when it is there.", Warmup.RetryAfter);
        }
        SessionEar ear = new(work, directory, measures, time, caller) { Model = settings.Input.Transcription?.Model };
        SessionVoice voice = new(work, directory, measures, time, caller, audio => allowance?.Use(audio));
        ITurnDetector? turns = catalogue.Default(EngineTask.TurnDetection) is { } judge ? await catalogue.OpenAsync<ITurnDetector>(judge.Name, context.RequestAborted) : null;
        ConversationEngines engines = new(setup.CreateDetector(), ear, new SessionBrain(work, brain, measures, time, caller), voice) { TurnDetector = turns };
        return new SessionEngines(setup.Options, engines, ear);
    }

    public RealtimeSession Create(HttpContext context, EventSocket<ServerEvent> socket, SessionSettings settings, SessionEngines engines)
    {
        SessionReader reader = new(directory, Fresh(settings.Kind, settings.Model));
        return new RealtimeSession(socket, settings, reader, engines, new SessionLimits(options, drain, Caller.AllowanceOf(context)), time, log);
    }
}

/// <summary>A session's place; disposing gives it back.</summary>
internal sealed class SessionSeat(Action giveBack) : IDisposable
{
    public void Dispose() => giveBack();
}
