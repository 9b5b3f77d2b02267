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

    /// <summary>The shortest runs of tokens that decode on their own.</summary>
    private static List<(string Text, int Tokens)> SplitAtCharacters(IReadOnlyList<int> tokens, WhisperVocabulary vocabulary)
    {
        const char broken = '\uFFFD';
        string whole = vocabulary.Decode(tokens);
        List<(string Text, int Tokens)> units = [];
        List<byte> bytes = [];
        int count = 0, offset = 0;
        foreach (int token in tokens)
        {
            bytes.AddRange(vocabulary.Bytes(token));
            count++;
            string text = Encoding.UTF8.GetString([.. bytes]);
            int at = text.IndexOf(broken, StringComparison.Ordinal);
            bool isBrokenInTheWhole = at >= 0 && offset + at < whole.Length && whole[offset + at] == broken;
            if (at >= 0 && !isBrokenInTheWhole)
                continue;
            units.Add((text, count));
            offset += text.Length;
            bytes.Clear();
            count = 0;
        }
        if (count > 0)
            units.Add((Encoding.UTF8.GetString([.. bytes]), count));
        return units;
    }
}
