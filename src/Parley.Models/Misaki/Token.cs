namespace Parley.Models.Misaki;

/// <summary>One token of a sentence.</summary>
/// <param name="Text">As it stands in the normalised sentence.</param>
/// <param name="Start">Where it starts in the normalised sentence.</param>
internal sealed record Token(string Text, int Start)
{
    /// <summary>Penn tag.</summary>
    public string Tag { get; set; } = "NN";

    /// <summary>True if white space follows.</summary>
    public bool HasSpace { get; set; }

    /// <summary>Phonemes that the text itself gives; null for ordinary tokens.</summary>
    public string? Phonemes { get; set; }

    /// <summary>Read instead of the text; null to read the text.</summary>
    public string? Alias { get; set; }
}

/// <summary>
/// A piece of a token while it becomes sound. Its phonemes are null until something reads it; empty means silent.
/// </summary>
internal sealed class SubToken
{
    public required string Text { get; init; }

    public required string Tag { get; init; }

    /// <summary>Where it lies in the normalised sentence.</summary>
    public required int Start { get; init; }

    public required int Length { get; init; }

    public bool HasSpace { get; set; }

    /// <summary>False for a piece that continues a word.</summary>
    public bool IsHead { get; set; } = true;

    public string? Currency { get; set; }

    /// <summary>Read instead of the text.</summary>
    public string? Alias { get; set; }

    public double? Stress { get; init; }

    public string? Phonemes { get; set; }

    public int? Rating { get; set; }

    /// <summary>True if a space separates it from the piece before within the word.</summary>
    public bool IsSpaced { get; set; }

    /// <summary>Phonemes or an alias are decided: it is not looked up with others.</summary>
    public bool IsDecided => Phonemes is not null || Alias is not null;

    /// <summary>Several pieces as one word. Phonemes are joined only if <paramref name="withPhonemes"/>.</summary>
    public static SubToken Merge(ReadOnlySpan<SubToken> pieces, bool withPhonemes)
    {
        if (pieces.Length == 1 && !withPhonemes)
            return pieces[0];
        System.Text.StringBuilder text = new(), phonemes = new();
        SubToken heaviest = pieces[0];
        int most = -1;
        int? rating = int.MaxValue;
        string? currency = null;
        foreach (SubToken piece in pieces)
        {
            text.Append(piece.Text);
            if (piece.HasSpace && piece != pieces[^1])
                text.Append(' ');
            int weight = 0;
            foreach (char c in piece.Text)
                weight += char.ToLowerInvariant(c) == c ? 1 : 2;
            if (weight > most)
                (most, heaviest) = (weight, piece);
            if (string.CompareOrdinal(piece.Currency, currency) > 0)
                currency = piece.Currency;
            rating = rating is null || piece.Rating is null ? null : Math.Min(rating.Value, piece.Rating.Value);
            if (piece.IsSpaced && phonemes.Length > 0 && phonemes[^1] != ' ' && !string.IsNullOrEmpty(piece.Phonemes))
                phonemes.Append(' ');
            phonemes.Append(piece.Phonemes);
        }
        SubToken last = pieces[^1];
        return new()
        {
            Text = text.ToString(),
            Tag = heaviest.Tag,
            Start = pieces[0].Start,
            Length = last.Start + last.Length - pieces[0].Start,
            HasSpace = last.HasSpace,
            IsHead = pieces[0].IsHead,
            Currency = currency,
            Stress = SharedStress(pieces),
            Phonemes = withPhonemes ? phonemes.ToString() : null,
            Rating = rating,
        };
    }

    private static double? SharedStress(ReadOnlySpan<SubToken> pieces)
    {
        double? shared = null;
        foreach (SubToken piece in pieces)
        {
            if (piece.Stress is null)
                continue;
            if (shared is not null && shared != piece.Stress)
                return null;
            shared = piece.Stress;
        }
        return shared;
    }
}
