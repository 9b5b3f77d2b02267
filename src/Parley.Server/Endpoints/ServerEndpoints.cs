using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Parley.Server;

/// <summary>What runs here: <c>/version</c> and <c>/v1/server</c>.</summary>
internal sealed class ServerEndpoints(ServerOptions options)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapApi("GET", "/version", RouteAccess.Everyone, () => TypedResults.Ok(new VersionAnswer(HealthMonitor.Version)))
            .WithName("version").WithTags("Server").WithSummary("The program's version.");
        routes.MapApi("GET", "/v1/server", RouteAccess.Listing, (ServerEndpoints server) => server.Describe())
            .WithName("describeServer").WithTags("Server").WithSummary("Version, formats and limits of this server.");
    }

    private Ok<ServerAnswer> Describe() => TypedResults.Ok(new ServerAnswer(
        HealthMonitor.Version, RuntimeInformation.FrameworkDescription, RuntimeInformation.ProcessArchitecture.ToString(), Environment.ProcessorCount,
        [.. SpeechFormats.All.Select(format => format.Name)], SpeechFormats.Default().Name,
        options.Auth.KeysFile is null ? "none" : "keys",
        new LimitsAnswer(options.Limits.JsonBytes, options.Limits.ChatBytes, options.Limits.UploadBytes, options.Limits.VoiceBytes, options.Limits.AudioDuration.TotalSeconds,
            options.Limits.BufferedCharacters, options.Limits.StreamedCharacters, options.Limits.FirstAudio.TotalSeconds, options.Limits.IdleReader.TotalSeconds,
            options.Limits.Total.TotalSeconds, options.Queue.Waiting, options.Queue.MaxWait.TotalSeconds)));
}

internal sealed record VersionAnswer(string Version);

internal sealed record ServerAnswer(
    string Version, string Runtime, string Architecture, int Cores, IReadOnlyList<string> SpeechFormats, string DefaultSpeechFormat, string Auth, LimitsAnswer Limits);

/// <summary>The limits, in bytes, seconds and characters.</summary>
internal sealed record LimitsAnswer(
    long JsonBytes, long ChatBytes, long UploadBytes, long VoiceBytes, double AudioSeconds, int BufferedCharacters, int StreamedCharacters,
    double FirstAudioSeconds, double IdleReaderSeconds, double TotalSeconds, int QueueWaiting, double QueueWaitSeconds);
