using System.Text;
using Parley.Models.Misaki;

namespace Parley.Models.Tests.Misaki;

public class MisakiFrontEndTests
{
    private static readonly string[] Odd =
    [
        "\ud83d", "\ude00", "😀", "👨‍👩‍👧", "\u200d", "\u202e", "\u0301", "e\u0301", "שלום", "مرحبا", "日本語", "Ω", "½", "²", "Ⅳ", "①", "٣", "\0", "\u001c", "\u2028", "\r\n",
        "$", "£5", "1,234.5", "10:30", "1/2", "-", "--", "—", "'", "\"", "’", "“", "(", "[", "](/", "/)", "`", "*", "_", "#", "@", "www.", "http://", ".com", "U.S.", "Mr.", "Part I", "VIII",
        "5 km", "°C", "%", "a", "the", "to", "I", "TO US", "read", "ß", "İ", "ŉ", "ﬁ", "\uFFFF", "\uE000", "3rd", "90s", "x", " ", "\n", "...", "?!", "B2B", "𝐇", "\U000E0041",
    ];

    private static readonly Gen<string> AnyText = Gen.OneOf(
        Gen.String[Gen.Char, 0, 60],
        Gen.String[Gen.Char[' ', '~'], 0, 120],
        Gen.String[Gen.Char["0123456789.,:/-$%'\" kmI"], 0, 60],
        Gen.OneOf(Odd).Array[0, 20].Select(string.Concat),
        Gen.OneOf(Odd).Array[0, 20].Select(parts => string.Join(' ', parts)));

    [Theory]
    [InlineData(ReadingMode.Default)]
    [InlineData(ReadingMode.Faithful)]
    public void Any_text_is_read_without_an_exception_and_its_words_lie_in_it(ReadingMode mode) => AnyText.Sample(
        text =>
        {
            foreach (Sentence sentence in FrontEnds.American.Read(text, mode))
                Holds(text, sentence, mode);
        },
        iter: 1500);

    [Fact]
    public void British_reads_any_text_too() => AnyText.Sample(
        text =>
        {
            foreach (Sentence sentence in FrontEnds.British.Read(text))
                Holds(text, sentence, ReadingMode.Default);
        },
        iter: 300);

    [Fact]
    public void Sentence_by_sentence_equals_whole() => AnyText.Sample(
        text => FrontEnds.American.ReadSentences(text).Select(Print).SequenceEqual(FrontEnds.American.Read(text).Select(Print)), iter: 500);

    [Fact]
    public void A_sentence_alone_is_read_as_in_its_text() => Gen.OneOf(
        "She sells sea shells.", "It cost $5.30 on 5 May!", "\"Really?\" he asked.", "The U.S. Army came.", "Zyxoria gyred in the wabe.", "Who's there?").Array[1, 8].Sample(
        sentences =>
        {
            string whole = FrontEnds.Say(string.Join(' ', sentences));
            Assert.Equal(string.Join(" ¦ ", sentences.Select(sentence => FrontEnds.Say(sentence))), whole);
        },
        iter: 200);

    [Fact]
    public void What_was_read_before_does_not_change_what_is_read_now()
    {
        using MisakiFrontEnd fresh = MisakiFrontEnd.Open(TestData.Starter("hibari"), EnglishAccent.American);
        string[] texts = ["Zyxoria and Brillig gyred.", "Brillig, Zyxoria's zorbing.", "Zyxoria and Brillig gyred."];
        string[] first = [.. texts.Select(text => Print(fresh.Read(text)[0]))];
        string[] again = [.. texts.Reverse().Select(text => Print(fresh.Read(text)[0])).Reverse()];
        Assert.Equal(first, again);
        Assert.Equal(first[0], first[2]);
    }

