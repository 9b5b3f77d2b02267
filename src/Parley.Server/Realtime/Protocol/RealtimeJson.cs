using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Parley.Server;

/// <summary>How the events of <c>/v1/realtime</c> are written: snake case, compact, and no nulls but where a null says something.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ServerEvent))]
[JsonSerializable(typeof(ClientSecretAnswer))]
internal sealed partial class RealtimeJson : JsonSerializerContext
{
    private static readonly Lazy<RealtimeJson> Relaxed = new(() => new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    }));

    /// <summary>Text in any script as it is; the events are never put into a page as they are.</summary>
    public static RealtimeJson Compact => Relaxed.Value;
}
