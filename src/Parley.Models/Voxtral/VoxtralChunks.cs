namespace Parley.Models.Voxtral;

/// <summary>
/// When frames go through the codec: the first at once, so that speech begins, then two, then every four steps of the batch, because
/// the codec reads all its weights for every call: so the utterances of a batch fall into step and share them. Any chunking gives the
/// same samples.
/// </summary>
public static class VoxtralChunks
{
    private const int Most = 4; // 320 ms of sound

    /// <param name="utterance">The utterance.</param>
    /// <param name="steps">Of its batch (<see cref="VoxtralBatch.Steps"/>).</param>
    public static bool IsDue(VoxtralUtterance utterance, long steps)
    {
        int pending = utterance.PendingFrames, decoded = utterance.Frames - pending;
        if (pending == 0)
            return false;
        return utterance.End != VoxtralEnd.None || (decoded < Most - 1 ? pending > decoded : steps % Most == 0);
    }
}