    [Fact]
    public void Many_threads_read_the_same()
    {
        using MisakiFrontEnd fresh = MisakiFrontEnd.Open(TestData.Starter("hibari"), EnglishAccent.American); // its net is not open yet
        string text = string.Join(' ', Enumerable.Range(0, 40).Select(i => $"Zyxoria number {i} gyred {i * 7} km at 10:{i + 10}."));
        string[] expected = [.. FrontEnds.American.Read(text).Select(Print)];
        string[][] found = new string[8][];
        Parallel.For(0, found.Length, i => found[i] = [.. fresh.Read(text).Select(Print)]);
        Assert.All(found, read => Assert.Equal(expected, read));
    }

    [Theory]
    [InlineData("")]
    [InlineData("   \n\t ")]
    [InlineData("🙂\"")]                                                        // the emoji and quote mark of a chat front end
    [InlineData("👍")]
    [InlineData("...")]
    [InlineData("?!")]
    [InlineData("-")]
    [InlineData("\u200b\u202e")]
    [InlineData("\ud83d")]
    [InlineData("```")]
    [InlineData("日本語")]
    public void A_text_with_nothing_to_say_has_no_sentences(string text) => Assert.Empty(FrontEnds.American.Read(text));

    [Fact]
    public void Emoji_change_nothing_else() => Assert.Equal(FrontEnds.Say("Great job! See you tomorrow."), FrontEnds.Say("Great job! 🎉🎉 See you tomorrow 👋🏽."));

    [Fact]
    public void Every_line_is_read_however_lines_are_broken() => Assert.Equal(
        FrontEnds.Say("The first line is here. The second line follows. The third line ends it."),
        FrontEnds.Say("The first line is here.\nThe second line follows.\r\n\r\n\tThe third line ends it."));

    [Fact]
    public void A_line_that_goes_on_in_lower_case_is_one_sentence() =>
        Assert.Equal(FrontEnds.Say("I went to the store and bought milk."), FrontEnds.Say("I went to the store\nand bought\r\nmilk."));

    [Fact]
    public void Sentences_come_as_they_are_asked_for()
    {
        string text = "The first sentence. " + string.Concat(Enumerable.Repeat("Zyxoria gyred in the wabe.\n", 40_000)); // a megabyte
        Assert.Equal(FrontEnds.Say("The first sentence."), FrontEnds.American.ReadSentences(text).First().Phonemes);
    }

    [Fact]
    public void A_sentence_without_end_is_cut()
    {
        string text = string.Concat(Enumerable.Repeat("and so it goes ", 1000));
        IReadOnlyList<Sentence> sentences = FrontEnds.American.Read(text);
        Assert.True(sentences.Count >= 8);
        Assert.All(sentences, sentence => Assert.True(sentence.Text.Length <= SentenceBounds.Longest));
        Assert.Equal(4000, sentences.Sum(sentence => sentence.Words.Count));
    }

    [Theory]
    [InlineData("1,111,")]
    [InlineData("7")]
    [InlineData("a-")]
    [InlineData("q")]
    [InlineData("$1,")]
    [InlineData("*a_b ")]
    [InlineData("[a](")]
    [InlineData("e\u0301\u0302")]
    [InlineData("the new $5 plan ")]
    [InlineData("1.")]
    [InlineData("5 a b c/")]
    public void Long_and_hostile_texts_come_to_an_end(string part)
    {
        string text = string.Concat(Enumerable.Repeat(part, 6000 / part.Length));
        foreach (ReadingMode mode in Enum.GetValues<ReadingMode>())
            Assert.All(FrontEnds.American.Read(text, mode), sentence => Assert.NotEmpty(sentence.Phonemes));
    }

    [Theory]
    [InlineData("It costs $5, or £3.50!", "It|costs|$5|,|or|£3.50|!")]
    [InlineData("We met on 25 December 1999.", "We|met|on|25|December|1999|.")]
    [InlineData("See **bold** and [a link](https://example.com).", "See|bold|and|a|link|.")]
    [InlineData("\"I don't,\" he said.", "\"|I|don't|,\"|he|said|.")]
    [InlineData("A well-known idea 😀 won't die", "A|well-known|idea|won't|die")]
    public void Words_are_what_was_written(string text, string words)
    {
        IReadOnlyList<Word> found = FrontEnds.American.Read(text).SelectMany(sentence => sentence.Words).ToList();
        Assert.Equal(words, string.Join('|', found.Select(word => word.Text)));
    }

