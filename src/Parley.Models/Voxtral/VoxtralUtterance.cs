using System.Runtime.InteropServices;

namespace Parley.Models.Voxtral;

/// <summary>Why an utterance ended.</summary>
public enum VoxtralEnd
{
    /// <summary>It goes on.</summary>
    None,

    /// <summary>The model said END_AUDIO.</summary>
    EndOfSpeech,

    /// <summary>The longest length was reached: the speech is cut off.</summary>
    Length,
}

/// <summary>One utterance in a <see cref="VoxtralBatch"/>: its place in the cache, its codes, its stream through the codec.</summary>
public sealed class VoxtralUtterance
{
    private readonly List<int> codes = [];
    private int decodedFrames;

    internal VoxtralUtterance(int slot, VoxtralOptions options, VoxtralNoise noise, VoxtralCodecStream stream, int dim, int codesPerFrame)
    {
        Slot = slot;
        Options = options;
        Noise = noise;
        Stream = stream;
        Hidden = new float[dim];
        CodesPerFrame = codesPerFrame;
    }

    public VoxtralOptions Options { get; }

    /// <summary>Frames made so far.</summary>
    public int Frames => codes.Count / CodesPerFrame;

    /// <summary>Frames that have not been decoded to samples.</summary>
    public int PendingFrames => Frames - decodedFrames;

    public VoxtralEnd End { get; internal set; }

    /// <summary>All codes so far, as the model counts them (shifted by two), frame after frame.</summary>
    public IReadOnlyList<int> Codes => codes;

    internal int Slot { get; set; }

    internal VoxtralCodecStream Stream { get; }

    internal VoxtralNoise Noise { get; }

    /// <summary>The decoder's state after the last position.</summary>
    internal float[] Hidden { get; }

    private int CodesPerFrame { get; }

    internal void Add(ReadOnlySpan<int> frame) => codes.AddRange(frame);

    internal ReadOnlySpan<int> LastFrame => CollectionsMarshal.AsSpan(codes)[^CodesPerFrame..];

    /// <summary>The codes of the pending frames.</summary>
    internal ReadOnlySpan<int> PendingCodes => CollectionsMarshal.AsSpan(codes)[(decodedFrames * CodesPerFrame)..];

    /// <summary>No frame is pending any more.</summary>
    internal void MarkDecoded() => decodedFrames = Frames;
}
