using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Parley.Server.Tests;

/// <summary>The port behind TLS and its certificate.</summary>
public sealed class HttpsTests : IDisposable
{
    private static readonly LocalNames Names = new(["box", "box.local", "localhost"], [IPAddress.Loopback, IPAddress.Parse("192.168.1.20")]);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("parley-test-");
    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);

    private string Kept => Path.Combine(folder.FullName, "tls", "self-signed.p12");

    [Fact]
    public async Task The_same_routes_are_behind_tls_sockets_among_them()
    {
        await using TestServer server = await TestServer.TalkingAsync();
        Uri https = Assert.Single(server.Addresses, address => address.Scheme == "https");
        X509Certificate2? shown = null;
        using SocketsHttpHandler handler = new() { SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => (shown = new X509Certificate2(certificate!)) is not null } };
        using HttpClient http = new(handler) { BaseAddress = https, DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        Assert.Equal("2.0", (await http.GetAsync("/health/live", TestContext.Current.CancellationToken)).Version.ToString());
        Assert.True(SelfSignedCertificate.Covers(shown!, new(["localhost"], [IPAddress.Loopback, IPAddress.IPv6Loopback])));
        foreach (Version version in (Version[])[HttpVersion.Version11, HttpVersion.Version20])
        {
            using ClientWebSocket socket = new() { Options = { HttpVersion = version, HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact } };
            socket.Options.AddSubProtocol("realtime");
            await socket.ConnectAsync(new UriBuilder(new Uri(https, "/v1/realtime")) { Scheme = "wss" }.Uri, new HttpMessageInvoker(handler, disposeHandler: false), TestContext.Current.CancellationToken);
            Assert.Equal("realtime", socket.SubProtocol);
        }
    }

    [Fact]
    public void A_certificate_is_what_browsers_take()
    {
        X509Certificate2 certificate = SelfSignedCertificate.Create(Names, time.GetUtcNow());
        Assert.InRange((certificate.NotAfter - certificate.NotBefore).TotalDays, 390, 398);
        Assert.True(certificate.NotBefore.ToUniversalTime() <= time.GetUtcNow().UtcDateTime);
        Assert.True(SelfSignedCertificate.Covers(certificate, Names));
        Assert.False(SelfSignedCertificate.Covers(certificate, Names with { Addresses = [IPAddress.Parse("192.168.1.21")] }));
        Assert.False(certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
        Assert.Equal("1.3.6.1.5.5.7.3.1", Assert.Single(certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages.Cast<System.Security.Cryptography.Oid>()).Value);
        Assert.True(certificate.MatchesHostname("192.168.1.20"));
        Assert.True(certificate.MatchesHostname("box.local"));
    }

    [Fact]
    public void It_is_kept_for_the_next_start_closed_to_others()
    {
        string first = Keeper().Current.Thumbprint;
        Assert.Equal(first, Keeper().Current.Thumbprint);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Kept));
            File.SetUnixFileMode(Kept, (UnixFileMode)0b110_100_100);
            Assert.Contains("chmod 600", Assert.Throws<ServerStartException>(() => Keeper()).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void It_is_made_anew_before_it_expires_and_when_the_machine_moves()
    {
        LocalNames names = Names;
        using CertificateKeeper keeper = Keeper(() => names);
        string first = keeper.Current.Thumbprint;
        time.Advance(TimeSpan.FromDays(360));
        keeper.Check();
        Assert.Equal(first, keeper.Current.Thumbprint);
        time.Advance(TimeSpan.FromDays(10));
        keeper.Check();
        string second = keeper.Current.Thumbprint;
        Assert.NotEqual(first, second);
        names = Names with { Addresses = [IPAddress.Parse("10.0.0.7")] };
        keeper.Check();
        Assert.NotEqual(second, keeper.Current.Thumbprint);
        Assert.True(keeper.Current.MatchesHostname("10.0.0.7"));
    }

    [Fact]
    public void A_damaged_one_is_replaced()
    {
        Keeper();
        byte[] damaged = File.ReadAllBytes(Kept);
        damaged[damaged.Length / 2] ^= 1;
        File.WriteAllBytes(Kept, damaged);
        Assert.True(SelfSignedCertificate.Covers(Keeper().Current, Names));
    }

    [Fact]
    public void The_operators_own_is_read_again_when_it_changes()
    {
        (string certificate, string key) = (Path.Combine(folder.FullName, "own.pem"), Path.Combine(folder.FullName, "own.key"));
        X509Certificate2 first = Write(Names);
        using CertificateKeeper keeper = new(new HttpsOptions { CertificateFile = certificate, KeyFile = key }, folder.FullName, time, NullLogger<CertificateKeeper>.Instance);
        Assert.Equal(first.Thumbprint, keeper.Current.Thumbprint);
        X509Certificate2 second = Write(Names);
        File.SetLastWriteTimeUtc(certificate, DateTime.UnixEpoch.AddYears(40));
        keeper.Check();
        Assert.Equal(second.Thumbprint, keeper.Current.Thumbprint);
        File.WriteAllText(certificate, "nonsense");
        keeper.Check();
        Assert.Equal(second.Thumbprint, keeper.Current.Thumbprint);
        Assert.Contains("own.pem", Assert.Throws<ServerStartException>(() => new CertificateKeeper(new HttpsOptions { CertificateFile = certificate, KeyFile = key }, null, time, NullLogger<CertificateKeeper>.Instance)).Message, StringComparison.Ordinal);

        X509Certificate2 Write(LocalNames names)
        {
            X509Certificate2 made = SelfSignedCertificate.Create(names, time.GetUtcNow());
            File.WriteAllText(certificate, made.ExportCertificatePem());
            File.WriteAllText(key, made.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
            return made;
        }
    }

    [Fact]
    public void A_certificate_without_its_key_is_refused_at_the_start() =>
        Assert.Contains("http.https.key_file", Assert.Throws<ServerStartException>(() =>
            ParleyServer.Build(new ServerOptions { Http = { Https = new() { CertificateFile = "own.pem" } } }, new Parley.Engines.EngineCatalogue([]))).Message, StringComparison.Ordinal);

    public void Dispose() => folder.Delete(recursive: true);

    private CertificateKeeper Keeper(Func<LocalNames>? names = null) =>
        new(new HttpsOptions(), folder.FullName, time, NullLogger<CertificateKeeper>.Instance, names ?? (() => Names));
}
