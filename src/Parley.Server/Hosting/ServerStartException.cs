namespace Parley.Server;

/// <summary>The server cannot start. The message is one line that says why and what to do.</summary>
/// <param name="message">For the person who starts it.</param>
/// <param name="exitCode">What the program should end with, by sysexits' numbers.</param>
/// <param name="cause">What the system said.</param>
public sealed class ServerStartException(string message, int exitCode, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>The operating system refused.</summary>
    public const int SystemRefused = 71;

    /// <summary>A port is taken; it may be free later.</summary>
    public const int TryLater = 75;

    /// <summary>A right is missing, or a file is open to others.</summary>
    public const int NoPermission = 77;

    /// <summary>The settings are wrong.</summary>
    public const int Configuration = 78;

    public int ExitCode { get; } = exitCode;
}
