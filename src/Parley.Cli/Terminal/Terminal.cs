using Spectre.Console;

namespace Parley.Cli;

/// <summary>Where a command reads and writes, so that a test can stand in for the process.</summary>
internal sealed class Terminal
{
    private volatile Action? interrupted;

    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    /// <summary>Opens standard input for bytes.</summary>
    public required Func<Stream> OpenInput { get; init; }

    /// <summary>Opens standard output for bytes.</summary>
    public required Func<Stream> OpenOutput { get; init; }

    /// <summary>True if a person writes the input, line by line.</summary>
    public bool IsInInteractive { get; init; }

    /// <summary>True if a person reads <see cref="Out"/>: tables have lines and colour.</summary>
    public bool IsOutInteractive { get; init; }

    /// <summary>True if a person reads <see cref="Error"/>: progress is drawn there.</summary>
    public bool IsErrorInteractive { get; init; }

    public IAnsiConsole OutConsole => field ??= Draw(Out, IsOutInteractive);

    public IAnsiConsole ErrorConsole => field ??= Draw(Error, IsErrorInteractive);

    /// <summary>Takes Ctrl-C for something smaller than the program, as long as the returned object lives.</summary>
    /// <param name="stop">Called instead of ending the program.</param>
    public IDisposable OnInterrupt(Action stop)
    {
        interrupted = stop;
        return new Interrupts(this);
    }

    /// <summary>Ctrl-C was pressed.</summary>
    /// <returns>True if something took it; else it is for the program.</returns>
    public bool Interrupt()
    {
        Action? stop = interrupted;
        stop?.Invoke();
        return stop is not null;
    }

    public static Terminal OfProcess() => new()
    {
        Out = Console.Out,
        Error = Console.Error,
        OpenInput = Console.OpenStandardInput,
        OpenOutput = Console.OpenStandardOutput,
        IsInInteractive = !Console.IsInputRedirected,
        IsOutInteractive = !Console.IsOutputRedirected,
        IsErrorInteractive = !Console.IsErrorRedirected,
    };

    private static IAnsiConsole Draw(TextWriter writer, bool isInteractive) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new AnsiConsoleOutput(writer),
        Ansi = isInteractive ? AnsiSupport.Detect : AnsiSupport.No,
        Interactive = isInteractive ? InteractionSupport.Detect : InteractionSupport.No,
    });

    private sealed class Interrupts(Terminal terminal) : IDisposable
    {
        public void Dispose() => terminal.interrupted = null;
    }
}
