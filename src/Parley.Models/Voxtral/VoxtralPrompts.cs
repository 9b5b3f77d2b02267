using Parley.Graphs;
using Parley.Text.Tokenizers;

namespace Parley.Models.Voxtral;

/// <summary>Makes prompts: the tokenizer, and the preset voices of the folder.</summary>
public sealed class VoxtralPrompts
{
    private static readonly (string Text, int Id)[] SpecialTokens =
    [
        ("<s>", VoxtralPrompt.Begin), ("[AUDIO]", VoxtralPrompt.Audio), ("[BEGIN_AUDIO]", VoxtralPrompt.BeginAudio),
        ("[REPEAT_AUDIO_TEXT]", VoxtralPrompt.RepeatAudioText), ("[NEXT_AUDIO_TEXT]", VoxtralPrompt.NextAudioText),
    ];

    private readonly TekkenTokenizer tokenizer;

    private VoxtralPrompts(TekkenTokenizer tokenizer, OrderedDictionary<string, VoxtralVoice> voices)
    {
        this.tokenizer = tokenizer;
        Voices = voices;
    }

    /// <summary>By name, in the order of the checkpoint's list, then those that it does not list.</summary>
    public IReadOnlyDictionary<string, VoxtralVoice> Voices { get; }

    /// <summary>Reads the tokenizer and all voice files.</summary>
    /// <exception cref="CheckpointException">A voice is damaged, missing, or does not fit the tokenizer's table.</exception>
    /// <exception cref="TokenizerException">tekken.json is damaged or another model's.</exception>
    public static VoxtralPrompts Read(VoxtralFolder folder, VoxtralConfig config)
    {
        TekkenTokenizer tokenizer = TekkenTokenizer.Open(folder.Tokenizer);
        if (tokenizer.VocabularySize != config.VocabSize)
            throw new CheckpointException(folder.Tokenizer, $"it makes {tokenizer.VocabularySize} ids, the model has {config.VocabSize}. Is it another model's?");
        foreach ((string text, int id) in SpecialTokens)
        {
            if (tokenizer.SpecialToken(text) is int found && found != id)
                throw new CheckpointException(folder.Tokenizer, $"its token {text} is {found} instead of {id}. Is it another model's?");
        }
        IReadOnlyDictionary<string, int> order = config.Codec.Voice ?? new Dictionary<string, int>();
        OrderedDictionary<string, VoxtralVoice> voices = new(StringComparer.OrdinalIgnoreCase);
        foreach (string path in Directory.EnumerateFiles(folder.Voices, "*.pt")
            .OrderBy(path => order.GetValueOrDefault(Path.GetFileNameWithoutExtension(path), int.MaxValue)).ThenBy(path => path, StringComparer.Ordinal))
        {
            VoxtralVoice voice = VoxtralVoice.Read(path, config.Dim);
            if (tokenizer.VoiceAudioTokens.TryGetValue(voice.Name, out int frames) && frames != voice.Frames)
                throw new CheckpointException(path, $"the voice has {voice.Frames} rows, tekken.json says {frames}. One of the files is of another version.");
            voices.Add(voice.Name, voice);
        }
        string[] missing = [.. order.Keys.Where(name => !voices.ContainsKey(name))];
        if (missing.Length > 0)
            throw new CheckpointException(folder.Voices, $"these voices are missing: {string.Join(", ", missing.Select(name => name + ".pt"))}. Fetch them again.");
        return new(tokenizer, voices);
    }

    /// <summary>The prompt of one piece of text (<see cref="VoxtralText.Pieces"/>), encoded as it is.</summary>
    public VoxtralPrompt Prompt(string text, VoxtralVoice voice) => new(voice, tokenizer.Encode(text));
}
