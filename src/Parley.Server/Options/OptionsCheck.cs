using System.Net;
using Microsoft.Extensions.Options;
using Parley.Engines;

namespace Parley.Server;

/// <summary>What must hold before the server starts: every value in its range, no two that contradict each other, no door open by accident.</summary>
internal static class OptionsCheck
{
    /// <exception cref="ServerStartException">With all that is wrong.</exception>
    public static void Check(ServerOptions options, EngineCatalogue engines)
    {
        List<string> faults = [];
        ValidateOptionsResult ranges = new ServerOptionsValidator().Validate(null, options);
        if (ranges.Failed)
            faults.AddRange(ranges.Failures);
        AuthOptions auth = options.Auth;
        if (auth.KeysFile is not null && auth.Open)
            faults.Add("auth.keys_file and auth.open (--no-auth) contradict each other: choose one.");
        if (auth.KeysFile is null && !auth.Open && !IPAddress.IsLoopback(options.Http.Listen))
            faults.Add($"Listening on {options.Http.Listen} without a key would open this server to everyone who can reach it. Make a key ('parley key add NAME') and set auth.keys_file, or say --no-auth.");
        if (auth.KeysFile is not null)
        {
            try
            {
                if (ApiKeyFile.Read(auth.KeysFile).Count == 0)
                    faults.Add($"The keys file {auth.KeysFile} has no key in it. 'parley key add NAME' makes one.");
            }
            catch (ApiKeyFileException fault)
            {
                throw new ServerStartException(fault.Message, ServerStartException.NoPermission, fault);
            }
        }
        if (options.Http.Https is { } https && https.CertificateFile is null != https.KeyFile is null)
            faults.Add("http.https.certificate_file and http.https.key_file belong together: set both, or neither for a self-signed certificate.");
        if (options.Neighbour is { } neighbour)
            faults.AddRange(NeighbourCheck.Faults(neighbour));
        foreach (string origin in options.Http.CorsOrigins.Where(origin => origin != "*" && !IsOrigin(origin)))
            faults.Add($"http.cors_origins: '{origin}' is not an origin. Write scheme://host or scheme://host:port.");
        foreach (string name in options.Health.Required.Where(name => !engines.TryFind(name, out _)))
            faults.Add($"health.required: there is no engine '{name}'. {Known(name, engines)}");
        foreach ((string alias, string target) in options.ModelAliases.Where(pair => !engines.TryFind(pair.Value, out _)))
            faults.Add($"model_aliases: '{alias}' leads to '{target}', and there is no such engine. {Known(target, engines)}");
        if (faults.Count > 0)
            throw new ServerStartException(string.Join(Environment.NewLine, faults), ServerStartException.Configuration);
    }

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && text == uri.GetLeftPart(UriPartial.Authority);

    private static string Known(string name, EngineCatalogue engines)
    {
        List<string> known = [.. engines.Engines.Select(engine => engine.Name)];
        return Nearest.Of(name, known) is { } nearest ? $"Did you mean '{nearest}'?" : $"There are: {string.Join(", ", known)}.";
    }
}
