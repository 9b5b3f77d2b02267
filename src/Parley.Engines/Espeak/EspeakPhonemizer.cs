using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Parley.Models.Speech;
using Parley.Text;

namespace Parley.Engines;

/// <summary>A run of phonemes that is spoken in one go.</summary>
/// <param name="Phonemes">IPA with marks (<c>, . ? ! : ;</c>) where the text has them; not blank.</param>
/// <param name="End">What follows it.</param>
internal readonly record struct PhonemeSentence(string Phonemes, PieceEnd End);

/// <summary>
/// Text to the phonemes that Piper networks were trained on: espeak-ng's IPA, clause by clause, with each clause's mark behind
/// it. The program prints a line for each clause but not its mark, and takes "Dr." for the end of a sentence; so the clauses are
/// ours and go in as paragraphs, which it never joins.
/// </summary>
internal sealed partial class EspeakPhonemizer(EspeakProgram espeak, string voice)
{
    private const int LongestSentence = 400; // UTF-16 units; what is longer is spoken in several goes, cut at clauses

    /// <summary>The phonemes of a text, a sentence at a time, each read when it is asked for.</summary>
    public async IAsyncEnumerable<PhonemeSentence> ReadAsync(string text, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        List<(string Text, char Mark)> clauses = [];
        int length = 0;
        foreach (Clause clause in ClauseSplitter.Split(text))
        {
            foreach (string part in ClauseSplitter.Gather(clause.In(text).ToString(), LongestSentence))
            {
                if (length > 0 && length + part.Length > LongestSentence)
                {
                    if (await ReadSentenceAsync(clauses, cancel) is { Length: > 0 } beginning)
                        yield return new(beginning, PieceEnd.Clause);
                    clauses.Clear();
                    length = 0;
                }
                clauses.Add((part, clause.Mark));
                length += part.Length;
            }
            if (clause.End == ClauseEnd.Sentence)
            {
                if (await ReadSentenceAsync(clauses, cancel) is { Length: > 0 } sentence)
                    yield return new(sentence, PieceEnd.Sentence);
                clauses.Clear();
                length = 0;
            }
        }
    }

    private async Task<string> ReadSentenceAsync(List<(string Text, char Mark)> clauses, CancellationToken cancel)
    {
        string[] lines = Lines(await espeak.ReadPhonemesAsync(string.Join("\n\n", clauses.Select(clause => OneLine(clause.Text))), voice, cancel));
        StringBuilder sentence = new();
        for (int i = 0; i < clauses.Count; i++)
        {
            // The program cut some clause once more, or found nothing to say in one: ask for each by itself.
            string phonemes = lines.Length == clauses.Count ? lines[i]
                : string.Join(' ', Lines(await espeak.ReadPhonemesAsync(OneLine(clauses[i].Text), voice, cancel)));
            if (phonemes.Length == 0)
                continue;
            if (sentence.Length > 0)
                sentence.Append(' ');
            sentence.Append(phonemes).Append(PlainMark(clauses[i].Mark));
        }
        return sentence.ToString();
    }

    private static string OneLine(string clause) => clause.ReplaceLineEndings(" ");

    private static string[] Lines(string output) =>
        LanguageSwitch().Replace(output, "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>The marks that the networks know; those of other scripts mean the same.</summary>
    private static string PlainMark(char mark) => mark switch
    {
        '.' or '…' or '。' or '｡' or '।' or '॥' or '۔' => ".",
        '!' or '！' or '‼' or '⁉' => "!",
        '?' or '？' or '؟' or '⁇' or '⁈' => "?",
        ';' or '；' or '؛' => ";",
        ':' or '：' => ":",
        '\0' => "",
        _ => ",",
    };

    // Where a voice borrows another's rules for a foreign word, the program writes both languages in brackets around it.
    [GeneratedRegex(@"\([a-z][a-z0-9-]*\)")]
    private static partial Regex LanguageSwitch();
}
