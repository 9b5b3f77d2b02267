using System.Collections.Frozen;
using System.Text;
using Parley.Text.Tokenizers;

namespace Parley.Models.Whisper;

/// <summary>
/// The tokens of a Whisper model: raw bytes for text, then the special ones, then 1,501 timestamps 20 ms apart.
/// openai/whisper: whisper/tokenizer.py. Safe for use from several threads.
/// </summary>
public sealed class WhisperVocabulary
{
    private const int Timestamps = 1501; // 0.00 to 30.00 s
    private const int Singles = 8;       // end of text, start of transcript, translate, transcribe, start of lm, start of prev, no speech, no timestamps

    private readonly byte[][] text;
    private readonly Lazy<FrozenDictionary<string, int>> ranks; // by the bytes, spelled as Latin-1
    private readonly Lazy<int[]> suppressed;

    /// <param name="text">The bytes of the text tokens, by id.</param>
    /// <param name="size">All tokens: text, special and timestamps.</param>
    /// <param name="endOfText">The id behind the last text token, where it is known; else that of the published models, or the number of texts.</param>
    /// <param name="isMultilingual">False for English only; told by the size where it is not known.</param>
    public WhisperVocabulary(byte[][] text, int size, int? endOfText = null, bool? isMultilingual = null)
    {
        this.text = text;
        Size = size;
        EndOfText = endOfText ?? size switch
        {
            51864 => 50256,
            51865 or 51866 => 50257,
            _ => text.Length,
        };
        IsMultilingual = isMultilingual ?? size != 51864;
        Languages = size - EndOfText - Singles - Timestamps;
        ranks = new(Ranks);
        suppressed = new(NonSpeech);
    }

    public int Size { get; }

    /// <summary>Ids below it are text.</summary>
    public int TextTokens => text.Length;

    /// <summary>The end of the text: id 50257 in multilingual models, 50256 in English ones.</summary>
    public int EndOfText { get; }

    public int StartOfTranscript => EndOfText + 1;

    /// <summary>The token of the first language; the others follow in the order of <see cref="WhisperLanguages.All"/>.</summary>
    public int FirstLanguage => EndOfText + 2;

    public int Translate => FirstLanguage + Languages;

    public int Transcribe => Translate + 1;

    public int StartOfLm => Translate + 2;

    /// <summary>Stands before the text that came before the window.</summary>
    public int StartOfPrevious => Translate + 3;

    public int NoSpeech => Translate + 4;

    public int NoTimestamps => Translate + 5;

    /// <summary>The id of the timestamp 0.00 s; ids from here on are timestamps.</summary>
    public int FirstTimestamp => Size - Timestamps;

    /// <summary>False for the models that know English only.</summary>
    public bool IsMultilingual { get; }

    /// <summary>99, or 100 with Cantonese.</summary>
    public int Languages { get; }

    /// <summary>
    /// Tokens that are never written: marks that transcribers use for sounds (brackets, music, quotes and their like), and special
    /// tokens. openai/whisper: whisper/tokenizer.py, non_speech_tokens, and decoding.py, _get_suppress_tokens.
    /// </summary>
    public IReadOnlyList<int> Suppressed => suppressed.Value;

    /// <summary>The same texts in a model with another number of languages.</summary>
    internal WhisperVocabulary Resized(int size) => new(text, size);

    public bool IsText(int id) => id < EndOfText;

    public bool IsTimestamp(int id) => id >= FirstTimestamp;

    /// <summary>The time that a timestamp token stands for, in seconds from the start of the window.</summary>
    public double Seconds(int timestamp) => (timestamp - FirstTimestamp) * 0.02;

    /// <summary>The token of a language's code; <see langword="null"/> if the model does not know it.</summary>
    public int? LanguageToken(string code)
    {
        for (int i = 0; i < Math.Min(Languages, WhisperLanguages.All.Count); i++)
        {
            if (WhisperLanguages.All[i] == code)
                return FirstLanguage + i;
        }
        return null;
    }

    /// <summary>The bytes of a text token; none for another. A letter may be spread over several tokens.</summary>
    public ReadOnlySpan<byte> Bytes(int id) => id < text.Length ? text[id] : default;

    /// <summary>The text of the text tokens among <paramref name="ids"/>; bytes that are no UTF-8 become U+FFFD.</summary>
    public string Decode(IEnumerable<int> ids)
    {
        List<byte> bytes = [];
        foreach (int id in ids)
        {
            if (IsText(id))
                bytes.AddRange(Bytes(id));
        }
        return Encoding.UTF8.GetString([.. bytes]);
    }

    /// <summary>Text tokens: pieces as GPT-2 cuts them, in each of which the pair of the lowest id is joined until none is left.</summary>
    public List<int> Encode(string words)
    {
        List<int> ids = [];
        foreach (Range piece in new PreTokenizer(PreTokenizerFamily.Gpt2).Split(words))
            EncodePiece(Latin1(Encoding.UTF8.GetBytes(words[piece])), ids);
        return ids;
    }

    private void EncodePiece(string bytes, List<int> ids)
    {
        List<string> parts = [.. bytes.Select(letter => letter.ToString())];
        while (parts.Count > 1)
        {
            int best = int.MaxValue, at = -1;
            for (int i = 0; i + 1 < parts.Count; i++)
            {
                if (ranks.Value.TryGetValue(parts[i] + parts[i + 1], out int rank) && rank < best)
                    (best, at) = (rank, i);
            }
            if (at < 0)
                break;
            parts[at] += parts[at + 1];
            parts.RemoveAt(at + 1);
        }
        foreach (string part in parts)
        {
            if (ranks.Value.TryGetValue(part, out int id))
                ids.Add(id);
        }
    }

    private FrozenDictionary<string, int> Ranks()
    {
        Dictionary<string, int> table = new(text.Length, StringComparer.Ordinal);
        for (int id = 0; id < Math.Min(text.Length, EndOfText); id++)
        {
            if (text[id].Length > 0) // one id of the multilingual table has no bytes
                table.TryAdd(Latin1(text[id]), id);
        }
        return table.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private int[] NonSpeech()
    {
        const string single = "\"#()*+/:;<=>@[\\]^_`{|}~「」『』", music = "♩♪♫♬♭♮♯";
        string[] several = ["<<", ">>", "<<<", ">>>", "--", "---", "-(", "-[", "('", "(\"", "((", "))", "(((", ")))", "[[", "]]", "{{", "}}", "♪♪", "♪♪♪"];
        SortedSet<int> ids = [Transcribe, Translate, StartOfTranscript, StartOfPrevious, StartOfLm, NoSpeech];
        AddFirst(" -", ids); // hyphens and quotes are allowed inside a word, not before it
        AddFirst(" '", ids);
        foreach (string mark in single.Select(letter => letter.ToString()).Concat(several))
        {
            foreach (string form in (ReadOnlySpan<string>)[mark, $" {mark}"])
            {
                if (Encode(form) is [int only])
                    ids.Add(only);
            }
        }
        foreach (char note in music)
        {
            AddFirst(note.ToString(), ids);
            AddFirst($" {note}", ids);
        }
        return [.. ids];

        void AddFirst(string mark, SortedSet<int> set)
        {
            if (Encode(mark) is [int first, ..])
                set.Add(first);
        }
    }

    private static string Latin1(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);
}
