namespace Parley.Models.Voxtral;

/// <summary>
/// When frames go through the codec: the first at once, so that speech begins, then two, then four at a time, because the codec reads all
/// its weights for every call. Any chunking gives the same samples.
/// </summary>
public static class VoxtralChunks
{
    private const int Most = 4; // 320 ms of sound

    public static bool IsDue(VoxtralUtterance utterance)
    {
        int decoded = utterance.Frames - utterance.PendingFrames;
        int wanted = decoded == 0 ? 1 : Math.Min(decoded + 1, Most);
        return utterance.PendingFrames >= wanted || (utterance.End != VoxtralEnd.None && utterance.PendingFrames > 0);
    }
}
