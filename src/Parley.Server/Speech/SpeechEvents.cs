using Parley.Engines;

namespace Parley.Server;

internal sealed record SpeechAudioDelta(string Audio, int Index)
{
    public string Type { get; init; } = "speech.audio.delta";
}

internal sealed record SpeechAudioWords(IReadOnlyList<SpokenWord> Words)
{
    public string Type { get; init; } = "speech.audio.words";
}

internal sealed record SpeechAudioDone(SpeechUsage Usage, string RequestId, double AudioSeconds)
{
    public string Type { get; init; } = "speech.audio.done";
}

internal sealed record SpeechUsage(long InputTokens, long OutputTokens, long TotalTokens);

internal sealed record SpeechAudioError(ApiError Error)
{
    public string Type { get; init; } = "speech.audio.error";
}

/// <summary>A word and when it is heard, in milliseconds from the start of the speech.</summary>
internal sealed record SpokenWord(string Word, int StartMs, int EndMs)
{
    public static SpokenWord Of(WordTiming word) => new(word.Text, (int)word.Start.TotalMilliseconds, (int)word.End.TotalMilliseconds);
}
