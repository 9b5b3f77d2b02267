namespace Parley.Text.Tests.ErrorRates;

public class WhisperNormalizerTests
{
    // The reference's own vectors (openai/whisper: tests/test_normalizer.py).
    [Theory]
    [InlineData("two", "2")]
    [InlineData("thirty one", "31")]
    [InlineData("five twenty four", "524")]
    [InlineData("nineteen ninety nine", "1999")]
    [InlineData("twenty nineteen", "2019")]
    [InlineData("two point five million", "2500000")]
    [InlineData("four point two billions", "4200000000s")]
    [InlineData("200 thousand", "200000")]
    [InlineData("200 thousand dollars", "$200000")]
    [InlineData("$20 million", "$20000000")]
    [InlineData("€52.4 million", "€52400000")]
    [InlineData("£77 thousands", "£77000s")]
    [InlineData("two double o eight", "2008")]
    [InlineData("three thousand twenty nine", "3029")]
    [InlineData("forty three thousand two hundred sixty", "43260")]
    [InlineData("forty three thousand two hundred and sixty", "43260")]
    [InlineData("nineteen fifties", "1950s")]
    [InlineData("thirty first", "31st")]
    [InlineData("thirty three thousand and three hundred and thirty third", "33333rd")]
    [InlineData("three billion", "3000000000")]
    [InlineData("millions", "1000000s")]
    [InlineData("july third twenty twenty", "july 3rd 2020")]
    [InlineData("august twenty sixth twenty twenty one", "august 26th 2021")]
    [InlineData("3 14", "3 14")]
    [InlineData("3.14", "3.14")]
    [InlineData("3 point 2", "3.2")]
    [InlineData("3 point 14", "3.14")]
    [InlineData("fourteen point 4", "14.4")]
    [InlineData("two point two five dollars", "$2.25")]
    [InlineData("two hundred million dollars", "$200000000")]
    [InlineData("$20.1 million", "$20100000")]
    [InlineData("ninety percent", "90%")]
    [InlineData("seventy six per cent", "76%")]
    [InlineData("double oh seven", "007")]
    [InlineData("double zero seven", "007")]
    [InlineData("nine one one", "911")]
    [InlineData("nine double one", "911")]
    [InlineData("one triple oh one", "10001")]
    [InlineData("two thousandth", "2000th")]
    [InlineData("thirty two thousandth", "32000th")]
    [InlineData("minus 500", "-500")]
    [InlineData("positive twenty thousand", "+20000")]
    [InlineData("two dollars and seventy cents", "$2.70")]
    [InlineData("3 cents", "¢3")]
    [InlineData("$0.36", "¢36")]
    [InlineData("three euros and sixty five cents", "€3.65")]
    [InlineData("three and a half million", "3500000")]
    [InlineData("forty eight and a half dollars", "$48.5")]
    [InlineData("b747", "b 747")]
    [InlineData("10 th", "10th")]
    [InlineData("10th", "10th")]
    [InlineData("mobilisation", "mobilization")]
    [InlineData("cancelation", "cancellation")]
    [InlineData("Let's", "let us")]
    [InlineData("he's like", "he is like")]
    [InlineData("she's been like", "she has been like")]
    [InlineData("10km", "10 km")]
    [InlineData("10mm", "10 mm")]
    [InlineData("RC232", "rc 232")]
    [InlineData("Mr. Park visited Assoc. Prof. Kim Jr.", "mister park visited associate professor kim junior")]
    public void English_comes_out_as_the_reference_writes_it(string text, string expected) =>
        Assert.Equal(expected, WhisperEnglishNormalizer.Instance.Normalize(text));

    [Theory]
    [InlineData("It's one o'clock [laughs] (aside) — um, the naïve façade!", "it is 10 clock the naive facade")]
    [InlineData("One or two; a hundred and one", "one or 2 a 101")]
    [InlineData("Zero", "0")]
    [InlineData("1,234,567.5", "1234567.5")]
    [InlineData("", "")]
    public void Other_texts_too(string text, string expected) => Assert.Equal(expected, WhisperEnglishNormalizer.Instance.Normalize(text));

    [Theory]
    [InlineData(false, "Guten TAG, Herr Müller! <leise>", "guten tag herr müller")]
    [InlineData(true, "今日は、晴れ。", "今 日 は 晴 れ")]
    public void Other_languages_keep_their_letters(bool splits, string text, string expected) =>
        Assert.Equal(expected, new WhisperBasicNormalizer(splits).Normalize(text));

    [Fact]
    public void No_text_breaks_a_normaliser() =>
        Gen.OneOf(Gen.String[0, 40], Words).Sample(text =>
        {
            WhisperEnglishNormalizer.Instance.Normalize(text);
            new WhisperBasicNormalizer().Normalize(text);
        });

    [Fact]
    public void What_is_normal_stays_so() =>
        Gen.Int[0, 99_999].Sample(number =>
        {
            string once = WhisperEnglishNormalizer.Instance.Normalize($"there are {number} of them");
            return once == WhisperEnglishNormalizer.Instance.Normalize(once);
        });

    private static readonly Gen<string> Words = Gen.OneOf(
        "one", "two", "ten", "twenty", "hundred", "thousandth", "millions", "point", "and", "double", "triple", "o", "zero", "minus", "dollars", "cents",
        "per", "cent", "percent", "3", "3.5", "$4", "-2", "1.2.3", ".", "half", "a", "first", "fifties", "word", "…", "%").Array[0, 12].Select(words => string.Join(' ', words));
}
