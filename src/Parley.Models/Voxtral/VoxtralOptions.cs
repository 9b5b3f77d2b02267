namespace Parley.Models.Voxtral;

/// <summary>How to speak one utterance.</summary>
public sealed record VoxtralOptions
{
    /// <summary>Seed of the noise that the acoustic codes start from: the same seed gives the same speech. Default 0.</summary>
    public long Seed { get; init; }

    /// <summary>Weight of the guided direction in the flow matching, 0 to 10: the reference's <c>cfg_alpha</c>. Default 1.2; 1 is no guidance.</summary>
    public float CfgAlpha
    {
        get;
        init => field = value is >= 0 and <= 10 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "cfg_alpha is from 0 to 10.");
    } = 1.2f;

    /// <summary>Euler steps of the flow matching, 1 to 64; null for the checkpoint's own (7 as published). Fewer change the speech.</summary>
    public int? Steps
    {
        get;
        init => field = value is null or (>= 1 and <= 64) ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "The flow matching takes 1 to 64 steps.");
    }

    /// <summary>The longest utterance, in codec frames of 80 ms: 1 to 4000. Default 2048 (164 s), as in the reference's deployment.</summary>
    public int MaxCodecFrames
    {
        get;
        init => field = value is >= 1 and <= 4000 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "An utterance has 1 to 4000 frames.");
    } = 2048;
}
