using System.IO.Compression;
using System.Text;

namespace Parley.Models.Whisper;

/// <summary>The figures by which a decoded window is accepted or decoded again at a higher temperature. openai/whisper: whisper/decoding.py, transcribe.py.</summary>
public static class WhisperWindowStatistics
{
    /// <summary>Above it a text repeats itself.</summary>
    public const double MaxCompressionRatio = 2.4;

    /// <summary>Below it the model was guessing.</summary>
    public const double MinAverageLogProbability = -1.0;

    /// <summary>Above it, and guessing, there was no speech.</summary>
    public const double MaxNoSpeechProbability = 0.6;

    /// <summary>The temperatures that are tried in turn.</summary>
    public static IReadOnlyList<float> Temperatures { get; } = [0f, 0.2f, 0.4f, 0.6f, 0.8f, 1f];

    /// <summary>
    /// Bytes of the trimmed text in UTF-8 over the bytes of its zlib form; 0 for an empty text. .NET's zlib needs a byte or two
    /// more than the reference's for some texts.
    /// </summary>
    public static double CompressionRatio(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text.Trim());
        using MemoryStream compressed = new();
        using (ZLibStream zlib = new(compressed, CompressionLevel.Optimal, leaveOpen: true)) // level 6, as the reference
            zlib.Write(bytes);
        return compressed.Length == 0 ? 0 : (double)bytes.Length / compressed.Length;
    }
}
