using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Parley.Server;

/// <summary>A certificate that this machine signs for itself, with all names by which it can be reached in its network.</summary>
internal static class SelfSignedCertificate
{
    /// <summary>Browsers refuse certificates that last longer than 398 days (Apple's HT211025, the CA/Browser Forum's baseline requirements 6.3.2).</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(397);

    /// <summary>Clients whose clocks are behind would find it not yet valid.</summary>
    private static readonly TimeSpan Backdated = TimeSpan.FromDays(1);

    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1"; // RFC 5280 section 4.2.1.12

    /// <returns>A fresh key (P-256) and certificate.</returns>
    public static X509Certificate2 Create(LocalNames names, DateTimeOffset now)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={names.Hosts[0]}, O=Parley", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder alternatives = new();
        foreach (string host in names.Hosts)
            alternatives.AddDnsName(host);
        foreach (IPAddress address in names.Addresses)
            alternatives.AddIpAddress(address);
        request.CertificateExtensions.Add(alternatives.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], critical: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        DateTimeOffset start = now - Backdated;
        return request.CreateSelfSigned(start, start + Lifetime);
    }

    /// <summary>True if the certificate carries every one of the names.</summary>
    public static bool Covers(X509Certificate2 certificate, LocalNames names)
    {
        X509SubjectAlternativeNameExtension? alternatives = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        return alternatives is not null
            && !names.Hosts.Except(alternatives.EnumerateDnsNames(), StringComparer.OrdinalIgnoreCase).Any()
            && !names.Addresses.Except(alternatives.EnumerateIPAddresses()).Any();
    }
}

/// <summary>The names and addresses of this machine.</summary>
/// <param name="Hosts">DNS names; the first names the certificate.</param>
/// <param name="Addresses">Of the interfaces that are up, without link-local ones, and loopback.</param>
internal sealed record LocalNames(IReadOnlyList<string> Hosts, IReadOnlyList<IPAddress> Addresses)
{
    /// <param name="further">Names that the operator adds; addresses among them are fine.</param>
    public static LocalNames Of(IReadOnlyList<string> further)
    {
        string own = Dns.GetHostName().ToLowerInvariant();
        IEnumerable<string> hosts = [own, .. own.Contains('.', StringComparison.Ordinal) ? [] : (string[])[own + ".local"], "localhost", .. further.Where(name => !IPAddress.TryParse(name, out _))];
        IEnumerable<IPAddress> addresses = [IPAddress.Loopback, IPAddress.IPv6Loopback, .. Interfaces(), .. further.Where(name => IPAddress.TryParse(name, out _)).Select(IPAddress.Parse)];
        return new([.. hosts.Where(host => Uri.CheckHostName(host) == UriHostNameType.Dns).Distinct(StringComparer.OrdinalIgnoreCase)], [.. addresses.Distinct()]);
    }

    private static IEnumerable<IPAddress> Interfaces() =>
        from network in NetworkInterface.GetAllNetworkInterfaces()
        where network.OperationalStatus == OperationalStatus.Up && !network.Name.StartsWith("docker", StringComparison.Ordinal) && !network.Name.StartsWith("veth", StringComparison.Ordinal)
        from unicast in network.GetIPProperties().UnicastAddresses
        let address = unicast.Address
        where address.AddressFamily == AddressFamily.InterNetwork || address is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv6LinkLocal: false, IsIPv6SiteLocal: false }
        where !IPAddress.IsLoopback(address) && !address.ToString().StartsWith("169.254.", StringComparison.Ordinal)
        orderby address.ToString()
        select address;
}
