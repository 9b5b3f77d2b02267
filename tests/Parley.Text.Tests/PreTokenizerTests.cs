using System.Text.RegularExpressions;
using Parley.Text.Tokenizers;

namespace Parley.Text.Tests;

public class PreTokenizerTests
{
    // The published patterns. .NET's regular expressions agree with them inside the Basic Multilingual Plane.
    public static TheoryData<PreTokenizerFamily, string> Patterns => new()
    {
        { PreTokenizerFamily.Gpt2, @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+" },
        { PreTokenizerFamily.Llama3, @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+" },
        { PreTokenizerFamily.Qwen2, @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+" },
        { PreTokenizerFamily.Qwen35, @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+" },
        { PreTokenizerFamily.Tekken, @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+" },
    };

    private static readonly string[] Pieces =
        ["a", "b", "Z", "É", "é", "ǅ", "ʰ", "あ", "ª", "\u0301", "\u0903", "1", "9", "٣", "½", "Ⅳ", " ", " ", "\t", "\n", "\r\n", "\u00a0", "\u2003", "\u3000", "'", "'s", "'LL", "'t", "!", "/", "_", "—", "。", "\u200d", "\0"];

    [Theory]
    [MemberData(nameof(Patterns))]
    public void The_scanner_cuts_where_the_published_pattern_does(PreTokenizerFamily family, string pattern)
    {
        Regex regex = new(pattern, RegexOptions.CultureInvariant);
        PreTokenizer scanner = new(family);
        Gen.Int[0, Pieces.Length - 1].Select(i => Pieces[i]).Array[0, 14].Sample(parts =>
        {
            string text = string.Concat(parts);
            string[] expected = [.. regex.Matches(text).Select(match => match.Value)];
            Assert.Equal(string.Concat(expected).Length, text.Length);
            Assert.Equal(expected, scanner.Split(text).Select(range => text[range]));
        }, iter: 20_000);
    }

    [Fact]
    public void Smol_lm_cuts_every_digit_first()
    {
        Regex gpt2 = new(Patterns.First().Data.Item2, RegexOptions.CultureInvariant);
        PreTokenizer scanner = new(PreTokenizerFamily.SmolLm);
        Gen.Int[0, Pieces.Length - 1].Select(i => Pieces[i]).Array[0, 14].Sample(parts =>
        {
            string text = string.Concat(parts);
            string[] expected = [.. Regex.Split(text, @"(\p{N})").Where(section => section.Length > 0)
                .SelectMany(section => gpt2.Matches(section).Select(match => match.Value))];
            Assert.Equal(expected, scanner.Split(text).Select(range => text[range]));
        }, iter: 20_000);
    }

    [Theory]
    [InlineData("𝐀𝐁 𐐨x", new[] { "𝐀𝐁", " 𐐨x" })] // letters beyond the Basic Multilingual Plane
    [InlineData("🙂🙂a", new[] { "🙂🙂", "a" })]
    public void Letters_beyond_the_basic_plane_are_letters(string text, string[] expected) =>
        Assert.Equal(expected, new PreTokenizer(PreTokenizerFamily.Gpt2).Split(text).Select(range => text[range]));

    [Fact]
    public void Pieces_join_to_the_text_even_with_lone_surrogates() =>
        Gen.Char.Array[0, 40].Select(characters => new string(characters)).Sample(text =>
        {
            foreach (PreTokenizerFamily family in Enum.GetValues<PreTokenizerFamily>())
                Assert.Equal(text, string.Concat(new PreTokenizer(family).Split(text).Select(range => text[range])));
        }, iter: 2_000);
}
