using Microsoft.Extensions.Logging;

namespace Parley.Cli;

/// <summary>Shows the person at the terminal what engines would tell an operator: warnings and worse, one line each, beside the answer and not in it.</summary>
internal sealed class TerminalLog : ILoggerProvider, ILogger
{
    private readonly TextWriter writer;
    private readonly Lock writing = new();

    private TerminalLog(TextWriter writer) => this.writer = writer;

    public static ILoggerFactory Factory(Terminal terminal) => LoggerFactory.Create(logging => logging.AddProvider(new TerminalLog(terminal.Error)));

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Warning and < LogLevel.None;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        lock (writing)
            writer.WriteLine($"({formatter(state, exception)})");
    }

    public void Dispose()
    {
        // The writer is the terminal's.
    }
}
