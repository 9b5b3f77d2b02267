namespace Parley.Cli;

/// <summary>What the program ends with; numbers as in <c>sysexits.h</c>, so that service managers know whether a restart helps.</summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>Something that nobody foresaw, or a comparison that did not pass.</summary>
    public const int Failure = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 64;

    /// <summary>The input is there but is not what it should be: a damaged model, a file that is no sound.</summary>
    public const int Data = 65;

    /// <summary>An input is missing.</summary>
    public const int NoInput = 66;

    /// <summary>A program or server that is needed is not there.</summary>
    public const int Unavailable = 69;

    /// <summary>Output cannot be written.</summary>
    public const int CannotCreate = 73;

    /// <summary>Something is held by another process; later it may work.</summary>
    public const int Temporary = 75;

    /// <summary>A file's mode or owner forbids it.</summary>
    public const int Permission = 77;

    /// <summary>The configuration is wrong.</summary>
    public const int Configuration = 78;

    /// <summary>Ctrl-C before the result was there, as shells count it; a server that was told to stop has ended well.</summary>
    public const int Interrupted = 130;
}
