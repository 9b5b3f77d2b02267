using Parley.Graphs;

namespace Parley.Models.Whisper;

/// <summary>
/// Windows of all callers, decoded together: each step reads the decoder's weights once for all of them. Windows join and leave between
/// two steps. One owner; not thread-safe.
/// </summary>
public sealed class WhisperBatch : IDisposable
{
    private const int MostEncoded = 4;                 // windows; hidden states of more leave the caches
    private const long MostEncodedBytes = 256L << 20;  // keys and values on their way out of the encoder

    private readonly WhisperModel model;
    private readonly Stack<WhisperSound> pool = [];
    private readonly List<WhisperSound> sounds = [];
    private readonly List<WhisperGroup> groups = [];
    private readonly GraphRun encoder;
    private readonly WhisperReader reader;
    private GraphRun? together; // encodes several windows; its results are copied out of it
    private long windows;

    internal WhisperBatch(WhisperModel model, int slots)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(slots);
        this.model = model;
        Slots = slots;
        EncodedTogether = (int)Math.Clamp(MostEncodedBytes / model.Precision.WindowBytes(model.Config), 1, Math.Min(slots, MostEncoded));
        encoder = model.Encoder.CreateRun();
        reader = new(model);
    }

    /// <summary>Windows at a time; attempts with several sequences count in a group of their own.</summary>
    public int Slots { get; }

    /// <summary>Windows that the encoder takes at a time, by the memory that their results need.</summary>
    public int EncodedTogether { get; }

    /// <summary>Attempts under way.</summary>
    public int Active => groups.Sum(group => group.Members.Count);

    /// <summary>True if a step with these options takes one more window.</summary>
    public bool HasRoom(WhisperDecodingOptions options) => Room(options) > 0;

    /// <summary>Windows with these options that a step still takes.</summary>
    public int Room(WhisperDecodingOptions options) => Slots - groups.Where(group => group.Rows == options.Rows).Sum(group => group.Members.Count);

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
            for (int part = 0; part < sound.Parts.Length; part++)
                encoder.BindOutput(model.Memory[part].Name, sound.Parts[part]);
            encoder.Run(cancel);
            return sound;
        }
        catch
        {
            sound.Dispose();
            throw;
        }
    }

    /// <summary>Encodes several windows in one run of the graph: the same figures as one by one.</summary>
    /// <param name="mels">[mels, melFrames] each; <see cref="EncodedTogether"/> at most.</param>
    /// <param name="cancel">Ends it between two nodes of the graph.</param>
    /// <returns>One for each window, in order; the caller disposes of them.</returns>
    public WhisperSound[] Encode(IReadOnlyList<float[]> mels, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(mels.Count, EncodedTogether);
        if (mels.Count < 2)
            return [.. mels.Select(mel => Encode(mel, cancel))];
        WhisperConfig c = model.Config;
        together ??= model.Encoder.CreateRun();
        Span<float> input = together.Input("mel", mels.Count, c.Mels, c.MelFrames).Floats;
        for (int i = 0; i < mels.Count; i++)
            mels[i].CopyTo(input[(i * mels[i].Length)..]);
        together.Run(cancel);
        WhisperSound[] sounds = [.. mels.Select(_ => Rent())];
        for (int part = 0; part < model.Memory.Count; part++)
        {
            SessionTensor all = together.Output(model.Memory[part].Name);
            for (int i = 0; i < sounds.Length; i++)
                sounds[i].Parts[part].CopyFrom(all, i);
        }
        return sounds;
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
        if (!HasRoom(options))
            throw new InvalidOperationException($"The batch has {Slots} places.");
        WhisperGroup? group = groups.Find(group => group.Rows == options.Rows && group.HasRoom);
        if (group is null)
            groups.Add(group = new(model, options.Rows, Together(options.Rows)));
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
        together?.Dispose();
        sounds.ForEach(sound => sound.Free());
    }

    /// <summary>Attempts with as many sequences that are one run of the graph. Over 8-bit windows several queries take a run for each window.</summary>
    private int Together(int rows) => rows > 1 && model.Precision.HasCompactWindows ? 1 : Slots;

    private WhisperSound Rent()
    {
        if (!pool.TryPop(out WhisperSound? sound))
            sounds.Add(sound = new(model, pool));
        return sound.Begin(++windows);
    }
}
