using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Parley.Agent;
using Parley.Engines;
using Parley.Trials;
using Parley.Trials.Guarding;

namespace Parley.Server;

/// <summary>The HTTP server: OpenAI's routes over the engines of a catalogue.</summary>
public static class ParleyServer
{
    /// <summary>Puts the server together; it listens once <see cref="StartAsync"/> is called, and drains and stops on <c>StopAsync</c>, which the program calls when a signal comes.</summary>
    /// <param name="options">Checked here; not to be changed afterwards.</param>
    /// <param name="engines">The engines to serve. The caller owns them and disposes them after the server.</param>
    /// <param name="logging">Adds the places that logs go to; none by default.</param>
    /// <param name="time">Clock of limits, waits and measurements.</param>
    /// <param name="conversations">How realtime conversations behave; <see langword="null"/> for the defaults. Disposed with the server.</param>
    /// <param name="guard">What counts in <c>/v1/moderations</c> when a guard fails; <see langword="null"/> for the defaults.</param>
    /// <param name="voices">Voices that were and will be brought here; without it there are none. The engines must have been made with the same.</param>
    /// <param name="secret">Reads a secret by the name of its variable; for the neighbour's key.</param>
    /// <exception cref="TrialException">The neighbour needs a key that is not set.</exception>
    /// <exception cref="ServerStartException">An option lies outside its range, or two contradict each other; the message names all of them.</exception>
    public static WebApplication Build(ServerOptions options, EngineCatalogue engines, Action<ILoggingBuilder>? logging = null, TimeProvider? time = null,
        ConversationSetup? conversations = null, GuardOptions? guard = null, VoiceLibrary? voices = null, Func<string, string?>? secret = null)
    {
        OptionsCheck.Check(options, engines);
        // A line must end with CR LF; lenient readers before or behind us may split requests elsewhere.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);

        // Neither appsettings.json nor ASPNETCORE_ variables are read: every setting comes from the options.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "parley" });
        logging?.Invoke(builder.Logging);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => Listeners.Configure(kestrel, options));
        builder.Services.AddRoutingCore();
        builder.Services.AddCors(cors => cors.AddDefaultPolicy(policy => policy.WithOrigins([.. options.Http.CorsOrigins]).AllowAnyHeader().AllowAnyMethod()));
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Compact);
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.Drain.Listen + options.Drain.Requests + TimeSpan.FromSeconds(1));
        builder.Services.AddSingleton<IHostLifetime, QuietLifetime>();
        AddServices(builder.Services, options, engines, voices, time ?? TimeProvider.System);
        builder.Services.AddSingleton(_ => conversations ?? new ConversationSetup(new ConversationOptions())); // made by a factory, so that it is disposed
        builder.Services.AddSingleton(guard ?? new GuardOptions());
        if (options.Neighbour is { } neighbour)
            AddNeighbour(builder.Services, neighbour, NeighbourProbes.Open(NeighbourCheck.Plan(neighbour), secret ?? (_ => null), time ?? TimeProvider.System, run: ""));
        builder.Services.AddTelemetry(options.Telemetry);
        builder.Services.AddApiDescription();

        WebApplication app = builder.Build();
        app.UseMiddleware<RequestId>();
        app.UseMiddleware<ErrorAnswers>();
        // The read of a pong happens also while nobody waits for a message; a client without an answer is cut.
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.FromSeconds(15), KeepAliveTimeout = TimeSpan.FromSeconds(20) });
        app.UseMiddleware<EdgeGuard>();
        app.UseRouting();
        app.UseMiddleware<PortGuard>();
        app.UseCors();
        app.UseMiddleware<AccessControl>();
        app.UseMiddleware<DrainGate>();
        SpeechEndpoints.Map(app);
        ModelEndpoints.Map(app);
        VoiceEndpoints.Map(app);
        TranscriptionEndpoints.Map(app);
        ChatEndpoints.Map(app);
        ModerationEndpoints.Map(app);
        RealtimeEndpoints.Map(app);
        TelephonyEndpoints.Map(app);
        LegacyEndpoints.Map(app);
        HealthEndpoints.Map(app);
        ServerEndpoints.Map(app);
        TrialEndpoints.Map(app);
        PageEndpoints.Map(app);
        app.MapTelemetry();
        app.MapApiDescription();
        return app;
    }

    /// <summary>Starts listening.</summary>
    /// <exception cref="ServerStartException">The address cannot be used; the message says which and what to do.</exception>
    public static Task StartAsync(WebApplication app, CancellationToken cancel = default) => Listeners.StartAsync(app, cancel);

    private static void AddNeighbour(IServiceCollection services, NeighbourOptions neighbour, INeighbourProbe probe)
    {
        services.AddSingleton(neighbour);
        services.AddSingleton(_ => probe); // made by a factory, so that it is disposed
        services.AddSingleton<NeighbourWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<NeighbourWatch>());
    }

    private static void AddServices(IServiceCollection services, ServerOptions options, EngineCatalogue engines, VoiceLibrary? voices, TimeProvider time)
    {
        services.AddSingleton(options);
        services.AddSingleton(engines);
        services.AddSingleton(time);
        services.AddSingleton(new Admission(options.Queue, time));
        services.AddSingleton<Drain>();
        services.AddHostedService<DrainService>();
        if (options.Auth.KeysFile is { } keys)
            services.AddSingleton(provider => new KeyRing(keys, options.Auth, time, provider.GetRequiredService<ILogger<KeyRing>>()));
        if (options.Http.Https is { } https)
        {
            services.AddSingleton(provider => new CertificateKeeper(https, options.DataFolder, time, provider.GetRequiredService<ILogger<CertificateKeeper>>()));
            services.AddHostedService(provider => provider.GetRequiredService<CertificateKeeper>());
        }
        services.AddSingleton(provider => new BaselineFile(options.DataFolder, provider.GetRequiredService<ILogger<BaselineFile>>()));
        services.AddSingleton<HealthMonitor>();
        services.AddSingleton<ServerMeasures>();
        services.AddSingleton<Warmup>();
        services.AddHostedService(provider => provider.GetRequiredService<Warmup>());
        services.AddSingleton(new EngineDirectory(engines, options, voices));
        services.AddSingleton<EngineWork>();
        services.AddSingleton<ClientSecrets>();
        services.AddSingleton<KeyCheck>();
        services.AddSingleton<RealtimeWork>();
        services.AddSingleton<SessionFactory>();
        services.AddSingleton<RealtimeEndpoints>();
        services.AddSingleton<TelephonyEndpoints>();
        services.AddSingleton<SpeechEndpoints>();
        services.AddSingleton<ModelEndpoints>();
        services.AddSingleton(provider => new VoiceEndpoints(voices, provider.GetRequiredService<EngineDirectory>(), options, provider.GetRequiredService<ILogger<VoiceEndpoints>>()));
        services.AddSingleton<ChatEndpoints>();
        services.AddSingleton<ModerationEndpoints>();
        services.AddSingleton<TranscriptionEndpoints>();
        services.AddSingleton<LegacyEndpoints>();
        services.AddSingleton<HealthEndpoints>();
        services.AddSingleton<ServerEndpoints>();
        services.AddSingleton<TrialEndpoints>();
    }
}
