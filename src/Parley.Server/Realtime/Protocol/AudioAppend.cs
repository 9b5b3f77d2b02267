using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace Parley.Server;

/// <summary>
/// Reads <c>input_audio_buffer.append</c>, the one event that comes fifty times a second: no document is made of it, and the sound
/// is decoded into the bytes of the message itself.
/// </summary>
internal static class AudioAppend
{
    /// <summary>Bytes of sound in one event, as at OpenAI.</summary>
    public const int MaxBytes = 15 << 20;

    /// <param name="message">One whole message; it is overwritten where this is true.</param>
    /// <param name="sound">Where the decoded sound stands in the message.</param>
    /// <param name="eventId">Where the client's name for the event stands in the message, also when this throws; empty if it gave none.</param>
    /// <returns>False if it is another event, or none at all: then it is still whole.</returns>
    /// <exception cref="ApiException">400: the sound is missing, no base64, or too long.</exception>
    public static bool TryRead(Span<byte> message, out Range sound, out Range eventId)
    {
        sound = default;
        eventId = default;
        if (!Find(message, out Places found))
            return false;
        eventId = found.EventId;
        if (found.Kind != JsonTokenType.String)
        {
            throw found.Kind is JsonTokenType.None or JsonTokenType.Null
                ? ApiException.Invalid("audio", "Missing required parameter: 'audio'.", "missing_required_parameter")
                : ApiException.Invalid("audio", "'audio' must be text: sound in base64.");
        }
        Span<byte> text = message[found.Audio];
        if (found.IsEscaped)
            text = Unescape(text);
        if (Base64.DecodeFromUtf8InPlace(text, out int written) != OperationStatus.Done)
            throw ApiException.Invalid("audio", "'audio' is not valid base64.");
        if (written > MaxBytes)
            throw ApiException.Invalid("audio", $"'audio' has {ByteSize.Format(written)}; {ByteSize.Format(MaxBytes)} is the limit for one event.");
        int start = found.Audio.Start.Value;
        sound = start..(start + written);
        return true;
    }

    private static bool Find(ReadOnlySpan<byte> message, out Places found)
    {
        found = default;
        bool isAppend = false;
        Utf8JsonReader reader = new(message);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isType = reader.ValueTextEquals("type"u8), isAudio = reader.ValueTextEquals("audio"u8), isId = reader.ValueTextEquals("event_id"u8);
                reader.Read();
                int start = (int)reader.TokenStartIndex + 1; // behind the quote
                if (isType)
                {
                    isAppend = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("input_audio_buffer.append"u8);
                    if (!isAppend)
                        return false;
                }
                else if (isAudio)
                    found = found with { Kind = reader.TokenType, Audio = start..(start + reader.ValueSpan.Length), IsEscaped = reader.ValueIsEscaped };
                else if (isId && reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped)
                    found = found with { EventId = start..(start + reader.ValueSpan.Length) };
                reader.Skip();
            }
            // Only a message that is whole JSON counts; the other reader says what is wrong with one that is not.
            return reader.TokenType == JsonTokenType.EndObject && !reader.Read() && isAppend;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Some writers spell <c>+</c> and <c>/</c> as <c>\u002B</c> and <c>\/</c>.</summary>
    private static Span<byte> Unescape(Span<byte> text)
    {
        int to = 0;
        for (int from = 0; from < text.Length; from++, to++)
        {
            if (text[from] != (byte)'\\')
                text[to] = text[from];
            else if (text[++from] == (byte)'u')
            {
                // The reader has checked the four digits; what lies beyond ASCII is no base64 and becomes a character that is none either.
                bool isAscii = Utf8Parser.TryParse(text.Slice(from + 1, 4), out ushort code, out _, 'x') && code < 128;
                text[to] = isAscii ? (byte)code : (byte)'!';
                from += 4;
            }
            else
                text[to] = text[from] == (byte)'/' ? (byte)'/' : (byte)'!';
        }
        return text[..to];
    }

    private readonly record struct Places(JsonTokenType Kind, Range Audio, bool IsEscaped, Range EventId);
}