    [Fact]
    public void What_stays_unspoken_is_reported()
    {
        List<string> unspoken = [];
        Assert.Single(FrontEnds.American.ReadSentences("He said Привет and 日本語 to me.", ReadingMode.Default, unspoken));
        Assert.Equal(["Привет", "日本語"], unspoken);
    }

    [Fact]
    public void A_pronunciation_in_the_text_is_kept()
    {
        Assert.Equal("sˈA hibˈɑɹi nˈW.", FrontEnds.Say("Say [hibari](/hibˈɑɹi/) now."));
        Assert.Equal(FrontEnds.Say("Say docs now."), FrontEnds.Say("Say [docs](/docs/) now."));   // an address, no phonemes
    }

    [Fact]
    public void A_project_adds_its_own_pronunciations()
    {
        string list = Path.Combine(Directory.CreateTempSubdirectory("parley").FullName, "names.tsv");
        File.WriteAllText(list, "# ours\nZyxoria\tzˈɪksɔɹjə\tzˈɪksɔːjə\nread\tɹˈɛd\n");
        using MisakiFrontEnd american = MisakiFrontEnd.Open(TestData.Starter("hibari"), EnglishAccent.American, list);
        Assert.Equal("zˈɪksɔɹjəz ɹˈɛd", american.Read("Zyxoria's read")[0].Phonemes);
        Assert.Equal(FrontEnds.Say("I read", ReadingMode.Faithful), american.Read("I read", ReadingMode.Faithful)[0].Phonemes);

        File.WriteAllText(list, "Zyxoria zyx\n");
        ModelFileException fault = Assert.Throws<ModelFileException>(() => MisakiFrontEnd.Open(TestData.Starter("hibari"), EnglishAccent.American, list));
        Assert.Contains("line 1", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_word_of_many_signs_is_read_without_double_spaces()
    {
        const string text = "~!-g|MFSPpu@NrVcv}DhJ{j-')G@_1HelfNS#6Wd1l-ORTUq/R?%3tR7il0Qe&A|d:Hg*e*9Gu{#_LFk@[]ofQBRA\"?|`F6sgx~mhtWHjtsVe<Q-iFXH>";
        foreach (Sentence sentence in FrontEnds.American.Read(text))
            Holds(text, sentence, ReadingMode.Default);
    }

    [Fact]
    public void The_starter_files_are_held_in_little_memory() => Assert.InRange(FrontEnds.American.TableBytes, 1, 16 << 20);

    private static void Holds(string text, Sentence sentence, ReadingMode mode)
    {
        Assert.NotEmpty(sentence.Phonemes);
        if (mode == ReadingMode.Default)
        {
            Assert.True(PhonemeSet.HasSound(sentence.Phonemes));
            Assert.DoesNotContain("  ", sentence.Phonemes, StringComparison.Ordinal);
            Assert.DoesNotContain("ˈˈ", sentence.Phonemes, StringComparison.Ordinal);
        }
        Assert.Contains(sentence.Text, text, StringComparison.Ordinal);
        int phoneme = 0, start = 0;
        foreach (Word word in sentence.Words)
        {
            Assert.True(word.PhonemeStart >= phoneme && word.TextStart >= start, $"'{word.Text}' comes before what it follows");
            Assert.Equal(text.Substring(word.TextStart, word.TextLength), word.Text);
            Assert.Equal(sentence.Phonemes.Substring(word.PhonemeStart, word.Phonemes.Length), word.Phonemes);
            (phoneme, start) = (word.PhonemeStart + word.Phonemes.Length, word.TextStart + word.TextLength);
        }
    }

    private static string Print(Sentence sentence) =>
        new StringBuilder(sentence.Text).Append('|').Append(sentence.Phonemes).Append('|').AppendJoin(',', sentence.Words).ToString();
}
