using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Parley.Server;

/// <summary>How the API's own objects are written: snake case, compact.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.Never)]
[JsonSerializable(typeof(ApiErrorBody))]
[JsonSerializable(typeof(LegacyErrorBody))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(SpeechAudioDelta))]
[JsonSerializable(typeof(SpeechAudioWords))]
[JsonSerializable(typeof(SpeechAudioDone))]
[JsonSerializable(typeof(SpeechAudioError))]
[JsonSerializable(typeof(IReadOnlyList<SpokenWord>))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(AudioModelList))]
[JsonSerializable(typeof(VoiceList))]
[JsonSerializable(typeof(VoiceEntry))]
[JsonSerializable(typeof(VoiceAdded))]
[JsonSerializable(typeof(VoiceDeleted))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(ChatCompletion))]
[JsonSerializable(typeof(ChatChunk))]
[JsonSerializable(typeof(ChatChunkWithUsage))]
[JsonSerializable(typeof(ModerationAnswer))]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(VersionAnswer))]
[JsonSerializable(typeof(ServerAnswer))]
[JsonSerializable(typeof(TranscriptionJson))]
[JsonSerializable(typeof(TranscriptionVerbose))]
[JsonSerializable(typeof(TranscriptTextDelta))]
[JsonSerializable(typeof(TranscriptTextSegment))]
[JsonSerializable(typeof(TranscriptTextDone))]
[JsonSerializable(typeof(StreamError))]
[JsonSerializable(typeof(LegacyTranscription))]
[JsonSerializable(typeof(LegacyHealth))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    private static readonly Lazy<ApiJson> Relaxed = new(() => With(JavaScriptEncoder.UnsafeRelaxedJsonEscaping));
    private static readonly Lazy<ApiJson> Escaped = new(() => With(JavaScriptEncoder.Default));

    /// <summary>Text in any script as it is; these answers are never put into a page as they are.</summary>
    public static ApiJson Compact => Relaxed.Value;

    /// <summary>ASCII only, for headers.</summary>
    public static ApiJson Ascii => Escaped.Value;

    private static ApiJson With(JavaScriptEncoder encoder) =>
        new(new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = encoder });
}
