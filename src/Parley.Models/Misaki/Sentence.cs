namespace Parley.Models.Misaki;

/// <summary>One sentence, ready for a network that speaks phonemes.</summary>
/// <param name="Text">The sentence as written, a run of the text that was read.</param>
/// <param name="Phonemes">What is spoken, in the alphabet of <see cref="PhonemeVocabulary"/>; never empty.</param>
/// <param name="Words">Its words in order: their phonemes lie in <paramref name="Phonemes"/> in the same order and do not overlap.</param>
public sealed record Sentence(string Text, string Phonemes, IReadOnlyList<Word> Words);

/// <summary>
/// One written word or mark of punctuation, and where its sound lies. What is written as one and spoken as several
/// ("$5": five dollars) is one word, so that times found by counting phonemes belong to what the reader sees.
/// </summary>
/// <param name="Text">As written, without surrounding space.</param>
/// <param name="TextStart">Where it starts in the whole text given to the front end, in UTF-16 units.</param>
/// <param name="TextLength">Length in UTF-16 units.</param>
/// <param name="Phonemes">Its part of the sentence's phonemes; empty if it is silent.</param>
/// <param name="PhonemeStart">Where that part starts in the sentence's phonemes.</param>
public sealed record Word(string Text, int TextStart, int TextLength, string Phonemes, int PhonemeStart)
{
    /// <summary>True if it has a sound of speech; punctuation only shapes the melody and the pauses.</summary>
    public bool IsSpoken => PhonemeSet.HasSound(Phonemes);
}
