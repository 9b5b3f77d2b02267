using System.Net;
using Microsoft.Extensions.Time.Testing;
using Parley.Trials.Measuring;
using Parley.Trials.Plans;

namespace Parley.Trials.Tests.Measuring;

public class AddressSpeakerTests
{
    private const string Text = "Thirty characters of a text...";

    private static readonly byte[] Wav = Wavs.Of(Wavs.Pcm(Wavs.Tone(1)), dataSize: 0xFFFFFFFF);

    [Fact]
    public async Task A_header_flushed_early_is_not_sound()
    {
        SpokenCall call = await SpeakAsync(headersAfter: 300, (0, Wav[..44]), (400, Wav[44..]));

        Assert.Null(call.Error);
        Assert.Equal((300, 300, 700, 700), (call.HeadersMs, call.FirstByteMs, call.FirstAudioMs, call.TotalMs));
        Assert.Equal(16_000, call.Sound!.Samples.Length);
    }

    [Fact]
    public async Task Silence_sent_first_is_heard_through()
    {
        byte[] late = Wavs.Of(Wavs.Pcm(Wavs.Tone(1, silence: 0.6)), dataSize: 0xFFFFFFFF);
        CallRecord record = Record(await SpeakAsync(100, (100, late[..2000]), (100, late[2000..])));

        Assert.Equal(200, record.TtfaMs);
        Assert.InRange(record.PerceivedTtfaMs!.Value, 790, 810);
    }

    [Fact]
    public async Task Small_pieces_are_timed_at_the_first_of_them()
    {
        (int, byte[])[] pieces = [.. Wav.Chunk(37).Select((piece, i) => (i == 2 ? 50 : 1, piece))];
        SpokenCall call = await SpeakAsync(0, pieces);

        Assert.Equal(2, call.FirstAudioMs); // the second piece of 37 bytes reaches beyond the header of 44
        Assert.Equal(pieces.Length - 1, call.Arrivals.Count);
    }

    [Fact]
    public async Task All_at_the_end_is_not_streaming()
    {
        SpokenCall whole = await SpeakAsync(800, (0, Wav));
        SpokenCall flowing = await SpeakAsync(10, (10, Wav[..10_000]), (30, Wav[10_000..20_000]), (30, Wav[20_000..]));

        Assert.False(StreamingProbe.IsStreaming([whole, whole, whole]));
        Assert.True(StreamingProbe.IsStreaming([flowing, flowing, whole]));
        Assert.False(StreamingProbe.IsStreaming([flowing, whole, whole]));
        Assert.Null(CallRecord.Of(Known, whole, isStreaming: false).TtfaMs);
    }

    [Fact]
    public async Task A_stall_of_31_seconds_is_a_read_timeout_and_one_of_29_is_not()
    {
        Assert.Equal(ErrorClass.ReadTimeout, (await SpeakAsync(0, (0, Wav[..100]), (31_000, Wav[100..]))).Error);
        Assert.Null((await SpeakAsync(29_000, (29_000, Wav[..100]), (29_000, Wav[100..]))).Error);
        Assert.Equal(ErrorClass.ReadTimeout, (await SpeakAsync(31_000)).Error);
    }

    [Fact]
    public async Task However_lively_a_call_has_an_end()
    {
        (int, byte[])[] pieces = [.. Enumerable.Range(0, 100).Select(_ => (2_000, new byte[2]))];

        Assert.Equal(ErrorClass.CapTimeout, (await SpeakAsync(0, pieces)).Error);
    }

    [Theory]
    [InlineData(HttpStatusCode.NotFound, ErrorClass.Http4xx)]
    [InlineData(HttpStatusCode.ServiceUnavailable, ErrorClass.Http5xx)]
    public async Task A_refusal_is_no_sound(HttpStatusCode status, string error)
    {
        FakeTimeProvider time = new();
        SpokenCall call = await SpeakAsync(time, new Script(time, 5, [(1, "no such voice"u8.ToArray())], status));

        Assert.Equal((error, "no such voice", (int)status), (call.Error, call.ErrorDetail, call.HttpStatus));
        Assert.Null(call.FirstAudioMs);
    }

