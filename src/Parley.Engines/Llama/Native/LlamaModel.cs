using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using LLama.Exceptions;
using LLama.Native;
using Parley.Models;
using Parley.Text.Jinja;

namespace Parley.Engines.Llama;

/// <summary>
/// The weights and the vocabulary of one GGUF file in llama.cpp. Owns the native model; contexts made from it keep it alive. The
/// vocabulary may be used from several threads.
/// </summary>
internal sealed unsafe class LlamaModel : IDisposable
{
    private readonly nint vocabulary;
    private readonly byte[]?[] pieces, markedPieces;
    private readonly LLamaTokenAttr[] attributes;
    private readonly FrozenDictionary<char, (string Text, int Id)[]> special; // by first character, the longest first

    private LlamaModel(string path, SafeLlamaModelHandle handle)
    {
        Path = path;
        Handle = handle;
        vocabulary = LlamaNative.VocabularyOf(handle.DangerousGetHandle());
        VocabularySize = handle.Vocab.Count;
        pieces = new byte[VocabularySize][];
        markedPieces = new byte[VocabularySize][];
        attributes = new LLamaTokenAttr[VocabularySize];
        List<int> ends = [], unused = [], controls = [];
        List<(string Text, int Id)> found = [];
        for (int id = 0; HasVocabulary && id < VocabularySize; id++)
        {
            attributes[id] = (LLamaTokenAttr)LlamaNative.AttributesOf(vocabulary, id);
            bool isEnd = LlamaNative.IsEndOfGeneration(vocabulary, id);
            if (isEnd)
                ends.Add(id);
            if (attributes[id].HasFlag(LLamaTokenAttr.Unused))
                unused.Add(id);
            else if (attributes[id].HasFlag(LLamaTokenAttr.Control) && !isEnd)
                controls.Add(id);
            if ((attributes[id] & (LLamaTokenAttr.Control | LLamaTokenAttr.UserDefined | LLamaTokenAttr.Unknown)) != 0
                && Encoding.UTF8.GetString(Piece(id, withControl: true)) is { Length: > 0 } text)
                found.Add((text, id));
        }
        EndTokens = ends.ToFrozenSet();
        UnusedTokens = unused;
        ControlTokens = controls;
        special = found.GroupBy(token => token.Text[0]).ToFrozenDictionary(group => group.Key, group => group.OrderByDescending(token => token.Text.Length).ToArray());
        SpecialTokens = found.DistinctBy(token => token.Text).ToFrozenDictionary(token => token.Text, token => token.Id, StringComparer.Ordinal);
    }

    public string Path { get; }

    public SafeLlamaModelHandle Handle { get; }

    public nint Vocabulary => vocabulary;

    public int VocabularySize { get; }

    /// <summary>False for files of weights alone, as benchmarks use them.</summary>
    public bool HasVocabulary => Handle.Vocab.Type != LLamaVocabType.None;

    /// <summary>Tokens in the longest context the model was trained on.</summary>
    public int TrainedContext => Handle.ContextSize;

    public long WeightBytes => (long)Handle.SizeInBytes;

    /// <summary>True if the cache can be cut back to any position. Recurrent layers keep a state and no past.</summary>
    public bool CanRewind => !Handle.IsRecurrent && !LlamaNative.IsHybrid(Handle.DangerousGetHandle());

    /// <summary>Tokens that end an answer.</summary>
    public FrozenSet<int> EndTokens { get; }

    /// <summary>Padding of the vocabulary: never an answer.</summary>
    public IReadOnlyList<int> UnusedTokens { get; }

    /// <summary>Control tokens that do not end an answer.</summary>
    public IReadOnlyList<int> ControlTokens { get; }

    /// <summary>Control and user-defined tokens by their text.</summary>
    public FrozenDictionary<string, int> SpecialTokens { get; }

    public string BeginText => TextOf((int?)Handle.Vocab.BOS);

    public string EndText => TextOf((int?)Handle.Vocab.EOS);

    /// <summary>Reads the weights, or maps them.</summary>
    /// <param name="path">A GGUF file that has been looked at already (<see cref="BrainFile"/>).</param>
    /// <param name="progress">Told the share that is loaded, 0 to 1.</param>
    /// <param name="cancel">Ends the loading.</param>
    /// <exception cref="ModelFileException">llama.cpp does not take the file; the message has its words.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "The model owns the handle.")]
    public static LlamaModel Load(string path, IProgress<double>? progress, CancellationToken cancel)
    {
        LlamaLibrary.EnsureLoaded();
        LlamaLibrary.StartListening();
        LLamaModelParams settings = LLamaModelParams.Default();
        settings.n_gpu_layers = 0;
        settings.devices = null;
        LlamaProgressCallback report = (share, _) =>
        {
            progress?.Report(share);
            return !cancel.IsCancellationRequested;
        };
        settings.progress_callback = report;
        try
        {
            return new LlamaModel(path, SafeLlamaModelHandle.LoadFromFile(path, settings));
        }
        catch (Exception fault) when (fault is LoadWeightsFailedException or RuntimeError)
        {
            cancel.ThrowIfCancellationRequested();
            string said = LlamaLibrary.Said();
            throw new ModelFileException(path, $"was refused by llama.cpp{(said.Length > 0 ? $": {said}" : ".")} Is it damaged, or of an architecture that is newer than this program?", fault);
        }
        finally
        {
            GC.KeepAlive(report);
        }
    }

