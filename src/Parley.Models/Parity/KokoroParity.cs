using System.Numerics.Tensors;
using System.Text.Json;
using Parley.Graphs;
using Parley.Models.Kokoro;
using Parley.Models.Misaki;

namespace Parley.Models.Parity;

/// <summary>
/// The kind <c>kokoro</c> of the starter voice's goldens: phonemes and ids always; the sound where the network of the case lies at
/// <c>models/kokoro</c> beside <c>models/starter</c> (92 MB, not in the repository).
/// </summary>
internal static class KokoroParity
{
    public static IEnumerable<ParityRow> Compare(string folder, string hibariFolder, CancellationToken cancel)
    {
        using Checkpoint expected = Checkpoint.Open(Path.Combine(folder, "expected.safetensors"));
        using JsonDocument story = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "case.json")));
        string phonemes = story.RootElement.GetProperty("phonemes").GetString()!;
        using MisakiFrontEnd frontEnd = MisakiFrontEnd.Open(hibariFolder, EnglishAccent.American);
        IReadOnlyList<Sentence> sentences = frontEnd.Read(story.RootElement.GetProperty("text").GetString()!, ReadingMode.Faithful);
        yield return ParityRow.Identical("phonemes", [phonemes], [.. sentences.Select(sentence => sentence.Phonemes)]);
        long[] ids = PhonemeVocabulary.Read(Path.Combine(hibariFolder, "vocab.json")).Encode(phonemes);
        yield return ParityRow.Identical("tokens", expected.Tensor("tokens").ReadI64(), ids);
        yield return ParityRow.Identical("style row", [story.RootElement.GetProperty("style_row").GetInt32()], [KokoroStyles.Row(phonemes.Length)]);

        string model = Path.Combine(hibariFolder, "..", "..", "kokoro", story.RootElement.GetProperty("model").GetString()!);
        if (!File.Exists(model))
            yield break;
        using KokoroNetwork network = KokoroNetwork.Open(model);
        (float[] wave, _) = network.Run(ids, expected.Tensor("style").ReadF32(), expected.Tensor("speed").ReadF32()[0], cancel);
        float[] stored = expected.Tensor("audio_i16").ReadF32();
        TensorPrimitives.Divide(stored, 32767, stored);
        yield return ParityRow.Within("audio", stored, wave, 1e-3);
    }
}
