using System.Text;

namespace Parley.Models.Misaki;

/// <summary>
/// Gives groups of sub-tokens their phonemes, from right to left because a word's sound depends on the next one's.
/// hexgrad/misaki, en.py, G2P.__call__.
/// </summary>
/// <param name="lexicon">Asked first.</param>
/// <param name="fallback">Reads what the lexicon does not know.</param>
/// <param name="known">Readings that come before the lexicon's; null where it has nothing.</param>
internal sealed class Pronouncer(Lexicon lexicon, Func<string, Reading> fallback, Func<string, string?> known)
{
    /// <summary>Longer runs are not looked up: the longest entry, "what-you-see-is-what-you-get", has 13 pieces.</summary>
    private const int MostPieces = 24;

    /// <summary>Fills the phonemes of every sub-token.</summary>
    public void Pronounce(IReadOnlyList<SubToken[]> groups)
    {
        Following next = default;
        for (int i = groups.Count - 1; i >= 0; i--)
        {
            SubToken[] group = groups[i];
            if (!AnyDecided(group))
                AssignKnown(group);
            next = group.Length == 1 ? PronounceOne(group[0], next)
                : group[0].Phonemes is null ? PronounceGroup(group, next)
                : Update(next, group[0].Phonemes, group[0]);
        }
    }

    /// <summary>A whole word, or one with 's, that has a reading of its own.</summary>
    private void AssignKnown(SubToken[] group)
    {
        SubToken word = SubToken.Merge(group, withPhonemes: false);
        if (known(word.Text) is { } phonemes)
            Assign(group, new(phonemes, 5));
        else if (word.Text.Length > 2 && word.Text[^2] is '\'' or '’' && word.Text[^1] == 's' && known(word.Text[..^2]) is { } owner)
            Assign(group, new(Suffixes.AddS(lexicon.Accent, owner), 5));
    }

    private Following PronounceOne(SubToken word, Following next)
    {
        if (word.Phonemes is null)
        {
            Reading reading = lexicon.Read(word.Alias ?? word.Text, word, next);
            if (reading.Phonemes is null)
                reading = fallback(word.Text);
            (word.Phonemes, word.Rating) = (reading.Phonemes, reading.Rating);
        }
        return Update(next, word.Phonemes, word);
    }

    /// <summary>The longest runs that the lexicon knows, from the right; one that nothing knows sends the whole group to the net.</summary>
    private Following PronounceGroup(SubToken[] group, Following next)
    {
        int right = group.Length, left = Math.Max(0, right - MostPieces);
        while (left < right)
        {
            Span<SubToken> run = group.AsSpan(left, right - left);
            SubToken? merged = AnyDecided(run) ? null : SubToken.Merge(run, withPhonemes: false);
            Reading reading = merged is null ? Reading.Nothing : lexicon.Read(merged.Alias ?? merged.Text, merged, next);
            if (merged is not null && reading.Phonemes is not null)
            {
                next = Update(next, reading.Phonemes, merged);
                Assign(run, reading);
                right = left;
                left = Math.Max(0, right - MostPieces);
                continue;
            }
            if (left + 1 < right)
            {
                left++;
                continue;
            }
            right--;
            left = Math.Max(0, right - MostPieces);
            SubToken last = group[right];
            if (last.Phonemes is not null)
                continue;
            if (IsJunk(last.Text))
            {
                (last.Phonemes, last.Rating) = ("", 3);
                continue;
            }
            Assign(group, fallback(SubToken.Merge(group, withPhonemes: false).Text));
            return next;                                                       // the reference leaves the context as it was
        }
        CompoundStress.Resolve(group);
        return next;
    }

    private static void Assign(Span<SubToken> run, Reading reading)
    {
        foreach (SubToken piece in run)
            (piece.Phonemes, piece.Rating) = ("", reading.Rating);
        run[0].Phonemes = reading.Phonemes;
    }

    private static Following Update(Following next, string? phonemes, SubToken word)
    {
        NextSound sound = next.Sound;
        foreach (char c in phonemes ?? "")
        {
            NextSound? decided = PhonemeSet.Vowels.Contains(c) ? NextSound.Vowel
                : PhonemeSet.Consonants.Contains(c) ? NextSound.Consonant
                : PhonemeSet.Pauses.Contains(c) ? NextSound.None
                : null;
            if (decided is null)
                continue;
            sound = decided.Value;
            break;
        }
        return new(sound, word.Text is "to" or "To" || (word.Text == "TO" && word.Tag is "TO" or "IN"));
    }

    private static bool AnyDecided(ReadOnlySpan<SubToken> run)
    {
        foreach (SubToken piece in run)
        {
            if (piece.IsDecided)
                return true;
        }
        return false;
    }

    internal static bool IsJunk(string text) => text.AsSpan().IndexOfAnyExcept(PhonemeSet.Junk) < 0;
}
