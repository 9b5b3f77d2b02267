using System.Text;

namespace Parley.Models.Piper;

/// <summary>Phonemes to a Piper network's ids: begin, then a pad, then every phoneme with a pad behind it, then end.</summary>
public static class PiperIds
{
    internal const string Pad = "_", Begin = "^", End = "$";

    /// <summary>Takes one sentence in IPA with its marks; decomposes it. Code points that the voice does not know are left out.</summary>
    public static long[] Encode(string phonemes, PiperConfig config)
    {
        long[] pad = config.PhonemeIdMap[Pad];
        List<long> ids = [.. config.PhonemeIdMap[Begin], .. pad];
        foreach (Rune phoneme in phonemes.Normalize(NormalizationForm.FormD).EnumerateRunes())
        {
            if (!config.PhonemeIdMap.TryGetValue(phoneme.ToString(), out long[]? known))
                continue;
            ids.AddRange(known);
            ids.AddRange(pad);
        }
        ids.AddRange(config.PhonemeIdMap[End]);
        return [.. ids];
    }
}
