using Parley.Models.Misaki;

namespace Parley.Models.Tests.Misaki;

/// <summary>The starter voice's front ends, opened once for all tests.</summary>
internal static class FrontEnds
{
    private static readonly Lazy<MisakiFrontEnd> LazyAmerican = new(() => MisakiFrontEnd.Open(TestData.Starter("hibari"), EnglishAccent.American));
    private static readonly Lazy<MisakiFrontEnd> LazyBritish = new(() => MisakiFrontEnd.Open(TestData.Starter("hibari"), EnglishAccent.British));

    public static MisakiFrontEnd American => LazyAmerican.Value;

    public static MisakiFrontEnd British => LazyBritish.Value;

    /// <summary>All phonemes of a text, sentences parted by ¦.</summary>
    public static string Say(string text, ReadingMode mode = ReadingMode.Default) => string.Join(" ¦ ", American.Read(text, mode).Select(sentence => sentence.Phonemes));

    /// <summary>Phonemes without punctuation and doubled spaces.</summary>
    public static string Bare(string phonemes) =>
        string.Join(' ', string.Concat(phonemes.Select(c => ";:,.!?—…()“”¦".Contains(c, StringComparison.Ordinal) ? ' ' : c)).Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
