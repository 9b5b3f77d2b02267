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
        if (Directory.Exists(path))
            throw new CommandException(ExitCodes.NoInput, $"{path} is a folder. Name a recording in it.");
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

    /// <summary>How long a recording is, as its container says; <see langword="null"/> where nobody knows: standard input, ffprobe missing, a container that does not say.</summary>
    public static async Task<TimeSpan?> LengthAsync(string path, CancellationToken cancel)
    {
        try
        {
            return File.Exists(path) ? (await new Ffmpeg().ProbeAsync(path, cancel)).Duration : null;
        }
        catch (Exception fault) when (fault is FfmpegMissingException or AudioFormatException)
        {
            return null; // what is wrong with it is said by the one who decodes it
        }
    }

    /// <summary>Any format in, frames of one rate out.</summary>
    public static IAsyncEnumerable<AudioFrame> DecodeAsync(Stream stream, int sampleRate, CancellationToken cancel) =>
        AudioDecoder.DecodeFramesAsync(stream, sampleRate, cancel: cancel);
}
