using Parley.Audio;

namespace Parley.Cli;

/// <summary>The recording that a command was given: a file, or standard input.</summary>
internal static class SoundInput
{
    /// <param name="path">A path, or <c>-</c> for standard input.</param>
    /// <param name="terminal">Whose standard input.</param>
    /// <exception cref="CommandException">There is no such file, or it cannot be read.</exception>
    public static Stream Open(string path, Terminal terminal)
    {
        if (path == "-")
            return terminal.OpenInput();
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CommandException(ExitCodes.NoInput, $"There is no file {path}.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCodes.NoInput, $"Cannot read {path}: {fault.Message}");
        }
    }

    /// <summary>Any format in, frames of one rate out.</summary>
    public static IAsyncEnumerable<AudioFrame> DecodeAsync(Stream stream, int sampleRate, CancellationToken cancel) =>
        AudioDecoder.DecodeFramesAsync(stream, sampleRate, cancel: cancel);
}
