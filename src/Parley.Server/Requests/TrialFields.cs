using Parley.Trials.Listening;

namespace Parley.Server;

/// <summary>The fields of a judgement.</summary>
internal static class TrialFields
{
    private static readonly TextField Pair = new("pair", "The pair's name.", 64) { IsRequired = true };
    private static readonly TextField Listener = new("listener", "Who judges.", 40) { IsRequired = true };
    private static readonly IntegerField ScoreA = new("score_a", "A, from 1 (bad) to 5 (excellent).", 1, 5) { IsRequired = true };
    private static readonly IntegerField ScoreB = new("score_b", "B, from 1 (bad) to 5 (excellent).", 1, 5) { IsRequired = true };
    private static readonly ChoiceField Preference = new("preference", "Which is preferred; may be left out.", "a", "b", "none");
    private static readonly IntegerField PlaysA = new("plays_a", "Times that A was heard to its end; at least once.", 0, 1000) { IsRequired = true };
    private static readonly IntegerField PlaysB = new("plays_b", "Times that B was heard to its end; at least once.", 0, 1000) { IsRequired = true };
    private static readonly NumberField FirstScoreMs = new("first_score_ms", "Milliseconds from the first play to the judgement.", 0, 1e9);
    private static readonly TextField Note = new("note", "The reason.", 500);

    public static readonly IReadOnlyList<RequestField> All = [Pair, Listener, ScoreA, ScoreB, Preference, PlaysA, PlaysB, FirstScoreMs, Note];

    /// <exception cref="ApiException">A field is missing or out of range.</exception>
    public static ScoreLine Read(RequestBody body) => new()
    {
        Pair = Required(body, Pair),
        ListenerId = Required(body, Listener),
        ScoreA = (int)Required(body, ScoreA),
        ScoreB = (int)Required(body, ScoreB),
        Pref = body.TryGet(Preference, out string? preference) ? preference : null,
        PlaysA = (int)Required(body, PlaysA),
        PlaysB = (int)Required(body, PlaysB),
        FirstScoreMs = body.TryGet(FirstScoreMs, out double ms) ? ms : null,
        Note = body.TryGet(Note, out string? note) ? note : null,
    };

    private static T Required<T>(RequestBody body, RequestField<T> field) => body.TryGet(field, out T? value) ? value!
        : throw ApiException.Invalid(field.Name, $"'{field.Name}' is missing: {field.Summary}", "missing_field");
}
