using System.ClientModel;
using OpenAI.Realtime;

string server = args.ElementAtOrDefault(0) ?? "http://127.0.0.1:8080/v1";
string question = args.ElementAtOrDefault(1) ?? "question.pcm"; // 16 bit, 24 kHz, mono, with a second of silence behind

RealtimeClient client = new(new ApiKeyCredential("none is needed"), new RealtimeClientOptions { Endpoint = new Uri(server) });
using RealtimeSessionClient session = await client.StartConversationSessionAsync("gpt-realtime", new RealtimeSessionClientOptions());
await session.ConfigureConversationSessionAsync(new RealtimeConversationSessionOptions
{
    Instructions = "Answer in one sentence.",
    AudioOptions = new() { InputAudioOptions = new() { AudioTranscriptionOptions = new() { Model = "whisper-1" } } },
});
await session.SendInputAudioAsync(File.OpenRead(question));
await using Stream loudspeaker = Console.OpenStandardOutput();
await foreach (RealtimeServerUpdate update in session.ReceiveUpdatesAsync())
{
    if (update is RealtimeServerUpdateConversationItemInputAudioTranscriptionCompleted heard)
        Console.Error.WriteLine($"heard: {heard.Transcript}");
    if (update is RealtimeServerUpdateResponseOutputAudioDelta sound)
        await loudspeaker.WriteAsync(sound.Delta);
    if (update is RealtimeServerUpdateResponseDone)
        break;
}
