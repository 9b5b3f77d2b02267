namespace Parley.Audio;

/// <summary>
/// The telephone's 8-bit codes (ITU-T G.711), to and from signed 16 bit. A-law carries 13 significant bits, mu-law 14;
/// the decoders give the middle of each step, left-justified in 16 bits.
/// </summary>
public static class G711
{
    private const int MuLawBias = 0x84;
    private const int MuLawClip = 32635;                    // the largest magnitude whose biased value still fits 15 bits

    private static readonly short[] ALawTable = Table(DecodeALawByFormula);
    private static readonly short[] MuLawTable = Table(DecodeMuLawByFormula);

    public static short DecodeALaw(byte code) => ALawTable[code];

    public static short DecodeMuLaw(byte code) => MuLawTable[code];

    /// <summary>The code whose step holds <paramref name="sample"/>; magnitudes above 32635 saturate.</summary>
    public static byte EncodeMuLaw(short sample)
    {
        int sign = sample < 0 ? 0x80 : 0;
        int magnitude = Math.Min(Math.Abs((int)sample), MuLawClip) + MuLawBias;
        int exponent = int.Log2(magnitude) - 7;
        int mantissa = (magnitude >> (exponent + 3)) & 0x0F;
        return (byte)~(sign | (exponent << 4) | mantissa);
    }

    /// <summary>The code whose step holds <paramref name="sample"/>.</summary>
    public static byte EncodeALaw(short sample)
    {
        // A negative value is mirrored by ones' complement, so that both signs have steps of the same width.
        int sign = sample < 0 ? 0 : 0x80;
        int magnitude = sample < 0 ? ~sample : sample;
        int exponent = Math.Max(0, int.Log2(magnitude | 1) - 7);
        int mantissa = (magnitude >> (exponent == 0 ? 4 : exponent + 3)) & 0x0F;
        return (byte)((sign | (exponent << 4) | mantissa) ^ 0x55);
    }

    public static void DecodeALaw(ReadOnlySpan<byte> codes, Span<float> samples)
    {
        for (int i = 0; i < codes.Length; i++)
            samples[i] = Pcm16.ToFloat(ALawTable[codes[i]]);
    }

    public static void DecodeMuLaw(ReadOnlySpan<byte> codes, Span<float> samples)
    {
        for (int i = 0; i < codes.Length; i++)
            samples[i] = Pcm16.ToFloat(MuLawTable[codes[i]]);
    }

    public static void EncodeALaw(ReadOnlySpan<float> samples, Span<byte> codes)
    {
        for (int i = 0; i < samples.Length; i++)
            codes[i] = EncodeALaw(Pcm16.FromFloat(samples[i]));
    }

    public static void EncodeMuLaw(ReadOnlySpan<float> samples, Span<byte> codes)
    {
        for (int i = 0; i < samples.Length; i++)
            codes[i] = EncodeMuLaw(Pcm16.FromFloat(samples[i]));
    }

    private static short DecodeMuLawByFormula(byte code)
    {
        int bits = ~code;
        int exponent = (bits >> 4) & 7;
        int magnitude = ((((bits & 0x0F) << 3) + MuLawBias) << exponent) - MuLawBias;
        return (short)((bits & 0x80) != 0 ? -magnitude : magnitude);
    }

    private static short DecodeALawByFormula(byte code)
    {
        int bits = code ^ 0x55;
        int exponent = (bits >> 4) & 7;
        int mantissa = (bits & 0x0F) << 4;
        int magnitude = exponent == 0 ? mantissa + 8 : (mantissa + 0x108) << (exponent - 1);
        return (short)((bits & 0x80) != 0 ? magnitude : -magnitude);
    }

    private static short[] Table(Func<byte, short> decode) => [.. Enumerable.Range(0, 256).Select(code => decode((byte)code))];
}
