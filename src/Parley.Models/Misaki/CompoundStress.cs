namespace Parley.Models.Misaki;

/// <summary>Weakens the lighter parts of a word made of parts, so that it has one main stress. hexgrad/misaki, en.py, resolve_tokens.</summary>
internal static class CompoundStress
{
    public static void Resolve(SubToken[] group)
    {
        bool isSpaced = IsSpaced(group);
        for (int i = 0; i < group.Length; i++)
        {
            SubToken piece = group[i];
            if (piece.Phonemes is null && i == group.Length - 1 && piece.Text.Length == 1 && PhonemeSet.Pauses.Contains(piece.Text[0]))
                (piece.Phonemes, piece.Rating) = (piece.Text, 3);
            else if (piece.Phonemes is null && Pronouncer.IsJunk(piece.Text))
                (piece.Phonemes, piece.Rating) = ("", 3);
            else if (i > 0)
                piece.IsSpaced = isSpaced;
        }
        if (isSpaced)
            return;

        List<(bool HasPrimary, int Weight, int Place)> parts = [];
        for (int i = 0; i < group.Length; i++)
        {
            if (!string.IsNullOrEmpty(group[i].Phonemes))
                parts.Add((group[i].Phonemes!.Contains(PhonemeSet.Primary), Weight(group[i].Phonemes!), i));
        }
        if (parts.Count == 2 && group[parts[0].Place].Text.Length == 1)
        {
            Weaken(group[parts[1].Place]);
            return;
        }
        if (parts.Count < 2 || parts.Count(part => part.HasPrimary) <= (parts.Count + 1) / 2)
            return;
        parts.Sort();
        foreach ((_, _, int place) in parts.Take(parts.Count / 2))
            Weaken(group[place]);
    }

    private static void Weaken(SubToken piece) => piece.Phonemes = Stress.Apply(piece.Phonemes!, -0.5);

    /// <summary>Parts are set apart if a space or slash lies between, or if letters, digits and signs are mixed.</summary>
    private static bool IsSpaced(SubToken[] group)
    {
        bool letters = false, digits = false, others = false;
        for (int i = 0; i < group.Length; i++)
        {
            if (i < group.Length - 1 && group[i].HasSpace)
                return true;
            foreach (char c in group[i].Text)
            {
                if (c is '/' or ' ')
                    return true;
                if (PhonemeSet.Junk.Contains(c))
                    continue;
                letters |= char.IsLetter(c);
                digits |= char.IsAsciiDigit(c);
                others |= !char.IsLetter(c) && !char.IsAsciiDigit(c);
            }
        }
        return (letters ? 1 : 0) + (digits ? 1 : 0) + (others ? 1 : 0) > 1;
    }

    private static int Weight(string phonemes)
    {
        int weight = 0;
        foreach (char c in phonemes)
            weight += PhonemeSet.Diphthongs.Contains(c) ? 2 : 1;
        return weight;
    }
}
