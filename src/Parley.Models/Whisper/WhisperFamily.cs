namespace Parley.Models.Whisper;

/// <summary>One of the published Whisper models, told by its sizes. A fine-tuned model has those of its parent.</summary>
/// <param name="Name">As OpenAI and Hugging Face write it: <c>base</c>, <c>tiny.en</c>, <c>large-v3-turbo</c>, <c>distil-large-v3</c>.</param>
/// <param name="IsEnglishOnly">True for <c>.en</c> models, and for distilled ones, which answer in English whatever they hear.</param>
/// <param name="CanTranslate">True if the model was trained to translate into English; turbo was not.</param>
/// <param name="AlignmentHeads">
/// The name of the model whose cross-attention heads tell when a word is spoken (openai/whisper: whisper/__init__.py,
/// _ALIGNMENT_HEADS); <see langword="null"/> where none were published: then those of the upper half of the layers.
/// </param>
public sealed record WhisperFamily(string Name, bool IsEnglishOnly, bool CanTranslate, string? AlignmentHeads)
{
    internal static WhisperFamily Of(WhisperConfig sizes, WhisperVocabulary vocabulary, string path)
    {
        bool english = !vocabulary.IsMultilingual;
        bool isThird = vocabulary.Languages == 100;
        string? name = (sizes.AudioLayers, sizes.TextLayers, sizes.Width) switch
        {
            (4, 4, 384) => "tiny",
            (6, 6, 512) => "base",
            (12, 12, 768) => "small",
            (24, 24, 1024) => "medium",
            (32, 32, 1280) => isThird ? "large-v3" : NameOfLarge(path),
            (32, 4, 1280) when isThird => "large-v3-turbo",
            _ => null,
        };
        if (name is not null)
        {
            name = english ? $"{name}.en" : name;
            return new(name, english, CanTranslate: !english && name != "large-v3-turbo", name);
        }
        string? distilled = (sizes.AudioLayers, sizes.TextLayers, sizes.Width) switch
        {
            (32, 2, 1280) => isThird ? "distil-large-v3" : "distil-large-v2",
            (24, 2, 1024) when english => "distil-medium.en",
            (12, 4, 768) when english => "distil-small.en",
            _ => null,
        };
        return distilled is not null
            ? new(distilled, IsEnglishOnly: true, CanTranslate: false, AlignmentHeads: null)
            : new($"{sizes.AudioLayers}+{sizes.TextLayers} layers of {sizes.Width}", english, CanTranslate: !english, AlignmentHeads: null);
    }

    // The first two large models have the same sizes; only the name of the file can tell them apart.
    private static string NameOfLarge(string path) =>
        Path.GetFileName(path).Contains("large-v1", StringComparison.OrdinalIgnoreCase) ? "large-v1" : "large-v2";
}
