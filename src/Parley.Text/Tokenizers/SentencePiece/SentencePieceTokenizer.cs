using System.Text;
using Parley.Text.Jinja;

namespace Parley.Text.Tokenizers.SentencePiece;

/// <summary>
/// A SentencePiece vocabulary, unigram or BPE (google/sentencepiece). Adds no begin or end tokens of its own. Unlike the original,
/// control pieces and the words among the user-defined ones never come out of text that a person wrote. Safe for use from
/// several threads.
/// </summary>
public sealed class SentencePieceTokenizer
{
    private readonly SentencePieceModel model;
    private readonly SentencePieceNormalizer normalizer;

    private SentencePieceTokenizer(SentencePieceModel model)
    {
        this.model = model;
        normalizer = new(model);
    }

    /// <summary>Count of ids.</summary>
    public int VocabularySize => model.Pieces.Count;

    internal SentencePieceModel Model => model;

    /// <summary>Reads a <c>.model</c> file.</summary>
    /// <exception cref="TokenizerException">The file is missing, damaged, or asks for what is not read here.</exception>
    public static SentencePieceTokenizer Open(string path)
    {
        try
        {
            FileInfo file = new(path);
            if (!file.Exists)
                throw new TokenizerException(path, "there is no such file. A SentencePiece .model is published beside the weights, or inside a .nemo archive.");
            if (file.Length > SentencePieceModelReader.LargestFile)
                throw new TokenizerException(path, $"{file.Length} bytes are more than a SentencePiece model has.");
            return Read(File.ReadAllBytes(path), path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new TokenizerException(path, $"the file cannot be read: {fault.Message}");
        }
    }

    /// <summary>Reads the bytes of a <c>.model</c> file, such as a member of an archive.</summary>
    /// <param name="content">Not needed afterwards.</param>
    /// <param name="name">Where they came from, for messages.</param>
    /// <exception cref="TokenizerException">They are damaged, or ask for what is not read here.</exception>
    public static SentencePieceTokenizer Read(ReadOnlySpan<byte> content, string name) => new(SentencePieceModelReader.Read(content, name));

    /// <summary>The id of a control, unknown or user-defined piece by its exact text; <see langword="null"/> if there is none.</summary>
    public int? SpecialToken(string text) => model.Specials.TryGetValue(text, out int id) ? id : null;

    /// <summary>A piece as the file spells it, with U+2581 for a space.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No piece has this id.</exception>
    public string Piece(int id) => Entry(id).Text;

    /// <exception cref="ArgumentOutOfRangeException">No piece has this id.</exception>
    public SentencePieceKind Kind(int id) => Entry(id).Kind;

    /// <summary>Tokens of text that a person wrote: nothing in it becomes a special token, whatever it looks like.</summary>
    public IReadOnlyList<int> EncodeUserText(string text) => Encode([new MarkedRun(text, IsInput: true)]);

    /// <summary>Tokens of text that a program wrote: user-defined pieces are recognised, as the original does in all text.</summary>
    public IReadOnlyList<int> EncodeTemplate(string text) => Encode([new MarkedRun(text, IsInput: false)]);

    /// <summary>Tokens of a rendered template: user-defined pieces are recognised only in the runs that the template wrote.</summary>
    public IReadOnlyList<int> Encode(IEnumerable<MarkedRun> runs)
    {
        List<int> ids = [];
        foreach (NormalizedSection section in normalizer.Normalize(model.Markers.Cut(runs)))
        {
            if (section.Marker is int marker)
                ids.Add(marker);
            else
                AddSegments(section.Text.Span, ids);
        }
        return ids;
    }

    /// <summary>The text of tokens, as the original shows it: control pieces are nothing, bytes that are no UTF-8 become U+FFFD.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No piece has one of these ids.</exception>
    public string Decode(IEnumerable<int> ids)
    {
        SentencePieceStream stream = new(this);
        StringBuilder text = new();
        foreach (int id in ids)
            text.Append(stream.Push(id));
        return text.Append(stream.Finish()).ToString();
    }

    internal SentencePieceEntry Entry(int id) => id >= 0 && id < model.Pieces.Count
        ? model.Pieces[id] : throw new ArgumentOutOfRangeException(nameof(id), id, $"The vocabulary has ids below {model.Pieces.Count}.");

    /// <summary>An unknown character is its bytes where the vocabulary has them; else a run of them is one unknown token.</summary>
    private void AddSegments(ReadOnlySpan<byte> text, List<int> ids)
    {
        bool afterUnknown = false;
        List<Segment> segments = model.Algorithm == SentencePieceAlgorithm.Unigram
            ? UnigramSegmenter.Cut(model, text) : new BpeSegmenter(model, text).Cut();
        foreach (Segment segment in segments)
        {
            bool isUnknown = segment.Id == model.UnknownId;
            if (isUnknown && model.ByteIds is { } byteIds)
            {
                foreach (byte value in text[segment.Bytes])
                    ids.Add(byteIds[value]);
            }
            else if (!isUnknown || !afterUnknown)
            {
                ids.Add(segment.Id);
            }
            afterUnknown = isUnknown;
        }
    }
}
