using System.Text.Json.Serialization;

namespace Parley.Trials.Screening;

/// <summary>A line of <c>prescreen.jsonl</c>: money that was spent on a clip, or what was heard for it.</summary>
/// <param name="Source">Always <c>paid</c>: nothing of this can decide.</param>
/// <param name="Stage"><c>sent</c>, written before the call with its cost; <c>heard</c> or <c>failed</c>, written after it.</param>
/// <param name="Engine">Role of the candidate.</param>
/// <param name="Utterance">What it says.</param>
/// <param name="Condition">How.</param>
/// <param name="Model">The service's model.</param>
/// <param name="Cost">Of the call, by the plan's price; 0 in the second line.</param>
/// <param name="Currency">Of the cost.</param>
/// <param name="Heard">What the service understood.</param>
/// <param name="WordErrors">Of it.</param>
/// <param name="ReferenceWords">Words of the text.</param>
/// <param name="Problem">Why the call failed.</param>
/// <param name="AtUtc">When.</param>
public sealed record PrescreenItem(
    string Source, string Stage, string Engine, string Utterance, string Condition, string Model, decimal Cost, string Currency,
    string? Heard, int? WordErrors, int? ReferenceWords, string? Problem, DateTimeOffset AtUtc)
{
    public const string Sent = "sent", Answered = "heard", Failed = "failed";
}

/// <summary>What a pre-screen would cost.</summary>
/// <param name="Clips">That have not been paid for yet.</param>
/// <param name="Length">Of their sound.</param>
/// <param name="Cost">By the plan's price, rounded up to a hundredth of a cent.</param>
/// <param name="Spent">On this trial so far.</param>
/// <param name="Plan">Price, budget, currency.</param>
public sealed record PrescreenQuote(int Clips, TimeSpan Length, decimal Cost, decimal Spent, Plans.PaidPrescreenPlan Plan)
{
    /// <summary>The words that say yes.</summary>
    public string Confirmation => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"pay {Cost:0.0000} {Plan.Currency}");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(PrescreenItem))]
internal sealed partial class PrescreenJson : JsonSerializerContext;
