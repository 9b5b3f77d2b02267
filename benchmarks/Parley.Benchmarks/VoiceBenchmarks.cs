using System.Diagnostics;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Parley.Benchmarks;

/// <summary>
/// What a person waits for: from the last voiced sample of a question to the first sample of the answer, with the starter models,
/// over <c>/v1/realtime</c> of the program in a process of its own. The brain repeats what it heard and takes no time.
/// </summary>
internal static class VoiceBenchmarks
{
    private const int SampleRate = 24_000, FrameSamples = SampleRate / 50, Turns = 12;

    private static readonly string[] Questions =
    [
        "Could you tell me what the weather is like today?",
        "How long does the train to the city take?",
        "Please remind me to call my sister tomorrow.",
        "What is the name of the river that we crossed?",
    ];

    public static void Run() => RunAsync().GetAwaiter().GetResult();

    private static async Task RunAsync()
    {
        List<float[]> questions = await SpeakAsync();
        using ServedProcess server = ServedProcess.Start(core: null);
        Console.WriteLine();
        Console.WriteLine("## Voice to voice, starter models");
        Console.WriteLine();
        Console.WriteLine("| end of turn by | turns | p50 ms | p90 | most | stages at the median, ms after the last voiced sample |");
        Console.WriteLine("| --- | --: | --: | --: | --: | --- |");
        await MeasureAsync(server, questions, "silence", """{"type":"server_vad"}""");
        await MeasureAsync(server, questions, "silence of 200 ms", """{"type":"server_vad","silence_duration_ms":200}""");
        await MeasureAsync(server, questions, "turn detector", """{"type":"semantic_vad"}""");
        server.Stop();
    }

    private static async Task<List<float[]>> SpeakAsync()
    {
        List<float[]> spoken = [];
        foreach (string question in Questions)
        {
            float[] samples = await TestSound.SpeakAsync(question, SampleRate);
            spoken.Add(samples[..(Array.FindLastIndex(samples, sample => Math.Abs(sample) > 0.003f) + 1)]); // ends with its last audible sample
        }
        return spoken;
    }

    private static async Task MeasureAsync(ServedProcess server, List<float[]> questions, string name, string turnDetection)
    {
        using ClientWebSocket socket = new();
        await socket.ConnectAsync(new UriBuilder(new Uri(server.Address, "v1/realtime")) { Scheme = "ws" }.Uri, CancellationToken.None);
        await SendAsync(socket, $$$"""
            {"type": "session.update", "session": {"type": "realtime", "x_metrics": true, "audio": {"input": {
              "format": {"type": "audio/pcm", "rate": {{{SampleRate}}}},
              "turn_detection": {{{turnDetection}}}
            } } } }
            """);
        Listener listener = new(socket);
        Task reading = listener.ReadAsync();
        List<(double Wait, string Stages)> turns = [];
        for (int turn = 0; turn <= Turns; turn++)
        {
            Turn heard = await TakeAsync(socket, listener, questions[turn % questions.Count]);
            if (turn > 0) // the first warms up
                turns.Add((heard.WaitMs, heard.Stages));
        }
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        await reading;
        turns.Sort((a, b) => a.Wait.CompareTo(b.Wait));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {name} | {turns.Count} | {turns[Turns / 2].Wait:0} | {turns[Turns * 9 / 10].Wait:0} | {turns[^1].Wait:0} | {turns[Turns / 2].Stages} |"));
    }

    /// <summary>Speaks one question at the pace of speech, then is silent until the answer has been played.</summary>
    private static async Task<Turn> TakeAsync(ClientWebSocket socket, Listener listener, float[] question)
    {
        listener.Begin();
        long began = Stopwatch.GetTimestamp(), lastVoiced = 0;
        for (int frame = 0; !listener.IsOver; frame++)
        {
            TimeSpan wait = TimeSpan.FromMilliseconds(20.0 * frame) - Stopwatch.GetElapsedTime(began);
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait);
            if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(30))
                throw new InvalidOperationException($"No answer within 30 s. The last event: {listener.Last}");
            int at = frame * FrameSamples;
            byte[] bytes = new byte[2 * FrameSamples];
            for (int i = 0; i < FrameSamples && at + i < question.Length; i++)
                BitConverter.TryWriteBytes(bytes.AsSpan(2 * i), (short)(question[at + i] * 32_767));
            await SendAsync(socket, $$"""{"type":"input_audio_buffer.append","audio":"{{Convert.ToBase64String(bytes)}}"}""");
            if (lastVoiced == 0 && at + FrameSamples >= question.Length)
                lastVoiced = Stopwatch.GetTimestamp();
        }
        return new Turn(Stopwatch.GetElapsedTime(lastVoiced, listener.FirstSound).TotalMilliseconds, listener.Stages);
    }

    private static Task SendAsync(ClientWebSocket socket, string json) => socket.SendAsync(Encoding.UTF8.GetBytes(json), WebSocketMessageType.Text, true, CancellationToken.None);

    private sealed record Turn(double WaitMs, string Stages);

    /// <summary>Reads the events of one session and keeps what a turn needs.</summary>
    private sealed class Listener(ClientWebSocket socket)
    {
        private long soundBytes;
        private bool isDone;

        /// <summary>When the first sound of the answer came.</summary>
        public long FirstSound { get; private set; }

        public string Stages { get; private set; } = "";

        public string Last { get; private set; } = "";

        /// <summary>Answered, and half a second since the last sample would have been heard.</summary>
        public bool IsOver => isDone && Stages.Length > 0
            && Stopwatch.GetElapsedTime(FirstSound) > TimeSpan.FromSeconds(soundBytes / 2.0 / SampleRate + 0.5);

        public void Begin()
        {
            (soundBytes, FirstSound, isDone, Stages) = (0, 0, false, "");
        }

        public async Task ReadAsync()
        {
            byte[] buffer = new byte[1 << 20];
            while (true)
            {
                int length = 0;
                ValueWebSocketReceiveResult result;
                do
                {
                    result = await socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
                    if (result.MessageType == WebSocketMessageType.Close)
                        return;
                    length += result.Count;
                }
                while (!result.EndOfMessage);
                Take(JsonDocument.Parse(buffer.AsMemory(0, length)).RootElement);
            }
        }

        private void Take(JsonElement message)
        {
            Last = message.GetProperty("type").GetString()!;
            if (Last == "response.output_audio.delta")
            {
                if (soundBytes == 0)
                    FirstSound = Stopwatch.GetTimestamp();
                soundBytes += message.GetProperty("delta").GetBytesFromBase64().Length;
            }
            else if (Last == "response.done")
            {
                isDone = soundBytes > 0;
            }
            else if (Last == "x_metrics.turn")
            {
                Stages = string.Join(", ", message.GetProperty("stages").EnumerateArray().Select(stage =>
                    string.Create(CultureInfo.InvariantCulture, $"{stage.GetProperty("name").GetString()} {stage.GetProperty("ms").GetDouble():0}")));
            }
            else if (Last == "error")
            {
                throw new InvalidOperationException(message.GetRawText());
            }
        }
    }
}
