using System.Runtime.InteropServices;
using System.Text;

namespace Parley.Models.Whisper;

/// <summary>One word on its way to its times; punctuation is joined to it later.</summary>
public sealed class WhisperWord
{
    /// <summary>As decoded: with a leading space where the language puts one; empty once it was joined to a neighbour.</summary>
    public required string Text { get; set; }

    /// <summary>Text tokens that it is made of.</summary>
    public required int Tokens { get; set; }

    /// <summary>In seconds from the start of the window.</summary>
    public required double Start { get; set; }

    /// <inheritdoc cref="Start"/>
    public required double End { get; set; }

    /// <summary>Mean probability of its tokens, 0 to 1.</summary>
    public required float Probability { get; init; }
}

/// <summary>Splits text tokens into words. openai/whisper: whisper/tokenizer.py, split_to_word_tokens.</summary>
public static class WhisperWords
{
    private const string AsciiPunctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

    /// <summary>True for the languages that write no spaces between words: there each character that can stand alone is a word.</summary>
    public static bool HasNoSpaces(string language) => language is "zh" or "ja" or "th" or "lo" or "my" or "yue";

    /// <param name="tokens">Text tokens only.</param>
    /// <param name="vocabulary">The tokens' bytes.</param>
    /// <param name="language">A code of <see cref="WhisperLanguages"/>.</param>
    /// <returns>The words in order, with the number of tokens that each takes; together they take all.</returns>
    public static List<(string Text, int Tokens)> Split(IReadOnlyList<int> tokens, WhisperVocabulary vocabulary, string language)
    {
        List<(string Text, int Tokens)> units = SplitAtCharacters(tokens, vocabulary);
        if (HasNoSpaces(language))
            return units;
        List<(string Text, int Tokens)> words = [];
        foreach ((string unit, int count) in units)
        {
            // The reference asks whether the trimmed unit is a part of the list of marks, so a blank one counts too.
            bool begins = unit.StartsWith(' ') || AsciiPunctuation.Contains(unit.Trim(), StringComparison.Ordinal) || words.Count == 0;
            if (begins)
                words.Add((unit, count));
            else
                words[^1] = (words[^1].Text + unit, words[^1].Tokens + count);
        }
        return words;
    }

    /// <summary>The shortest runs of tokens that end where a character ends.</summary>
    /// <remarks>
    /// The reference compares a run's first broken character with the whole text's and loses letters behind one that is broken over two tokens.
    /// Here the ends of the characters in the whole text decide; on text whose characters are whole both give the same runs.
    /// </remarks>
    private static List<(string Text, int Tokens)> SplitAtCharacters(IReadOnlyList<int> tokens, WhisperVocabulary vocabulary)
    {
        List<byte> whole = [];
        foreach (int token in tokens)
            whole.AddRange(vocabulary.Bytes(token));
        ReadOnlySpan<byte> bytes = CollectionsMarshal.AsSpan(whole);
        List<(string Text, int Tokens)> units = [];
        int start = 0, character = 0, read = 0, count = 0;
        foreach (int token in tokens)
        {
            read += vocabulary.Bytes(token).Length;
            count++;
            while (character < read)
            {
                _ = Rune.DecodeFromUtf8(bytes[character..], out _, out int length);
                character += length;
            }
            if (character > read)
                continue;
            units.Add((Encoding.UTF8.GetString(bytes[start..read]), count));
            start = read;
            count = 0;
        }
        return units;
    }
}
