using System.Text;

namespace Parley.Server.Tests;

public class ClientEventReaderTests
{
    [Theory]
    [InlineData("""{"type":"session.update"}""", "session")]
    [InlineData("""{"type":"session.update","session":[]}""", "session")]
    [InlineData("""{"event_id":"e"}""", "type")]
    [InlineData("""{"type":5}""", "type")]
    [InlineData("""{"type":"session.updat"}""", "type")]
    [InlineData("""{"type":"response.cancel","response_id":7}""", "response_id")]
    [InlineData("""{"type":"response.create","response":"now"}""", "response")]
    [InlineData("""{"type":"conversation.item.create"}""", "item")]
    [InlineData("""{"type":"conversation.item.create","item":{"type":"massage"}}""", "item.type")]
    [InlineData("""{"type":"conversation.item.create","item":{"type":"message","role":"user"}}""", "item.content")]
    [InlineData("""{"type":"conversation.item.create","item":{"type":"message","role":"robot","content":[]}}""", "item.role")]
    [InlineData("""{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_text"}]}}""", "item.content[0].text")]
    [InlineData("""{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_text","text":"a"},{"type":"output_text","text":"b"}]}}""", "item.content[1].type")]
    [InlineData("""{"type":"conversation.item.create","item":{"type":"message","role":"assistant","content":[{"type":"output_audio","audio":"AAAA"}]}}""", "item.content[0].type")]
    [InlineData("""{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_audio","audio":"=?"}]}}""", "item.content[0].audio")]
    [InlineData("""{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_image","image_url":"http://10.0.0.1/cat.png"}]}}""", "item.content[0].image_url")]
    [InlineData("""{"type":"conversation.item.create","item":{"type":"function_call","name":"f","arguments":"{"}}""", "item.arguments")]
    [InlineData("""{"type":"conversation.item.create","item":{"type":"function_call_output","output":"x"}}""", "item.call_id")]
    [InlineData("""{"type":"conversation.item.truncate","item_id":"i","content_index":0}""", "audio_end_ms")]
    [InlineData("""{"type":"conversation.item.truncate","item_id":"i","content_index":0,"audio_end_ms":-1}""", "audio_end_ms")]
    [InlineData("""{"type":"conversation.item.truncate","item_id":"i","content_index":1,"audio_end_ms":1}""", "content_index")]
    [InlineData("""{"type":"conversation.item.delete"}""", "item_id")]
    [InlineData("""{"type":"conversation.item.retrieve","item_id":null}""", "item_id")]
    public void A_refusal_names_the_member_at_fault(string message, string parameter)
    {
        ApiException fault = Assert.Throws<ApiException>(() => ClientEventReader.Read(Encoding.UTF8.GetBytes(message), WireFormat.Pcm));
        Assert.Equal(parameter, fault.Error.Param);
        Assert.Equal("invalid_request_error", fault.Error.Type);
        Assert.Contains(parameter, fault.Message + " type", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"type\":\"response.create\"")]
    [InlineData("\"response.create\"")]
    public void What_is_no_event_says_so(string message) =>
        Assert.Equal("invalid_event", Assert.Throws<ApiException>(() => ClientEventReader.Read(Encoding.UTF8.GetBytes(message), WireFormat.Pcm)).Error.Code);

    [Fact]
    public void A_misspelt_type_is_answered_with_the_near_one() =>
        Assert.Contains("'response.create'", Assert.Throws<ApiException>(() => ClientEventReader.Read("""{"type":"response.creat"}"""u8, WireFormat.Pcm)).Message, StringComparison.Ordinal);

    [Fact]
    public void Every_client_event_of_the_public_schema_is_read()
    {
        string[] known = [.. OpenAISchema.Get().EventTypes("RealtimeClientEvent").Keys];
        foreach (string type in known.Where(type => type != "input_audio_buffer.append"))
        {
            ApiException? fault = Record(type);
            Assert.True(fault is null || fault.Error.Param != "type", $"{type} is not known.");
        }

        static ApiException? Record(string type)
        {
            try
            {
                ClientEventReader.Read(Encoding.UTF8.GetBytes($$"""{"type":"{{type}}"}"""), WireFormat.Pcm);
                return null;
            }
            catch (ApiException fault)
            {
                return fault;
            }
        }
    }

