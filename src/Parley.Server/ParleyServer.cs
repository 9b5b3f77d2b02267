using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Parley.Engines;

namespace Parley.Server;

/// <summary>The HTTP server: OpenAI's routes over the engines of a catalogue.</summary>
public static class ParleyServer
{
    /// <summary>Puts the server together; it listens once <see cref="StartAsync"/> is called.</summary>
    /// <param name="options">Checked here; not to be changed afterwards.</param>
    /// <param name="engines">The engines to serve. The caller owns them.</param>
    /// <param name="logging">Adds the places that logs go to; none by default.</param>
    /// <param name="time">Clock of limits, waits and measurements.</param>
    /// <exception cref="OptionsValidationException">A value lies outside its range; the message names all of them.</exception>
    public static WebApplication Build(ServerOptions options, EngineCatalogue engines, Action<ILoggingBuilder>? logging = null, TimeProvider? time = null)
    {
        ValidateOptionsResult check = new ServerOptionsValidator().Validate(null, options);
        if (check.Failed)
            throw new OptionsValidationException(nameof(ServerOptions), typeof(ServerOptions), check.Failures);

        // The environment and appsettings.json are not read: every setting comes from the options.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "parley" });
        logging?.Invoke(builder.Logging);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, options));
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(engines);
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddSingleton(services => new Admission(options.Queue, services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton<Drain>();
        builder.Services.AddSingleton<EngineDirectory>();
        builder.Services.AddSingleton<SpeechEndpoints>();

        WebApplication app = builder.Build();
        app.UseMiddleware<RequestId>();
        app.UseMiddleware<ErrorAnswers>();
        app.UseRouting();
        SpeechEndpoints.Map(app);
        app.MapFallback(context => throw ApiException.UnknownRoute(context.Request.Method, context.Request.Path));
        return app;
    }

    private static void Listen(KestrelServerOptions kestrel, ServerOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = options.Http.MaxConnections;
        kestrel.Limits.MaxRequestBodySize = options.Limits.JsonBytes;
        kestrel.Listen(options.Http.Listen, options.Http.Port);
    }

    /// <summary>Starts listening.</summary>
    public static Task StartAsync(WebApplication app, CancellationToken cancel = default) => app.StartAsync(cancel);
}
