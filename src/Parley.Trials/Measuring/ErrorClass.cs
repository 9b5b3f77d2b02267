namespace Parley.Trials.Measuring;

/// <summary>Why a call brought no valid sound. A closed list; the words stand in results.</summary>
public static class ErrorClass
{
    public const string ConnectTimeout = "connect_timeout", WriteTimeout = "write_timeout", ReadTimeout = "read_timeout", CapTimeout = "cap_timeout",
        Http4xx = "http_4xx", Http5xx = "http_5xx", Refused = "refused", Reset = "reset", BadWav = "bad_wav", Empty = "empty", Silent = "silent",
        Truncated = "truncated";

    /// <summary>The engine of this process or the program failed by itself.</summary>
    public const string Engine = "engine_failed";

    public static bool IsTimeout(string? error) => error is ConnectTimeout or WriteTimeout or ReadTimeout or CapTimeout;

    /// <summary>Nothing was said about the text: the server is not there, or not yet.</summary>
    public static bool IsAbsence(string? error, int? status) => error is Refused or ConnectTimeout || status is 502 or 503 or 504;
}
