using System.Text;
using System.Text.RegularExpressions;

namespace Parley.Models.Misaki;

/// <summary>Whose English.</summary>
public enum EnglishAccent
{
    American,
    British,
}

/// <summary>How closely the front end follows its reference.</summary>
public enum ReadingMode
{
    /// <summary>What a listener would want: the reference with its known faults mended.</summary>
    Default,

    /// <summary>Exactly what the reference program says, faults included.</summary>
    Faithful,
}

/// <summary>
/// English text to phonemes, sentence by sentence, for networks trained on misaki's alphabet (Hibari, Kokoro).
/// Safe to use from several threads at once.
/// </summary>
public sealed partial class MisakiFrontEnd : IDisposable
{
    private readonly Normalizer normalizer;
    private readonly Tokenizer tokenizer;
    private readonly Tagger tagger;
    private readonly OovNet net;
    private readonly Pronouncer pronouncer;

    private MisakiFrontEnd(Normalizer normalizer, Tokenizer tokenizer, Tagger tagger, Lexicon lexicon, OovNet net)
    {
        this.normalizer = normalizer;
        this.tokenizer = tokenizer;
        this.tagger = tagger;
        this.net = net;
        Lexicon = lexicon;
        Fallback = new(lexicon, net);
        pronouncer = new(lexicon, Fallback);
    }

    public EnglishAccent Accent => Lexicon.Accent;

    /// <summary>Memory held by the lexicon and the tagger.</summary>
    public long Bytes => Lexicon.Bytes + tagger.Bytes;

    internal Lexicon Lexicon { get; }

    internal Fallback Fallback { get; }

    internal OovNet Net => net;

    internal Tagger Tagger => tagger;

    /// <summary>Opens the lexicons, the tagger and the net for unknown words of one accent.</summary>
    /// <param name="folder">The folder that holds them: <c>lexicon_us_gold.json.gz</c>, <c>tagger.json.gz</c>, <c>oov.onnx</c> ...</param>
    /// <param name="accent">British files are only read when asked for.</param>
    /// <exception cref="ModelFileException">A file is missing or damaged.</exception>
    public static MisakiFrontEnd Open(string folder, EnglishAccent accent)
    {
        string File(string name) => Path.Combine(folder, name);
        (string lexicon, string netName) = accent == EnglishAccent.British ? ("lexicon_gb", "oov_gb") : ("lexicon_us", "oov");
        LexiconTable? gold = null, silver = null;
        Tagger? tagger = null;
        try
        {
            Parallel.Invoke(
                () => tagger = Tagger.Read(File("tagger.json.gz")),
                () => gold = LexiconTable.Read(File(lexicon + "_gold.json.gz")),
                () => silver = LexiconTable.Read(File(lexicon + "_silver.json.gz")));
        }
        catch (AggregateException faults) when (faults.InnerException is ModelFileException fault)
        {
            throw new ModelFileException(fault.Path, fault.Problem, fault);
        }
        return new(
            new(NormalizerTables.Read(File("normalize.json"))),
            Tokenizer.Read(File("tokenizer_exceptions.json")),
            tagger!,
            new(gold!, silver!, accent),
            OovNet.Read(File(netName + ".onnx"), File(netName + ".json")));
    }

    /// <summary>Reads a whole text.</summary>
    /// <returns>The sentences that have something to say, in order; empty if the text has nothing to say (white space, emoji, marks).</returns>
    public IReadOnlyList<Sentence> Read(string text, ReadingMode mode = ReadingMode.Default) => [.. ReadSentences(text, mode)];

    /// <summary>As <see cref="Read"/>, but each sentence is read when it is asked for, so that speech can start with the first.</summary>
    public IEnumerable<Sentence> ReadSentences(string text, ReadingMode mode = ReadingMode.Default)
    {
        foreach ((int start, int end) in SentenceSplitter.Split(text))
        {
            Analysis analysis = Analyse(AlignedText.Of(text, start, end - start), mode);
            string phonemes = Join(Pronounce(analysis));
            if (phonemes.Length > 0)
                yield return new(text[start..end], phonemes, []);
        }
    }

    public void Dispose() => net.Dispose();

    /// <summary>Everything up to the lexicon.</summary>
    internal Analysis Analyse(AlignedText sentence, ReadingMode mode)
    {
        AlignedText normalized = Normalize(sentence);
        List<Token> tokens = Tokenize(normalized.Text);
        return new(normalized, tokens, Grouper.Group(tokens));
    }

    internal AlignedText Normalize(AlignedText sentence) => normalizer.Normalize(sentence);

    /// <summary>Lexicon, rules and net: the phonemes of every piece, and the words.</summary>
    internal List<SubToken> Pronounce(Analysis analysis)
    {
        pronouncer.Pronounce(analysis.Groups);
        List<SubToken> words = new(analysis.Groups.Count);
        foreach (SubToken[] group in analysis.Groups)
        {
            foreach (SubToken piece in group)
                piece.Phonemes = piece.Phonemes?.Replace('ɾ', 'T').Replace('ʔ', 't');
            words.Add(group.Length == 1 ? group[0] : SubToken.Merge(group, withPhonemes: true));
        }
        return words;
    }

    /// <summary>The sentence's phonemes: a space where the text has one.</summary>
    internal static string Join(IEnumerable<SubToken> words)
    {
        StringBuilder phonemes = new();
        foreach (SubToken word in words)
        {
            phonemes.Append(word.Phonemes);
            if (word.HasSpace)
                phonemes.Append(' ');
        }
        return phonemes.ToString().Trim();
    }

    /// <summary>Tokens with tags. Pronunciations in the text, <c>[word](/phonemes/)</c>, are tokens of their own and part the text.</summary>
    internal List<Token> Tokenize(string text)
    {
        List<Token> tokens = [];
        int done = 0;
        for (Match link = InlinePronunciation().Match(text); link.Success; link = link.NextMatch())
        {
            AddTagged(text, done, link.Index, tokens);
            done = link.Index + link.Length;
            Group word = link.Groups["word"], said = link.Groups["said"];
            tokens.Add(new(word.Value, word.Index)
            {
                HasSpace = done < text.Length && CharacterClass.IsSpace(text[done]),
                Phonemes = said.Length > 1 && said.ValueSpan[0] == '/' && said.ValueSpan[^1] == '/' ? said.Value[1..].TrimEnd('/') : null,
            });
        }
        AddTagged(text, done, text.Length, tokens);
        return tokens;
    }

    private void AddTagged(string text, int start, int end, List<Token> tokens)
    {
        List<Token> run = tokenizer.Split(text, start, end);
        tagger.Tag(run);
        tokens.AddRange(run);
    }

    [GeneratedRegex(@"\[(?<word>[^\]]+)\]\((?<said>[^)]*)\)")]
    private static partial Regex InlinePronunciation();
}

/// <summary>A sentence on its way to sound.</summary>
internal sealed record Analysis(AlignedText Normalized, IReadOnlyList<Token> Tokens, IReadOnlyList<SubToken[]> Groups);
