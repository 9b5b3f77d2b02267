namespace Parley.Models.Misaki.Mending;

/// <summary>
/// Names and terms that the lexicon lacks and the net gets wrong. A line holds the word, its American and its British
/// phonemes, parted by tabs (British may be left out: then the word is only in the American list); <c>#</c> begins a comment.
/// </summary>
internal sealed class PronunciationList
{
    private readonly Dictionary<string, string> words = new(StringComparer.OrdinalIgnoreCase);

    private PronunciationList()
    {
    }

    /// <summary>The built-in list, and on top of it the one of a project.</summary>
    /// <param name="accent">Which column to read.</param>
    /// <param name="path">The project's own list; null for none.</param>
    /// <exception cref="ModelFileException">The project's list is missing, or a line is not of the form above.</exception>
    public static PronunciationList Read(EnglishAccent accent, string? path)
    {
        PronunciationList list = new();
        using (Stream builtIn = typeof(PronunciationList).Assembly.GetManifestResourceStream("Parley.Models.Misaki.names.tsv")!)
            list.Add(builtIn, "names.tsv", accent);
        if (path is null)
            return list;
        try
        {
            using FileStream file = File.OpenRead(path);
            list.Add(file, path, accent);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(path, $"cannot be read ({fault.Message}). It should list words and their phonemes.", fault);
        }
        return list;
    }

    /// <summary>The phonemes of a word in any case, or null.</summary>
    public string? Find(string word) => words.GetValueOrDefault(word);

    private void Add(Stream content, string name, EnglishAccent accent)
    {
        using StreamReader reader = new(content);
        int number = 0;
        while (reader.ReadLine() is { } line)
        {
            number++;
            if (string.IsNullOrWhiteSpace(line) || line.StartsWith('#'))
                continue;
            string[] columns = line.Split('\t');
            if (columns.Length is < 2 or > 3 || columns.Any(column => column.Length == 0) || !PhonemeSet.HasSound(columns[1]))
                throw new ModelFileException(name, $"line {number}: '{line}' is not a word, a tab and its phonemes (and perhaps a tab and the British ones).");
            if (accent == EnglishAccent.American)
                words[columns[0]] = columns[1];
            else if (columns.Length == 3)
                words[columns[0]] = columns[2];
        }
    }
}
