using System.Text.RegularExpressions;
using Parley.Models.Misaki;

namespace Parley.Models.Tests.Misaki;

public class AlignedTextTests
{
    [Fact]
    public void What_is_kept_stands_for_itself_and_what_is_new_for_what_it_replaced()
    {
        AlignedText text = AlignedText.Of("It is  5km away.").Collapse().Replace(new Regex("5km"), _ => "5 kilometers");
        Assert.Equal("It is 5 kilometers away.", text.Text);
        Assert.Equal((7, 8), text.Source(text.Text.IndexOf('5', StringComparison.Ordinal), 1));
        Assert.Equal((8, 10), text.Source(text.Text.IndexOf(" kilo", StringComparison.Ordinal) + 1, 3));
        Assert.Equal((11, 15), text.Source(text.Text.IndexOf("away", StringComparison.Ordinal), 4));
    }

    [Fact]
    public void Alignment_never_runs_backwards() => Gen.Select(Gen.String[Gen.Char["ab c"], 0, 40], Gen.String[Gen.Char["abxy "], 0, 6].Array[1, 6]).Sample((source, said) =>
    {
        AlignedText text = AlignedText.Of(source);
        int round = 0;
        foreach (string words in said)
            text = (round++ % 2 == 0 ? text.Replace(new Regex("a.|b "), _ => words) : text.Keep(new Regex("a(?<k>.)b"), "k")).Collapse();
        int start = 0, end = 0;
        for (int i = 0; i < text.Text.Length; i++)
        {
            (int from, int to) = text.Source(i, 1);
            Assert.True(from >= start && to >= end && from <= to && to <= source.Length);
            (start, end) = (from, to);
        }
    });
}