    [Fact]
    public async Task A_server_that_is_not_there_refuses()
    {
        using System.Net.Sockets.TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        taken.Stop();
        await using AddressSpeaker speaker = new(new AddressSource(new($"http://127.0.0.1:{port}/v1")), new(), null, "", "en", () => [], TimeProvider.System);

        SpokenCall call = await speaker.SpeakAsync(Text, new("alloy"), TestContext.Current.CancellationToken);

        Assert.Equal(ErrorClass.Refused, call.Error);
        Assert.True(ErrorClass.IsAbsence(call.Error, call.HttpStatus));
    }

    [Fact]
    public async Task An_address_that_nothing_comes_back_from_is_a_connect_timeout()
    {
        // A full queue of connections drops what else arrives, as a dead host does.
        using System.Net.Sockets.Socket full = new(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        IPEndPoint address = (IPEndPoint)full.LocalEndPoint!;
        using System.Net.Sockets.TcpClient first = new(), second = new();
        await first.ConnectAsync(address, TestContext.Current.CancellationToken);
        _ = second.ConnectAsync(address).ContinueWith(static task => task.Exception, TaskScheduler.Default);
        LimitPlan limits = new() { Connect = TimeSpan.FromMilliseconds(300) };
        await using AddressSpeaker speaker = new(new AddressSource(new($"http://{address}/v1")), limits, null, "", "en", () => [], TimeProvider.System);

        SpokenCall call = await speaker.SpeakAsync(Text, new("alloy"), TestContext.Current.CancellationToken);

        Assert.Equal(ErrorClass.ConnectTimeout, call.Error);
        Assert.Equal(TimeSpan.FromSeconds(5), new LimitPlan().Connect);
    }

    private static CallRecord Known { get; } = new()
    {
        Engine = "candidate", Utterance = "u", Condition = "v1", Cloned = false, Repetition = 1, Order = 0, Attempt = 1, Timed = true, Part = "timed", Resumed = false, AtUtc = default, TotalMs = 0,
    };

    private static CallRecord Record(SpokenCall call) => CallRecord.Of(Known, call, isStreaming: true);

    private static Task<SpokenCall> SpeakAsync(int headersAfter, params (int AfterMs, byte[] Bytes)[] pieces)
    {
        FakeTimeProvider time = new();
        return SpeakAsync(time, new Script(time, headersAfter, pieces, HttpStatusCode.OK));
    }

    private static async Task<SpokenCall> SpeakAsync(FakeTimeProvider time, Script script)
    {
        await using AddressSpeaker speaker = new(new AddressSource(new("http://engine/v1")), new(), null, "", "en", () => [], time, script);
        return await speaker.SpeakAsync(Text, new("alloy"), TestContext.Current.CancellationToken);
    }

    /// <summary>A server that answers by the clock of the test: time passes when it is waited for.</summary>
    private sealed class Script(FakeTimeProvider time, int headersAfter, (int AfterMs, byte[] Bytes)[] pieces, HttpStatusCode status) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await request.Content!.CopyToAsync(Stream.Null, cancellationToken);
            time.Advance(TimeSpan.FromMilliseconds(headersAfter));
            cancellationToken.ThrowIfCancellationRequested();
            return new HttpResponseMessage(status) { Content = new StreamContent(new Body(time, pieces)) };
        }
    }

    private sealed class Body(FakeTimeProvider time, (int AfterMs, byte[] Bytes)[] pieces) : MemoryStream
    {
        private int next;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (next == pieces.Length)
                return ValueTask.FromResult(0);
            (int after, byte[] bytes) = pieces[next];
            time.Advance(TimeSpan.FromMilliseconds(after));
            cancellationToken.ThrowIfCancellationRequested();
            int count = Math.Min(buffer.Length, bytes.Length);
            bytes.AsSpan(0, count).CopyTo(buffer.Span);
            if (count < bytes.Length)
                pieces[next] = (0, bytes[count..]);
            else
                next++;
            return ValueTask.FromResult(count);
        }
    }
}