    public bool IsControl(int token) => (attributes[token] & (LLamaTokenAttr.Control | LLamaTokenAttr.Unknown)) != 0;

    /// <summary>The bytes of a token; control tokens have none unless they are asked for.</summary>
    public ReadOnlySpan<byte> Piece(int token, bool withControl = false)
    {
        byte[]?[] known = withControl ? markedPieces : pieces;
        return known[token] ??= ReadPiece(token, withControl);
    }

    /// <summary>
    /// The tokens of a rendered template. Control tokens are looked for only in what the template itself wrote; the text between two
    /// of them is tokenised as a whole, so that the border between template and input changes no piece.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="isWhole">False for a part that does not begin the prompt: no token is put before it.</param>
    public List<int> Encode(MarkedText text, bool isWhole = true)
    {
        List<int> tokens = [];
        StringBuilder plain = new();
        foreach (MarkedRun run in text.Runs())
        {
            int from = 0;
            while (FindSpecial(run, from) is { } found)
            {
                plain.Append(run.Text, from, found.Start - from);
                if (run.IsInput)
                {
                    // What a person wrote must not become a token of the model's own language: cut behind its first character.
                    plain.Append(run.Text[found.Start]);
                    Flush();
                    from = found.Start + 1;
                    continue;
                }
                Flush();
                tokens.Add(found.Id);
                from = found.Start + found.Text.Length;
            }
            plain.Append(run.Text, from, run.Text.Length - from);
        }
        Flush();
        if (isWhole && Handle.Vocab.ShouldAddBOS && (int?)Handle.Vocab.BOS is { } begin && (tokens.Count == 0 || tokens[0] != begin))
            tokens.Insert(0, begin);
        return tokens;

        void Flush()
        {
            if (plain.Length > 0)
                Tokenize(plain.ToString(), tokens);
            plain.Clear();
        }
    }

    public void Dispose() => Handle.Dispose();

    private string TextOf(int? token) => token is { } id ? Encoding.UTF8.GetString(Piece(id, withControl: true)) : "";

    private (int Start, string Text, int Id)? FindSpecial(MarkedRun run, int from)
    {
        for (int at = from; at < run.Text.Length; at++)
        {
            if (!special.TryGetValue(run.Text[at], out (string Text, int Id)[]? candidates))
                continue;
            foreach ((string text, int id) in candidates)
            {
                if (string.CompareOrdinal(run.Text, at, text, 0, text.Length) == 0 && (!run.IsInput || IsMark(id, text)))
                    return (at, text, id);
            }
        }
        return null;
    }

    /// <summary>True for a token that llama.cpp would find in plain text and that means something to the model, such as <c>&lt;tool_call&gt;</c>. Runs of blanks and the like are only words.</summary>
    private bool IsMark(int id, string text) =>
        attributes[id].HasFlag(LLamaTokenAttr.UserDefined) && text.Length > 2 && (text[0], text[^1]) is ('<', '>') or ('[', ']');

    private void Tokenize(string text, List<int> tokens)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        int[] room = new int[bytes.Length + 2]; // a token is a byte at least; some vocabularies put a blank in front
        fixed (byte* source = bytes)
        fixed (int* target = room)
        {
            int count = LlamaNative.Tokenize(vocabulary, source, bytes.Length, target, room.Length, addSpecial: false, parseSpecial: false);
            if (count < 0)
                throw new InvalidOperationException($"llama.cpp wants {-count} tokens for {bytes.Length} bytes.");
            tokens.AddRange(room.AsSpan(0, count));
        }
    }

    private byte[] ReadPiece(int token, bool withControl)
    {
        if (!HasVocabulary)
            return [];
        byte[] buffer = new byte[32];
        while (true)
        {
            int length;
            fixed (byte* target = buffer)
                length = LlamaNative.TokenToPiece(vocabulary, token, target, buffer.Length, 0, withControl);
            if (length >= 0)
                return buffer[..length];
            buffer = new byte[-length];
        }
    }
}
