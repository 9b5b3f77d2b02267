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
public sealed class VoxtralUtterance : IDisposable
{
    private readonly VoxtralCodecStream codec;
    private readonly List<int> codes = [];
    private int decodedFrames;

    internal VoxtralUtterance(int slot, VoxtralOptions options, VoxtralNoise noise, VoxtralCodecStream codec, int dim, int codesPerFrame)
    {
        Slot = slot;
        Options = options;
        Noise = noise;
        this.codec = codec;
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

    internal VoxtralNoise Noise { get; }

    /// <summary>The decoder's state after the last position.</summary>
    internal float[] Hidden { get; }

    private int CodesPerFrame { get; }

    internal void Add(ReadOnlySpan<int> frame) => codes.AddRange(frame);

    internal ReadOnlySpan<int> LastFrame => CollectionsMarshal.AsSpan(codes)[^CodesPerFrame..];

    /// <summary>Decodes all pending frames.</summary>
    /// <returns>Samples at the model's rate, about -1 to 1, not clipped; valid until the next call.</returns>
    public ReadOnlySpan<float> TakeSamples(CancellationToken cancel)
    {
        if (PendingFrames == 0)
            return [];
        int first = decodedFrames * CodesPerFrame;
        ReadOnlySpan<float> samples = codec.Decode(CollectionsMarshal.AsSpan(codes)[first..], cancel);
        decodedFrames = Frames;
        return samples;
    }

    public void Dispose() => codec.Dispose();
}