    [Fact]
    public void An_append_is_decoded_in_place_whatever_the_order_and_the_spelling_of_its_members() =>
        Gen.Select(Gen.Byte.Array[0, 300], Gen.Bool, Gen.Bool, Gen.String[Gen.Char.AlphaNumeric, 0, 8]).Sample((bytes, isEscaped, isLast, id) =>
        {
            string base64 = Convert.ToBase64String(bytes);
            if (isEscaped)
                base64 = base64.Replace("+", "\\u002B", StringComparison.Ordinal).Replace("/", "\\/", StringComparison.Ordinal);
            string other = $$"""{"deep":[1,{"audio":"no"}]}""", audio = $"\"audio\":\"{base64}\"", type = "\"type\":\"input_audio_buffer.append\"";
            byte[] message = Encoding.UTF8.GetBytes($$"""{ "event_id":"{{id}}", {{(isLast ? type : audio)}}, "x":{{other}}, {{(isLast ? audio : type)}} }""");
            Assert.True(AudioAppend.TryRead(message, out Range sound, out Range eventId));
            Assert.Equal(id, Encoding.UTF8.GetString(message[eventId]));
            return message.AsSpan(sound).SequenceEqual(bytes);
        });

    [Theory]
    [InlineData("""{"type":"input_audio_buffer.append"}""")]
    [InlineData("""{"type":"input_audio_buffer.append","audio":null}""")]
    [InlineData("""{"type":"input_audio_buffer.append","audio":5}""")]
    [InlineData("""{"type":"input_audio_buffer.append","audio":"A"}""")]
    [InlineData("""{"type":"input_audio_buffer.append","audio":"AA\u00e4A"}""")]
    public void An_append_without_good_sound_names_its_audio(string message) =>
        Assert.Equal("audio", Assert.Throws<ApiException>(() => AudioAppend.TryRead(Encoding.UTF8.GetBytes(message), out _, out _)).Error.Param);

    [Fact]
    public void An_append_that_is_not_whole_json_is_left_as_it_is()
    {
        byte[] message = """{"type":"input_audio_buffer.append","audio":"AAAA" """u8.ToArray();
        Assert.False(AudioAppend.TryRead(message, out _, out _));
        Assert.Equal("""{"type":"input_audio_buffer.append","audio":"AAAA" """u8.ToArray(), message);
    }

    [Fact]
    public void Reading_an_append_allocates_nothing()
    {
        byte[] template = Encoding.UTF8.GetBytes($$"""{"type":"input_audio_buffer.append","audio":"{{Convert.ToBase64String(new byte[960])}}"}""");
        byte[] message = new byte[template.Length];
        Assert.Equal(0, SteadyState.AllocatedBytes(() =>
        {
            template.CopyTo(message, 0);
            AudioAppend.TryRead(message, out _, out _);
        }));
    }

    [Fact]
    public void Garbage_is_refused_and_nothing_else_happens()
    {
        byte[][] seeds =
        [
            """{"event_id":"e1","type":"conversation.item.create","previous_item_id":"root","item":{"id":"a","type":"message","role":"user","content":[{"type":"input_audio","audio":"AAAA","transcript":"hi"}]}}"""u8.ToArray(),
            """{"type":"session.update","session":{"type":"realtime","audio":{"input":{"turn_detection":null,"format":{"type":"audio/pcm","rate":24000}}}}}"""u8.ToArray(),
            """{"type":"input_audio_buffer.append","audio":"\u0041AAA\/+=="}"""u8.ToArray(),
            """{"type":"conversation.item.truncate","item_id":"i","content_index":0,"audio_end_ms":1500}"""u8.ToArray(),
        ];
        Gen.Select(Gen.Int[0, seeds.Length - 1], Gen.Int[0, 400], Gen.Byte, Gen.Int[0, 3]).Sample((which, at, value, kind) =>
        {
            byte[] bytes = [.. seeds[which]];
            at %= bytes.Length;
            bytes = kind switch { 0 => bytes[..at], 1 => [.. bytes[..at], value, .. bytes[at..]], _ => bytes };
            if (kind >= 2)
                bytes[at] = value;
            try
            {
                if (!AudioAppend.TryRead(bytes, out _, out _))
                    ClientEventReader.Read(bytes, WireFormat.Pcm);
            }
            catch (ApiException)
            {
                // The one way to say no.
            }
            ClientEventReader.EventIdOf(bytes);
        }, iter: 20_000);
    }
}
