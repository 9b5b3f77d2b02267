using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Parley.Server;

/// <summary>What a port is for.</summary>
internal enum Listener
{
    /// <summary>Everything.</summary>
    Main,

    /// <summary>The port on which older stacks spoke.</summary>
    LegacySpeech,

    /// <summary>The ports on which older stacks listened.</summary>
    LegacyTranscription,
}

/// <summary>The ports of the server.</summary>
internal static class Listeners
{
    private const int DefaultHttpsPort = 8085;

    private static readonly object Mark = new();

    public static void Configure(KestrelServerOptions kestrel, ServerOptions options)
    {
        kestrel.AddServerHeader = false;
        KestrelServerLimits limits = kestrel.Limits;
        limits.MaxConcurrentConnections = options.Http.MaxConnections;
        limits.MaxRequestBodySize = options.Limits.JsonBytes; // routes that take more say so
        limits.MaxRequestHeadersTotalSize = 16 * 1024;
        limits.MaxRequestHeaderCount = 64;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(75);

        Listen(options.Http.Port, Listener.Main);
        if (options.Http.LegacyPorts is { } legacy)
        {
            Listen(legacy.Speech, Listener.LegacySpeech);
            Listen(legacy.Transcription, Listener.LegacyTranscription);
            Listen(legacy.SecondTranscription, Listener.LegacyTranscription);
        }
        if (options.Http.Https is { } https)
        {
            CertificateKeeper certificate = kestrel.ApplicationServices.GetRequiredService<CertificateKeeper>();
            kestrel.Listen(options.Http.Listen, HttpsPort(options.Http, https), listen => listen.UseHttps(tls => tls.ServerCertificateSelector = (_, _) => certificate.Current));
        }

        void Listen(int port, Listener listener) => kestrel.Listen(options.Http.Listen, port, listen => listen.Use(next => connection =>
        {
            connection.Items[Mark] = listener;
            return next(connection);
        }));
    }

    private static int HttpsPort(HttpOptions http, HttpsOptions https) => https.Port ?? (http.Port == 0 ? 0 : DefaultHttpsPort);

    /// <summary>True if a request may have this route by the port it came in by: the old ports serve their few routes, the main one all.</summary>
    public static bool Serves(HttpContext context) => Of(context) switch
    {
        Listener.Main => true,
        Listener listener => context.GetEndpoint()?.Metadata.GetOrderedMetadata<LegacyRoute>().Any(route => route.Port == listener) == true,
    };

    /// <summary>The port that a request came in by.</summary>
    public static Listener Of(HttpContext context) =>
        context.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(Mark, out object? listener) == true ? (Listener)listener! : Listener.Main;

    /// <exception cref="ServerStartException">The address cannot be used.</exception>
    public static async Task StartAsync(WebApplication app, CancellationToken cancel)
    {
        try
        {
            await app.StartAsync(cancel);
        }
        catch (IOException fault) when (fault.InnerException is AddressInUseException)
        {
            throw new ServerStartException($"{Where(app)} is in use by another program. Stop that one, or choose another port: parley up --port N.", ServerStartException.TryLater, fault);
        }
        catch (SocketException fault) when (fault.SocketErrorCode == SocketError.AccessDenied)
        {
            throw new ServerStartException($"{Where(app)} needs rights that this user does not have. Choose a port above 1023: parley up --port N.", ServerStartException.NoPermission, fault);
        }
        catch (Exception fault) when (fault is SocketException or IOException)
        {
            throw new ServerStartException($"{Where(app)} cannot be listened on ({fault.Message}). Is the address one of this machine's?", ServerStartException.SystemRefused, fault);
        }
    }

    private static string Where(WebApplication app)
    {
        ServerOptions options = app.Services.GetRequiredService<ServerOptions>();
        HttpOptions http = options.Http;
        List<int> ports = [http.Port];
        if (http.LegacyPorts is { } legacy)
            ports.AddRange([legacy.Speech, legacy.Transcription, legacy.SecondTranscription]);
        if (http.Https is { } https)
            ports.Add(HttpsPort(http, https));
        // Kestrel names the address only in its message; trying each port again tells which it is.
        int taken = ports.Find(port => !IsFree(http.Listen, port));
        return $"Port {(taken == 0 ? http.Port : taken)} on {http.Listen}";
    }

    private static bool IsFree(IPAddress address, int port)
    {
        try
        {
            using Socket probe = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(new IPEndPoint(address, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
