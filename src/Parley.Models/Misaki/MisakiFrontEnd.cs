using System.Text.RegularExpressions;
using Parley.Models.Misaki.Mending;

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
    private readonly MendedNormalizer mendedNormalizer;
    private readonly MendedSentences mendedSentences;
    private readonly Tokenizer tokenizer;
    private readonly Pronouncer pronouncer, mendedPronouncer;

    private MisakiFrontEnd(NormalizerTables tables, Tokenizer tokenizer, Tagger tagger, Lexicon lexicon, OovNet net, PronunciationList names)
    {
        this.tokenizer = tokenizer;
        Tagger = tagger;
        Lexicon = lexicon;
        Net = net;
        Fallback = new(lexicon, net);
        normalizer = new(tables);
        mendedNormalizer = new(normalizer, tables, lexicon);
        mendedSentences = new(tables);
        pronouncer = new(lexicon, Fallback.Read, _ => null);
        mendedPronouncer = new(lexicon, new MendedFallback(lexicon, net, Fallback).Read, names.Find);
    }

    public EnglishAccent Accent => Lexicon.Accent;

    /// <summary>Memory held by the lexicon and the tagger, in bytes.</summary>
    public long TableBytes => Lexicon.Bytes + Tagger.Bytes;

    internal Lexicon Lexicon { get; }

    internal Fallback Fallback { get; }

    internal OovNet Net { get; }

    internal Tagger Tagger { get; }

    /// <summary>Opens the lexicons, the tagger and the net for unknown words of one accent.</summary>
    /// <param name="folder">The folder that holds them: <c>lexicon_us_gold.json.gz</c>, <c>tagger.json.gz</c>, <c>oov.onnx</c> ...</param>
    /// <param name="accent">British files are only read when asked for.</param>
    /// <param name="pronunciations">
    /// A project's own names and terms, which come before the lexicon in the default mode: a text file of lines
    /// "word, tab, American phonemes" with perhaps a tab and British ones. Null for none.
    /// </param>
    /// <exception cref="ModelFileException">A file is missing or damaged.</exception>
    public static MisakiFrontEnd Open(string folder, EnglishAccent accent, string? pronunciations = null)
    {
        string At(string name) => Path.Combine(folder, name);
        (string lexicon, string net) = accent == EnglishAccent.British ? ("lexicon_gb", "oov_gb") : ("lexicon_us", "oov");
        Task<LexiconTable> gold = Task.Run(() => LexiconTable.Read(At(lexicon + "_gold.json.gz")));
        Task<LexiconTable> silver = Task.Run(() => LexiconTable.Read(At(lexicon + "_silver.json.gz")));
        Task<Tagger> tagger = Task.Run(() => Tagger.Read(At("tagger.json.gz")));
        return new(
            NormalizerTables.Read(At("normalize.json")),
            Tokenizer.Read(At("tokenizer_exceptions.json")),
            tagger.GetAwaiter().GetResult(),
            new(gold.GetAwaiter().GetResult(), silver.GetAwaiter().GetResult(), accent),
            OovNet.Read(At(net + ".onnx"), At(net + ".json")),
            PronunciationList.Read(accent, pronunciations));
    }

    /// <summary>Reads a whole text.</summary>
    /// <returns>The sentences that have something to say, in order; empty if the text has nothing to say (white space, emoji, marks).</returns>
    public IReadOnlyList<Sentence> Read(string text, ReadingMode mode = ReadingMode.Default) => [.. ReadSentences(text, mode)];

    /// <summary>As <see cref="Read"/>, but each sentence is read when it is asked for, so that speech can start with the first.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="mode">Mended or faithful.</param>
    /// <param name="unspoken">
    /// Receives what was left out although it is a word: other scripts, mostly. Null if nobody wants to know.
    /// </param>
    public IEnumerable<Sentence> ReadSentences(string text, ReadingMode mode = ReadingMode.Default, ICollection<string>? unspoken = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        foreach (AlignedText sentence in mode == ReadingMode.Faithful ? SentenceBounds.Faithful(text) : mendedSentences.Split(text))
        {
            Analysis analysis = Analyse(sentence, mode);
            List<SubToken> words = Pronounce(analysis, mode);
            foreach (SubToken word in words)
            {
                if (string.IsNullOrEmpty(word.Phonemes) && word.Text.Any(char.IsLetter))
                    unspoken?.Add(word.Text);
            }
            if (mode == ReadingMode.Default && words is [.., { } last] && last.Text.Length > 1 && last.Text.EndsWith('.') && last.Phonemes is { Length: > 0 })
                last.Phonemes += ".";                                          // "in the U.S.": the dot that spells also ends
            (string phonemes, int[] starts) = PhonemeString.Join(words, mode);
            if (phonemes.Length == 0 || (mode == ReadingMode.Default && !PhonemeSet.HasSound(phonemes)))
                continue;
            (int start, int end) = sentence.Source(0, sentence.Text.Length);
            yield return new(text[start..end], phonemes, WrittenWords.Of(text, analysis.Normalized, words, phonemes, starts));
        }
    }

    public void Dispose() => Net.Dispose();

    /// <summary>Everything up to the lexicon.</summary>
    internal Analysis Analyse(AlignedText sentence, ReadingMode mode)
    {
        if (mode == ReadingMode.Default && sentence.Text.Contains("](/", StringComparison.Ordinal))
            return AnalyseAround(sentence);
        AlignedText normalized = Normalize(sentence, mode);
        List<Token> tokens = Tokenize(normalized.Text, mode);
        return new(normalized, tokens, Grouper.Group(tokens, mode));
    }

    internal AlignedText Normalize(AlignedText sentence, ReadingMode mode) =>
        mode == ReadingMode.Faithful ? normalizer.Normalize(sentence) : mendedNormalizer.Normalize(sentence);

    /// <summary>Lexicon, rules and net: the phonemes of every piece, and the words.</summary>
    internal List<SubToken> Pronounce(Analysis analysis, ReadingMode mode)
    {
        (mode == ReadingMode.Faithful ? pronouncer : mendedPronouncer).Pronounce(analysis.Groups);
        List<SubToken> words = new(analysis.Groups.Count);
        foreach (SubToken[] group in analysis.Groups)
        {
            foreach (SubToken piece in group)
                piece.Phonemes = piece.Phonemes?.Replace('ɾ', 'T').Replace('ʔ', 't');
            words.Add(group.Length == 1 ? group[0] : SubToken.Merge(group, withPhonemes: true));
        }
        return words;
    }

    /// <summary>Tokens with tags. Pronunciations in the text, <c>[word](/phonemes/)</c>, are tokens of their own and part the text.</summary>
    internal List<Token> Tokenize(string text, ReadingMode mode)
    {
        List<Token> tokens = [];
        if (mode == ReadingMode.Default)
        {
            AddMended(text, 0, text.Length, tokens);
            return tokens;
        }
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

    /// <summary>The default mode keeps the rules off what is written inside a pronunciation, and tags the sentence as a whole.</summary>
    private Analysis AnalyseAround(AlignedText sentence)
    {
        string text = sentence.Text;
        AlignedText normalized = AlignedText.Of("");
        List<(int Start, int Length, string Phonemes)> given = [];
        int done = 0;
        for (Match link = InlinePronunciation().Match(text); link.Success; link = link.NextMatch())
        {
            Group word = link.Groups["word"];
            if (!Pronunciation.IsInline(link.Groups["said"].ValueSpan))
                continue;
            normalized = Add(normalized, sentence, done, link.Index);
            bool apart = link.Index > 0 && CharacterClass.IsSpace(text[link.Index - 1]);
            AlignedText said = sentence.Slice(word.Index, word.Index + word.Length).Collapse();
            normalized = apart ? AlignedText.Join(normalized, said) : AlignedText.Append(normalized, said);
            given.Add((normalized.Text.Length - said.Text.Length, said.Text.Length, link.Groups["said"].Value[1..].TrimEnd('/')));
            done = link.Index + link.Length;
        }
        normalized = Add(normalized, sentence, done, text.Length);

        List<Token> tokens = [];
        int at = 0;
        foreach ((int start, int length, string phonemes) in given)
        {
            AddMended(normalized.Text, at, start, tokens);
            at = start + length;
            tokens.Add(new(normalized.Text.Substring(start, length), start)
            {
                Phonemes = phonemes,
                HasSpace = at < normalized.Text.Length && normalized.Text[at] == ' ',
            });
        }
        AddMended(normalized.Text, at, normalized.Text.Length, tokens);
        return new(normalized, tokens, Grouper.Group(tokens, ReadingMode.Default));
    }

    private AlignedText Add(AlignedText done, AlignedText sentence, int start, int end)
    {
        if (start == end)
            return done;
        AlignedText part = mendedNormalizer.Normalize(sentence.Slice(start, end));
        return CharacterClass.IsSpace(sentence.Text[start]) ? AlignedText.Join(done, part) : AlignedText.Append(done, part);
    }

    private void AddTagged(string text, int start, int end, List<Token> tokens)
    {
        List<Token> run = tokenizer.Split(text, start, end);
        Tagger.Tag(run);
        tokens.AddRange(run);
    }

    /// <summary>The tagger never met quotation marks: it sees the sentence without them.</summary>
    private void AddMended(string text, int start, int end, List<Token> tokens)
    {
        List<Token> run = tokenizer.Split(text, start, end);
        Elisions.Join(run);
        List<Token> words = new(run.Count);
        foreach (Token token in run)
        {
            if (token.Text is "“" or "”")
                token.Tag = token.Text == "“" ? "``" : "''";
            else
                words.Add(token);
        }
        Tagger.Tag(words);
        foreach (Token word in words)
        {
            if (char.IsAsciiDigit(word.Text[^1]) && NumberReader.IsNumber(word.Text, isHead: true))
                word.Tag = "CD";
            else if (word.Text is "$" or "£" or "€")
                word.Tag = "$";
        }
        Homographs.Retag(words);
        tokens.AddRange(run);
    }

    [GeneratedRegex(@"\[(?<word>[^\]]+)\]\((?<said>[^)]*)\)")]
    private static partial Regex InlinePronunciation();
}

/// <summary>A sentence on its way to sound.</summary>
internal sealed record Analysis(AlignedText Normalized, IReadOnlyList<Token> Tokens, IReadOnlyList<SubToken[]> Groups);
