namespace Parley.Audio;

/// <summary>The program that reads and writes every format but WAV and Opus is not there.</summary>
public sealed class FfmpegMissingException(string program, Exception inner) : Exception(
    $"{program} is not installed, and formats other than WAV are read and written by it. Install it: sudo apt-get install -y ffmpeg", inner);
