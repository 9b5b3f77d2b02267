using System.Buffers;
using System.Text.RegularExpressions;

namespace Parley.Models.Misaki.Mending;

/// <summary>Takes Markdown's marks off a line; what they mark is spoken. Language models write it whether or not they are asked.</summary>
internal sealed partial class Markdown
{
    private static readonly SearchValues<char> InlineMarks = SearchValues.Create("*_`~[]<");

    private bool inFence;

    /// <summary>One line, in order; fences reach over lines.</summary>
    public AlignedText Strip(AlignedText line)
    {
        if (!inFence && !Mark().IsMatch(line.Text))
            return line;
        if (Fence().IsMatch(line.Text))
        {
            inFence = !inFence;
            return line.Replace(Everything(), _ => "");
        }
        if (inFence)
            return line;
        if (Rule().IsMatch(line.Text) || TableRule().IsMatch(line.Text))
            return line.Replace(Everything(), _ => "");
        line = line.Replace(BlockMark(), _ => "")
            .Replace(ListNumber(), match => match.Groups["number"].Value + ", ");
        if (!line.Text.AsSpan().ContainsAny(InlineMarks))
            return line;
        return line.Keep(Link(), "text", match => !Pronunciation.IsInline(match.Groups["target"].Value))
            .Keep(AutoLink(), "text")
            .Keep(Strong(), "text")
            .Keep(Emphasis(), "text")
            .Keep(Code(), "text");
    }

    /// <summary>True if a line opens a block of its own and cannot continue the one before.</summary>
    public static bool OpensBlock(string line) => Fence().IsMatch(line) || BlockMark().IsMatch(line) || ListNumber().IsMatch(line);

    /// <summary>Any sign of Markdown: most lines have none.</summary>
    [GeneratedRegex(@"^\s*(?:[-#>+=|•]|\d{1,3}[.)])|[*_`~<\[]")]
    private static partial Regex Mark();

    [GeneratedRegex(@"^\s*(?:```|~~~)")]
    private static partial Regex Fence();

    [GeneratedRegex(@"^\s*(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,}|={3,}\s*)$")]
    private static partial Regex Rule();

    [GeneratedRegex(@"^\s*\|?(?:\s*:?-{2,}:?\s*\|)+(?:\s*:?-+:?\s*)?$")]
    private static partial Regex TableRule();

    [GeneratedRegex(@"^\s*(?:>\s*)*(?:#{1,6}(?=\s)|[-*+•](?=\s)(?:\s+\[[ xX]\](?=\s))?|>)\s*")]
    private static partial Regex BlockMark();

    [GeneratedRegex(@"^\s*(?<number>\d{1,3})[.)]\s+(?=\S)")]
    private static partial Regex ListNumber();

    [GeneratedRegex(@"!?\[(?<text>[^\[\]]{1,200})\]\((?<target>[^()\s]{0,500}(?:\s[^()]{0,200})?)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"<(?<text>(?:https?://|mailto:)[^<>\s]{1,500})>")]
    private static partial Regex AutoLink();

    [GeneratedRegex(@"(?<mark>\*\*\*|\*\*|~~|(?<![\p{L}\p{N}])__)(?=\S)(?<text>[^*~_]{1,500}?)(?<=\S)\k<mark>")]
    private static partial Regex Strong();

    [GeneratedRegex(@"(?<![\p{L}\p{N}*_])(?<mark>[*_])(?=[^\s*_])(?<text>[^*]{0,500}?[^\s*_])\k<mark>(?![\p{L}\p{N}*_])")]
    private static partial Regex Emphasis();

    [GeneratedRegex(@"`{1,2}(?<text>[^`]{1,500})`{1,2}")]
    private static partial Regex Code();

    [GeneratedRegex(@"^.+$", RegexOptions.Singleline)]
    private static partial Regex Everything();
}
