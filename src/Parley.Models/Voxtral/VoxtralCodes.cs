namespace Parley.Models.Voxtral;

/// <summary>
/// How the model counts codes: in every codebook 0 is EMPTY_AUDIO, 1 is END_AUDIO, and real codes follow, shifted by two. A frame is one
/// semantic code, then the acoustic ones.
/// </summary>
internal static class VoxtralCodes
{
    public const int Empty = 0;

    /// <summary>A frame with this semantic code ends the speech and carries no sound.</summary>
    public const int EndAudio = 1;

    /// <summary>What real codes are shifted by.</summary>
    public const int Marks = 2;

    /// <summary>Codes of one frame.</summary>
    public static int PerFrame(VoxtralAudioModel model) => 1 + model.NAcousticCodebook;

    /// <summary>The row of the audio code table where a codebook begins: 0, 8194, 8217, 8240 ... as published.</summary>
    public static int TableOffset(VoxtralAudioModel model, int codebook) =>
        codebook == 0 ? 0 : model.SemanticCodebookSize + Marks + (codebook - 1) * (model.AcousticCodebookSize + Marks);

    /// <summary>
    /// The code of a flow-matching result: clamped to -1 ... 1, spread over the levels, rounded half to even as torch does, shifted.
    /// </summary>
    public static int Quantize(float x, int levels) => (int)MathF.Round((Math.Clamp(x, -1, 1) + 1) / 2 * (levels - 1), MidpointRounding.ToEven) + Marks;

    /// <summary>The value of an acoustic code in the codec, -1 to 1.</summary>
    public static float Dequantize(int code, int levels) => (code - Marks) * 2f / (levels - 1) - 1;
}
