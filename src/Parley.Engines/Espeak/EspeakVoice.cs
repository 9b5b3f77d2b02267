namespace Parley.Engines;

/// <summary>One line of <c>espeak-ng --voices</c>.</summary>
/// <param name="Language">What <c>-v</c> takes: <c>en-us</c>, <c>pt-br</c>, <c>cmn</c> ...</param>
/// <param name="Name">Its name, with underscores for spaces.</param>
/// <param name="File">The file below the program's voices.</param>
public sealed record EspeakVoice(string Language, string Name, string File)
{
    /// <summary>Reads the table: priority, language, age/gender, name, file, other languages in brackets. The first line is its head.</summary>
    internal static IReadOnlyList<EspeakVoice> ReadList(string table)
    {
        List<EspeakVoice> voices = [];
        foreach (string line in table.Split('\n').Skip(1))
        {
            string[] columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (columns.Length >= 5)
                voices.Add(new(columns[1], columns[3], columns[4]));
        }
        return voices;
    }

    internal Voice ToVoice() => new(Language, Name.Replace('_', ' '), LanguageTag.WithConventionalCase(Language), "formant synthesis");
}
