namespace Parley.Models.Tests.Misaki;

/// <summary>The default mode's rules beyond the listed wishes: what is written, and the words whose sound it must have.</summary>
public class MendingTests
{
    [Theory]
    // Roman numerals
    [InlineData("In Part I we show it.", "In Part one we show it.")]
    [InlineData("Part V deals with it.", "Part five deals with it.")]
    [InlineData("World War II ended.", "World War two ended.")]
    [InlineData("The stage I saw.", "The stage eye saw.", "ðə stˈAʤ ˌI sˈɔ.")]
    [InlineData("Elizabeth I of England", "Elizabeth the first of England")]
    // money
    [InlineData("It costs $5/month.", "It costs five dollars per month.")]
    [InlineData("a $5 bill", "a five dollar bill")]
    [InlineData("He paid $1.5 for it", "He paid one dollar and fifty cents for it")]
    [InlineData("-$20", "minus twenty dollars")]
    [InlineData("C$20 million", "twenty million Canadian dollars")]
    [InlineData("5 CHF", "five francs")]
    [InlineData("¥5,000", "five thousand yen")]
    // measures
    [InlineData("a 5 km run", "a five kilometer run")]
    [InlineData("We ran 5 km today", "We ran five kilometers today")]
    [InlineData("a 10-min walk", "a ten minute walk")]
    [InlineData("10 MB/s", "ten megabytes per second")]
    [InlineData("12\" wide", "twelve inches wide")]
    [InlineData("2x faster", "two times faster")]
    [InlineData("20 in a row", "twenty in a row")]
    // times, dates, figures
    [InlineData("9am-5pm", "nine A.M. to five P.M.")]
    [InlineData("16:9", "sixteen to nine")]
    [InlineData("5-6%", "five to six percent")]
    [InlineData("1.5-2.5 hours", "1.5 to 2.5 hours")]
    [InlineData("80/20", "eighty twenty")]
    [InlineData("2 3/4 cups", "two and three quarters cups")]
    [InlineData("flight 370", "flight three seventy")]
    // abbreviations and capitals
    [InlineData("We meet on Sat. at noon", "We meet on Saturday at noon")]
    [InlineData("See no. 5 there", "See number five there")]
    [InlineData("e.g. tea", "for example tea")]
    [InlineData("DO NOT TOUCH THIS", "do not touch this")]
    [InlineData("Do NOT touch", "Do not touch")]
    // addresses and code
    [InlineData("see README.md", "see read me dot m d", "sˈi ɹˈidmˌi dˈɑt ˈɛm dˈi")]
    [InlineData("x >= 3", "x is at least three")]
    [InlineData("**bold** and *em* and `code`", "bold and em and code")]
    [InlineData("> quoted", "quoted")]
    // quotes and elisions
    [InlineData("rock 'n' roll", "rock 'n' roll", "ɹˈɑk ən ɹˈOl")]
    [InlineData("the students' books", "the students books")]
    // letters and scripts
    [InlineData("Ｈｅｌｌｏ", "Hello")]
    [InlineData("𝐇𝐞𝐥𝐥𝐨", "Hello")]
    [InlineData("z\u0337a\u0328lgo", "zalgo", "zˈælɡO")]
    [InlineData("α decay", "alpha decay")]
    public void It_sounds_like(string written, string words, string? phonemes = null)
    {
        string said = FrontEnds.Bare(FrontEnds.Say(written));
        Assert.Equal(FrontEnds.Bare(phonemes ?? FrontEnds.Say(words, Models.Misaki.ReadingMode.Faithful)), said);
    }

    [Theory]
    [InlineData("The U.S. Army came. It left.", 2)]
    [InlineData("It ended at 5 p.m. Then we left the U.S. and went home.", 2)]
    [InlineData("J. K. Rowling met George W. Bush. They talked.", 2)]
    [InlineData("Take vitamin C. It helps.", 2)]
    [InlineData("See vol. 3, fig. 4 and No. 5 vs. St. Mary.", 1)]
    [InlineData("“No!” She left. (Really?) Yes.", 4)]
    [InlineData("He lives on Main St. The house is old.", 2)]
    [InlineData("Wait... what?! No way!!! Hmm… okay.", 3)]
    public void Sentences_end_where_a_reader_ends_them(string text, int count) => Assert.Equal(count, FrontEnds.American.Read(text).Count);

    [Theory]
    [InlineData("The bass fishing was good.", "bˈæs")]
    [InlineData("She shed a tear in her eye.", "tˈɪɹ")]
    [InlineData("The wind up here is cold.", "wˈɪnd")]
    [InlineData("That object is mine.", "ˈɑbʤəkt")]
    [InlineData("They take the lead.", "lˈid")]
    [InlineData("The content is good.", "kˈɑntɛnt")]
    [InlineData("Wait a minute.", "mˈɪnət")]
    [InlineData("He tied a bow.", "bˈO")]
    public void The_common_reading_stays_where_nothing_speaks_against_it(string text, string phonemes) => Assert.Contains(phonemes, FrontEnds.Say(text), StringComparison.Ordinal);
}
