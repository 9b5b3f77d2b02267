using System.Globalization;
using Parley.Graphs;

namespace Parley.Models.Voxtral;

/// <summary>A precision, and why it was taken.</summary>
public sealed record PrecisionChoice(Precision Precision, string Reason);

/// <summary>
/// Which precision <c>auto</c> stands for: the finest whose weights take less than 60 % of the memory and whose weights this machine can
/// read in the time of a frame; where none keeps up, the fastest that fits.
/// </summary>
public static class VoxtralPrecision
{
    private const double MemoryShare = 0.6;

    public static PrecisionChoice Choose(VoxtralConfig config, MachineLimits limits, long availableBytes)
    {
        TimeSpan frame = TimeSpan.FromSeconds(1 / config.AudioModel.AudioEncodingArgs.FrameRate);
        Precision[] candidates = [Precision.F32, Precision.Q8, Precision.Q4, Precision.Q4Fast];
        Precision[] fitting = [.. candidates.Where(precision => Bytes(config, precision).Held < availableBytes * MemoryShare)];
        foreach (Precision precision in fitting)
        {
            double seconds = Bytes(config, precision).ReadPerFrame / limits.ReadBytesPerSecond;
            if (seconds < frame.TotalSeconds)
                return new(precision, string.Create(CultureInfo.InvariantCulture, $"the finest whose weights are read in time: {seconds * 1000:F0} ms of the {frame.TotalMilliseconds:F0} ms of a frame"));
        }
        Precision fastest = fitting.Length > 0 ? fitting[^1] : Precision.Q4Fast;
        return new(fastest, string.Create(CultureInfo.InvariantCulture,
            $"the fastest: reading its weights takes {Bytes(config, fastest).ReadPerFrame / limits.ReadBytesPerSecond * 1000:F0} ms, a frame lasts {frame.TotalMilliseconds:F0} ms, so speech is slower than real time here"));
    }

    /// <summary>Weights in memory, and weights read for one frame: the decoder once, the acoustic transformer in every Euler step.</summary>
    private static (double Held, double ReadPerFrame) Bytes(VoxtralConfig c, Precision precision)
    {
        double bytes = (precision.Bits + (precision.IsQuantized ? 32.0 / precision.BlockSize : 0)) / 8;
        double decoder = bytes * c.NLayers * Layer(c.NHeads, c.NKvHeads, c.HeadDim, c.HiddenDim);
        double acoustic = bytes * c.Acoustic.NLayers * Layer(c.Acoustic.NHeads, c.Acoustic.NKvHeads, c.Acoustic.HeadDim, c.Acoustic.HiddenDim);
        double codec = 4.0 * c.Codec.TransformerLengths.Sum() * c.Codec.Dim * (4.0 * c.Codec.AttentionDim + 3.0 * c.Codec.HiddenDim);
        return (decoder + acoustic + codec, decoder + c.Acoustic.EulerSteps * acoustic + codec / 4); // the codec takes four frames a call

        double Layer(int heads, int kvHeads, int headDim, int hidden) => c.Dim * (2.0 * headDim * (heads + kvHeads) + 3.0 * hidden);
    }
}
