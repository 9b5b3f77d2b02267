using System.Text.Json.Serialization;

namespace Parley.Trials.Running;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, Converters = [typeof(PhaseConverter)])]
[JsonSerializable(typeof(TrialProgress))]
internal sealed partial class ProgressJson : JsonSerializerContext;
