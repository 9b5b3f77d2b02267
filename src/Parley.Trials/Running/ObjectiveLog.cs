using System.Text.Json.Serialization;
using Parley.Trials.Verdicts;

namespace Parley.Trials.Running;

/// <summary>What the objective measures found so far, clip by clip.</summary>
internal static class ObjectiveLog
{
    public static IReadOnlyList<ObjectiveItem> Read(TrialFolder folder) => Open(folder).Read();

    public static JsonLines<ObjectiveItem> Open(TrialFolder folder) => new(folder.Objective, ObjectiveJson.Default.ObjectiveItem);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ObjectiveItem))]
internal sealed partial class ObjectiveJson : JsonSerializerContext;
