using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Parley.Server.Tests;

/// <summary>Bodies of chance, made of the pieces of good ones: an answer always, never a failure of the server's own.</summary>
public class FuzzTests
{
    private static readonly string[] Pieces =
    [
        "{", "}", "[", "]", ",", ":", "\"", "\"input\"", "\"one two\"", "\"voice\"", "\"speed\"", "\"response_format\"", "\"wav\"", "\"pcm\"", "\"messages\"", "\"role\"", "\"user\"", "\"content\"",
        "\"stream\"", "\"stream_format\"", "\"sse\"", "\"seed\"", "\"sample_rate\"", "\"tools\"", "\"tool_choice\"", "\"stop\"", "\"n\"", "\"extra_params\"", "\"language\"", "\"ref_audio\"",
        "1", "-1", "0.5", "1e999", "-0", "99999999999999999999", "true", "false", "null", "\\", "\\ud800", "\\u0000", "é", "🙂", "\u0000", "\t", " ", "\"\"", "{}", "[]",
    ];

    private static readonly Gen<byte[]> Pieced = OneOf(Pieces).Array[0, 40].Select(pieces => Encoding.UTF8.GetBytes(string.Concat(pieces)));

    private static Gen<string> OneOf(string[] choices) => Gen.Int[0, choices.Length - 1].Select(i => choices[i]);

    /// <summary>A good body with a few bytes changed, dropped or doubled.</summary>
    private static Gen<byte[]> Mutated(params string[] bodies) =>
        Gen.Select(OneOf(bodies), Gen.Select(Gen.Int[0, 400], Gen.Byte, Gen.Int[0, 3]).Array[1, 6]).Select((body, changes) =>
        {
            List<byte> bytes = [.. Encoding.UTF8.GetBytes(body)];
            foreach ((int at, byte value, int kind) in changes)
            {
                int place = bytes.Count == 0 ? 0 : at % bytes.Count;
                switch (kind)
                {
                    case 0 when bytes.Count > 0:
                        bytes[place] = value;
                        break;
                    case 1 when bytes.Count > 0:
                        bytes.RemoveAt(place);
                        break;
                    case 2:
                        bytes.Insert(place, value);
                        break;
                    default:
                        bytes.RemoveRange(place, bytes.Count - place);
                        break;
                }
            }
            return bytes.ToArray();
        });

    [Theory]
    [InlineData("/v1/audio/speech")]
    [InlineData("/v1/chat/completions")]
    [InlineData("/synthesize")]
    public async Task Json_of_chance(string path)
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()), TestServer.Brain(new ScriptedBrain("Hello.")));
        Gen<byte[]> bodies = Gen.OneOf(Pieced, Mutated(
            """{"model":"tts-1","input":"one two","text":"one two","voice":{"id":"alloy"},"response_format":"pcm","speed":1.5,"stream":true,"seed":7,"sample_rate":16000,"language":"en"}""",
            """{"model":"parrot","messages":[{"role":"user","content":[{"type":"text","text":"Hi."}]},{"role":"assistant","content":null,"tool_calls":[{"id":"1","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"1","content":"x"}],"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"auto","stop":["a"],"response_format":{"type":"json_object"},"stream":true,"stream_options":{"include_usage":true}}"""));
        await bodies.SampleAsync(async body =>
        {
            using ByteArrayContent content = new(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            using HttpResponseMessage response = await server.Http.PostAsync(path, content);
            string answer = Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync());
            Assert.True((int)response.StatusCode < 500, $"{(int)response.StatusCode}: {answer} for {Encoding.UTF8.GetString(body)}");
            Assert.True(response.IsSuccessStatusCode || answer.StartsWith("{\"", StringComparison.Ordinal), answer);
        }, iter: 400, threads: 2);
    }

    [Fact]
    public async Task Forms_of_chance()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Ear(new ScriptedEar("Good morning.")));
        Gen<byte[]> bodies = Mutated(
            "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\nRIFF\u0024\0\0\0WAVEfmt \u0010\0\0\0\u0001\0\u0001\0@\u001f\0\0\0>\0\0\u0002\0\u0010\0data\u0004\0\0\0\0\0\0\0\r\n--x\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n--x\r\nContent-Disposition: form-data; name=\"timestamp_granularities[]\"\r\n\r\nword\r\n--x\r\nContent-Disposition: form-data; name=\"response_format\"\r\n\r\nverbose_json\r\n--x--\r\n");
        await bodies.SampleAsync(async body =>
        {
            using ByteArrayContent content = new(body);
            content.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=x");
            using HttpResponseMessage response = await server.Http.PostAsync("/v1/audio/transcriptions", content);
            Assert.True((int)response.StatusCode < 500, $"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        }, iter: 300, threads: 2);
    }
}
