using System.ComponentModel.DataAnnotations;

namespace Parley.Server;

/// <summary>The same routes behind TLS: browsers give the microphone only to https and to localhost.</summary>
public sealed class HttpsOptions
{
    /// <summary>TCP port, 0 to 65535; 0 takes a free one. Default 8085, or a free one where <see cref="HttpOptions.Port"/> is 0.</summary>
    [Range(0, 65535)]
    public int? Port { get; set; }

    /// <summary>
    /// Certificate of your own with its chain, PEM; needs <c>http.https.key_file</c>. Default: one is made and signed by itself, kept in the
    /// data folder and renewed before it expires.
    /// </summary>
    public string? CertificateFile { get; set; }

    /// <summary>Its private key, PEM, not encrypted.</summary>
    public string? KeyFile { get; set; }

    /// <summary>Names that the self-signed certificate carries besides localhost, the machine's own and its addresses. Default none.</summary>
    public IReadOnlyList<string> Names { get; set; } = [];
}
