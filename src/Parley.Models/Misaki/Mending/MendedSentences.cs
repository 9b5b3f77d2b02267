using System.Buffers;

namespace Parley.Models.Misaki.Mending;

/// <summary>
/// The default mode's way from a text to sentences: line by line, cleaned, without Markdown's marks; a line that goes on in
/// lower case continues the one before.
/// </summary>
internal sealed class MendedSentences(NormalizerTables tables)
{
    private static readonly SearchValues<char> LineBreaks = SearchValues.Create("\n\r\v\f\u0085\u2028\u2029");

    private readonly MendedSplitter splitter = new(tables);

    /// <summary>Sentences as they come; a sentence needs no more of the text than its paragraph.</summary>
    public IEnumerable<AlignedText> Split(string text)
    {
        Markdown markdown = new();
        AlignedText? paragraph = null;
        for (int start = 0; start < text.Length;)
        {
            int length = text.AsSpan(start).IndexOfAny(LineBreaks);
            int end = length < 0 ? text.Length : start + length;
            string raw = text[start..end];
            bool continues = paragraph is not null && paragraph.Text.Length < SentenceBounds.Longest && Continues(paragraph.Text, raw);
            AlignedText line = markdown.Strip(TextCleaner.Clean(AlignedText.Of(text, start, end - start)));
            if (continues)
            {
                paragraph = AlignedText.Join(paragraph!, line);
            }
            else
            {
                foreach (AlignedText sentence in SplitParagraph(paragraph))
                    yield return sentence;
                paragraph = line;
            }
            start = end + (end + 1 < text.Length && text[end] == '\r' && text[end + 1] == '\n' ? 2 : 1);
        }
        foreach (AlignedText sentence in SplitParagraph(paragraph))
            yield return sentence;
    }

    private IEnumerable<AlignedText> SplitParagraph(AlignedText? paragraph)
    {
        if (paragraph is null)
            yield break;
        foreach ((int start, int end) in splitter.Split(paragraph.Text))
        {
            foreach ((int from, int to) in SentenceBounds.Cut(paragraph.Text, start, end))
                yield return paragraph.Slice(from, to);
        }
    }

    private static bool Continues(string before, string line)
    {
        ReadOnlySpan<char> next = line.AsSpan().TrimStart();
        ReadOnlySpan<char> done = before.AsSpan().TrimEnd();
        return next.Length > 0 && char.IsLower(next[0]) && done.Length > 0 && done[^1] is not ('.' or '!' or '?' or '…' or ':' or ';') && !Markdown.OpensBlock(line);
    }
}
