using Parley.Graphs;

namespace Parley.Models.Whisper;

/// <summary>
/// Windows of all callers, decoded together: each step reads the decoder's weights once for all of them. Windows join and leave between
/// two steps. One owner; not thread-safe.
/// </summary>
public sealed class WhisperBatch : IDisposable
{
    private readonly WhisperModel model;
    private readonly Stack<WhisperSound> pool = [];
    private readonly List<WhisperSound> sounds = [];
    private readonly List<WhisperGroup> groups = [];
    private readonly GraphRun encoder;
    private readonly WhisperReader reader;
    private long windows;

    internal WhisperBatch(WhisperModel model, int slots)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(slots);
        this.model = model;
        Slots = slots;
        encoder = model.Encoder.CreateRun();
        reader = new(model);
    }

    /// <summary>Windows at a time; attempts with several sequences count in a group of their own.</summary>
    public int Slots { get; }

    /// <summary>Attempts under way.</summary>
    public int Active => groups.Sum(group => group.Members.Count);

    /// <summary>True if a step with these options takes one more window.</summary>
    public bool HasRoom(WhisperDecodingOptions options) => (groups.Find(group => group.Rows == options.Rows)?.Members.Count ?? 0) < Slots;

    /// <summary>Encodes one window.</summary>
    /// <param name="mel">[mels, melFrames].</param>
    /// <param name="cancel">Ends it between two nodes of the graph.</param>
    /// <returns>The caller disposes of it when nothing more is wanted of the window.</returns>
    public WhisperSound Encode(ReadOnlySpan<float> mel, CancellationToken cancel)
    {
        WhisperConfig c = model.Config;
        mel.CopyTo(encoder.Input("mel", 1, c.Mels, c.MelFrames).Floats);
        WhisperSound sound = Rent();
        try
        {
            for (int layer = 0; layer < c.TextLayers; layer++)
            {
                encoder.BindOutput(WhisperEncoderGraph.Keys(layer), sound.Keys[layer]);
                encoder.BindOutput(WhisperEncoderGraph.Values(layer), sound.Values[layer]);
            }
            encoder.Run(cancel);
            return sound;
        }
        catch
        {
            sound.Dispose();
            throw;
        }
    }

    /// <summary>How probable each language is, in the order of <see cref="WhisperLanguages.All"/>; the sum is 1.</summary>
    public float[] DetectLanguage(WhisperSound sound, CancellationToken cancel)
    {
        if (!model.Vocabulary.IsMultilingual)
            throw new InvalidOperationException($"{model.Family.Name} knows English only.");
        return reader.DetectLanguage(sound, cancel);
    }

    /// <summary>Lets a window join: its prompt is read and its first token chosen.</summary>
    /// <exception cref="ArgumentException">The model does not know the language, or the prompt leaves no room.</exception>
    public WhisperDecoding Start(WhisperSound sound, WhisperDecodingOptions options, CancellationToken cancel)
    {
        WhisperGroup? group = groups.Find(group => group.Rows == options.Rows);
        if (group is null)
            groups.Add(group = new(model, options.Rows, Slots));
        if (group.Members.Count == Slots)
            throw new InvalidOperationException($"The batch has {Slots} places.");
        WhisperDecoding decoding = new(model, sound, options);
        group.Start(decoding, reader, cancel);
        return decoding;
    }

    /// <summary>One more token for every window.</summary>
    /// <exception cref="OnnxModelException">The runtime failed.</exception>
    public void Step(CancellationToken cancel)
    {
        foreach (WhisperGroup group in groups)
            group.Step(cancel);
    }

    /// <summary>Takes a window out before it is done.</summary>
    public void Cancel(WhisperDecoding decoding)
    {
        foreach (WhisperGroup group in groups)
            group.Remove(decoding);
    }

    /// <summary>Decodes one window alone, to its end.</summary>
    public WhisperDecodingResult Decode(WhisperSound sound, WhisperDecodingOptions options, CancellationToken cancel)
    {
        WhisperDecoding decoding = Start(sound, options, cancel);
        try
        {
            while (!decoding.IsDone)
                Step(cancel);
        }
        finally
        {
            Cancel(decoding);
        }
        return decoding.Result;
    }

    /// <summary>When each token of a text was said.</summary>
    /// <param name="sound">The window.</param>
    /// <param name="text">Text tokens only.</param>
    /// <param name="language">The language spoken.</param>
    /// <param name="translate">True if the text is a translation.</param>
    /// <param name="frames">Mel columns of the window that are sound.</param>
    /// <param name="cancel">Ends it between two nodes of a graph.</param>
    public WhisperAlignment Align(WhisperSound sound, IReadOnlyList<int> text, string language, bool translate, int frames, CancellationToken cancel) =>
        reader.Align(sound, text, WhisperPrompt.Start(model.Vocabulary, language, translate), frames, cancel);

    public void Dispose()
    {
        groups.ForEach(group => group.Dispose());
        reader.Dispose();
        encoder.Dispose();
        sounds.ForEach(sound => sound.Free());
    }

    private WhisperSound Rent()
    {
        if (!pool.TryPop(out WhisperSound? sound))
            sounds.Add(sound = new(model.Config, pool));
        return sound.Begin(++windows);
    }
}
