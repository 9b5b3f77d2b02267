using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Parley.Server;

/// <summary>
/// The certificate of the HTTPS port: the operator's own, read again when its file changes, or one that is made here, kept in the
/// data folder, and made anew before it expires or when the machine has an address that it lacks. Connections take the one that is
/// current when they begin.
/// </summary>
internal sealed partial class CertificateKeeper : IHostedService, IDisposable
{
    /// <summary>Renewed while this much of its life is left.</summary>
    public static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    private static readonly TimeSpan LookAgain = TimeSpan.FromMinutes(5);

    private readonly HttpsOptions options;
    private readonly string? path;
    private readonly TimeProvider time;
    private readonly ILogger<CertificateKeeper> log;
    private readonly Func<LocalNames> names;
    private volatile X509Certificate2 current;
    private DateTime written;
    private ITimer? timer;

    /// <param name="options">The operator's own certificate, or further names for ours.</param>
    /// <param name="dataFolder">Where ours is kept; <see langword="null"/> to make one at every start.</param>
    /// <param name="time">Clock.</param>
    /// <param name="log">Log.</param>
    /// <param name="names">The machine's names; asked again and again.</param>
    /// <exception cref="ServerStartException">A file cannot be read, is damaged, or is open to others.</exception>
    public CertificateKeeper(HttpsOptions options, string? dataFolder, TimeProvider time, ILogger<CertificateKeeper> log, Func<LocalNames>? names = null)
    {
        this.options = options;
        path = dataFolder is null ? null : Path.Combine(dataFolder, "tls", "self-signed.p12");
        this.time = time;
        this.log = log;
        this.names = names ?? (() => LocalNames.Of(options.Names));
        current = options.CertificateFile is not null ? ReadOwn() : ReadKept() is { } kept && IsGood(kept) ? kept : Make();
    }

    /// <summary>For new connections.</summary>
    public X509Certificate2 Current => current;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        timer = time.CreateTimer(_ => Check(), null, LookAgain, LookAgain);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => timer?.Dispose();

    /// <summary>Replaces the certificate if it is time. The one before is left to the connections that use it.</summary>
    public void Check()
    {
        try
        {
            if (options.CertificateFile is null)
                current = IsGood(current) ? current : Make();
            else if (File.GetLastWriteTimeUtc(options.CertificateFile) != written)
                current = ReadOwn();
        }
        catch (ServerStartException fault)
        {
            LogKept(fault.Message);
        }
    }

    private bool IsGood(X509Certificate2 certificate) =>
        certificate.NotAfter.ToUniversalTime() - time.GetUtcNow().UtcDateTime > RenewBefore && SelfSignedCertificate.Covers(certificate, names());

    private X509Certificate2 Make()
    {
        X509Certificate2 made = SelfSignedCertificate.Create(names(), time.GetUtcNow());
        if (path is not null)
        {
            try
            {
                PrivateFile.Write(path, stream => stream.Write(made.ExportPkcs12(Pkcs12ExportPbeParameters.Pbes2Aes256Sha256, password: null)));
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                // It serves all the same; the next start makes another, and browsers will warn again.
                LogNotWritten(path, fault.Message);
            }
        }
        LogMade(made.NotAfter.ToUniversalTime(), made.GetCertHashString(HashAlgorithmName.SHA256));
        return made;
    }

    private X509Certificate2? ReadKept()
    {
        if (path is null || !File.Exists(path))
            return null;
        if (PrivateFile.IsOpenToOthers(path))
            throw new ServerStartException($"The certificate {path} holds a private key and may be read or changed by others. Run: chmod 600 {path}", ServerStartException.NoPermission);
        try
        {
            return X509CertificateLoader.LoadPkcs12FromFile(path, password: null);
        }
        catch (CryptographicException fault)
        {
            LogDamaged(path, fault.Message);
            return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new ServerStartException($"The certificate {path} cannot be read: {fault.Message}", ServerStartException.NoPermission, fault);
        }
    }

    private X509Certificate2 ReadOwn()
    {
        try
        {
            written = File.GetLastWriteTimeUtc(options.CertificateFile!);
            return X509Certificate2.CreateFromPemFile(options.CertificateFile!, options.KeyFile);
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new ServerStartException($"The certificate {options.CertificateFile} with the key {options.KeyFile} cannot be read: {fault.Message} Both must be PEM, and the key not encrypted.", ServerStartException.Configuration, fault);
        }
    }

    [LoggerMessage(3311, LogLevel.Information, "Made a self-signed certificate, good until {NotAfter:yyyy-MM-dd}; SHA-256 fingerprint {Fingerprint}")]
    private partial void LogMade(DateTime notAfter, string fingerprint);

    [LoggerMessage(3312, LogLevel.Warning, "The self-signed certificate cannot be kept in {Path}: {Problem}")]
    private partial void LogNotWritten(string path, string problem);

    [LoggerMessage(3313, LogLevel.Warning, "The self-signed certificate in {Path} is damaged and is replaced: {Problem}")]
    private partial void LogDamaged(string path, string problem);

    [LoggerMessage(3314, LogLevel.Error, "The certificate stays as it is: {Problem}")]
    private partial void LogKept(string problem);
}
