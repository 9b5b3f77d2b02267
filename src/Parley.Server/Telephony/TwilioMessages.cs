using System.Text.Json;
using System.Text.Json.Serialization;

namespace Parley.Server;

// Twilio, "Media Streams - WebSocket Messages". Camel case, other than everything else here.

/// <summary>What Twilio sends; which members there are follows from <see cref="Event"/>.</summary>
internal sealed record TwilioMessage(string Event)
{
    public string? StreamSid { get; init; }

    public TwilioStart? Start { get; init; }

    public TwilioMedia? Media { get; init; }

    public TwilioMark? Mark { get; init; }

    public TwilioDigit? Dtmf { get; init; }
}

internal sealed record TwilioStart(string StreamSid)
{
    public string? CallSid { get; init; }

    public IReadOnlyDictionary<string, string>? CustomParameters { get; init; }

    public TwilioFormat? MediaFormat { get; init; }
}

internal sealed record TwilioFormat(string Encoding, int SampleRate, int Channels);

/// <param name="Payload">Mu-law, 8 kHz, in base64.</param>
internal sealed record TwilioMedia(ReadOnlyMemory<byte> Payload)
{
    public string? Track { get; init; }
}

internal sealed record TwilioMark(string Name);

internal sealed record TwilioDigit(string Digit);

/// <summary>What Twilio is sent.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(TwilioPlay), "media")]
[JsonDerivedType(typeof(TwilioSetMark), "mark")]
[JsonDerivedType(typeof(TwilioClear), "clear")]
internal abstract record TwilioCommand(string StreamSid);

/// <summary>Sound to be played behind what waits.</summary>
internal sealed record TwilioPlay(string StreamSid, TwilioMedia Media) : TwilioCommand(StreamSid);

/// <summary>To be sent back when everything before it has been played.</summary>
internal sealed record TwilioSetMark(string StreamSid, TwilioMark Mark) : TwilioCommand(StreamSid);

/// <summary>Forget what has not been played; marks among it come back at once.</summary>
internal sealed record TwilioClear(string StreamSid) : TwilioCommand(StreamSid);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(TwilioMessage))]
[JsonSerializable(typeof(TwilioCommand))]
internal sealed partial class TwilioJson : JsonSerializerContext;
