using System.Collections.Frozen;

namespace Parley.Models.Misaki.Mending;

/// <summary>Whether a measure stands before its noun ("a 5 km run"), where its unit is singular.</summary>
internal static class Phrases
{
    /// <summary>For a look-behind: a determiner, perhaps one word, and a space.</summary>
    public const string Determiner =
        @"(?<![\p{L}\p{N}_'])(?:[Aa]n?|[Tt]he|[Tt]his|[Tt]hat|[Ee]ach|[Ee]very|[Aa]nother|[Aa]ny|[Nn]o|[Mm]y|[Yy]our|[Hh]is|[Hh]er|[Ii]ts|[Oo]ur|[Tt]heir) (?:[a-z]{3,} )?";

    /// <summary>For a look-ahead: a word that is no function word and no adverb of measure.</summary>
    public const string NounAhead = "(?!(?:" + FunctionWords + @")(?![a-z]))[a-z]{3,}(?![\p{L}])";

    private const string FunctionWords =
        "a|an|the|in|for|to|and|or|of|on|at|per|was|is|are|were|as|by|from|with|than|each|every|but|if|that|which|who|more|less|off|into|after|before|when|while|"
        + "because|so|has|had|have|will|would|can|could|should|must|may|might|did|does|do|today|ago|later|now|plus|only|worth|total|extra|apart|away|wide|long|tall|high|deep|"
        + "thick|he|she|it|they|we|you|i|not|up|down|over|under|about|around|between|through|during|without|within|until|since|there|here|then|too|also|just|yet|still|went|came";

    private static readonly FrozenSet<string> Functions = FunctionWords.Split('|').ToFrozenSet(StringComparer.Ordinal);

    public static bool IsNoun(ReadOnlySpan<char> word) => word.Length >= 3 && !Functions.GetAlternateLookup<ReadOnlySpan<char>>().Contains(word);
}
