namespace Parley.Models.Misaki;

/// <summary>Whose English.</summary>
public enum EnglishAccent
{
    American,
    British,
}

/// <summary>How closely the front end follows its reference.</summary>
public enum ReadingMode
{
    /// <summary>What a listener would want: the reference with its known faults mended.</summary>
    Default,

    /// <summary>Exactly what the reference program says, faults included.</summary>
    Faithful,
}

/// <summary>
/// English text to phonemes, sentence by sentence, for networks trained on misaki's alphabet (Hibari, Kokoro).
/// Safe to use from several threads at once.
/// </summary>
public sealed class MisakiFrontEnd : IDisposable
{
    /// <summary>Opens the lexicons, the tagger and the net for unknown words of one accent.</summary>
    /// <param name="folder">The folder that holds them: <c>lexicon_us_gold.json.gz</c>, <c>tagger.json.gz</c>, <c>oov.onnx</c> ...</param>
    /// <param name="accent">British files are only read when asked for.</param>
    /// <exception cref="ModelFileException">A file is missing or damaged.</exception>
    public static MisakiFrontEnd Open(string folder, EnglishAccent accent) => throw new NotSupportedException();

    /// <summary>Reads a whole text.</summary>
    /// <returns>The sentences that have something to say, in order; empty if the text has nothing to say (white space, emoji, marks).</returns>
    public IReadOnlyList<Sentence> Read(string text, ReadingMode mode = ReadingMode.Default) => [.. ReadSentences(text, mode)];

    /// <summary>As <see cref="Read"/>, but each sentence is read when it is asked for, so that speech can start with the first.</summary>
    public IEnumerable<Sentence> ReadSentences(string text, ReadingMode mode = ReadingMode.Default) => throw new NotSupportedException();

    public void Dispose()
    {
    }
}
