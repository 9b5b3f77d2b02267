using System.ClientModel;
using Microsoft.Extensions.AI;
using OpenAI.Realtime;
using Parley.Agent;
using Parley.Audio;
using Parley.Engines;
using Parley.Engines.Whisper;
using OpenAIItem = OpenAI.Realtime.RealtimeItem;
using OpenAIStatus = OpenAI.Realtime.RealtimeResponseStatus;

namespace Parley.Server.Tests;

/// <summary>OpenAI's own realtime client for .NET against the real server: the starter voice, the starter ear, real voice activity.</summary>
[Collection(nameof(RealServer))]
public sealed class OpenAIRealtimeClientTests(RealServer real)
{
    private readonly CancellationTokenSource patience = new(TimeSpan.FromMinutes(2));

    [Fact]
    public async Task Speech_is_answered_by_its_transcript_and_by_speech()
    {
        byte[] question = await SayAsync("Good morning. The boat leaves at noon.");
        using RealtimeSessionClient session = await ConnectAsync(real.Server);
        await session.ConfigureConversationSessionAsync(Options(), patience.Token);
        await SpeakAsync(session, question);

        string heard = "", said = "";
        List<byte> sound = [];
        bool hasStarted = false;
        await foreach (RealtimeServerUpdate update in session.ReceiveUpdatesAsync(patience.Token))
        {
            switch (update)
            {
                case RealtimeServerUpdateInputAudioBufferSpeechStarted started:
                    hasStarted = true;
                    Assert.InRange(started.AudioStartTime.TotalSeconds, 0, 1);
                    break;
                case RealtimeServerUpdateConversationItemInputAudioTranscriptionCompleted completed:
                    heard += completed.Transcript;
                    break;
                case RealtimeServerUpdateResponseOutputAudioTranscriptDelta delta:
                    said += delta.Delta;
                    break;
                case RealtimeServerUpdateResponseOutputAudioDelta delta:
                    sound.AddRange(delta.Delta.ToArray());
                    break;
                case RealtimeServerUpdateError fault:
                    Assert.Fail(fault.Error.Message);
                    break;
            }
            if (update is RealtimeServerUpdateResponseDone done)
            {
                Assert.Equal(OpenAIStatus.Completed, done.Response.Status);
                break;
            }
        }
        Assert.True(hasStarted);
        Assert.Equal("goodmorningtheboatleavesatnoon", Letters(heard));
        Assert.Equal("yousaidgoodmorningtheboatleavesatnoon", Letters(said));
        float[] samples = new float[sound.Count / 2];
        Pcm16.ToFloat(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(sound), samples);
        string again = await real.HearAsync(WavWriter.ToBytes(new AudioBuffer(samples, 24_000)));
        Assert.Equal("yousaidgoodmorningtheboatleavesatnoon", Letters(again));
    }

    [Fact]
    public async Task An_interrupted_answer_is_cancelled_and_truncated_to_what_was_heard()
    {
        await using TestServer server = await StartAsync(new ScriptedBrain("It will be sunny in the morning,", "cloudy at noon,", "and there may be some rain in the evening,", "so take an umbrella with you when you leave the house."));
        byte[] question = await SayAsync("What will the weather be like?"), interruption = await SayAsync("Stop, stop, please. That is enough for me, thank you very much.");
        using RealtimeSessionClient session = await ConnectAsync(server);
        await session.ConfigureConversationSessionAsync(Options(), patience.Token);
        await SpeakAsync(session, question);

        string? item = null, kept = null;
        string said = "";
        int received = 0;
        bool isCancelled = false;
        await foreach (RealtimeServerUpdate update in session.ReceiveUpdatesAsync(patience.Token))
        {
            if (update is RealtimeServerUpdateResponseOutputAudioDelta { ItemId: var speaking } sound && item is null)
            {
                received += sound.Delta.ToMemory().Length;
                if (received < 2 * 24_000 * 3 / 2) // enough for a client to have heard 900 ms of it
                    continue;
                item = speaking;
                await SpeakAsync(session, interruption);
            }
            else if (update is RealtimeServerUpdateResponseOutputAudioTranscriptDelta { ItemId: var writing } delta && (item is null || writing == item))
                said += delta.Delta;
            else if (update is RealtimeServerUpdateInputAudioBufferSpeechStarted && item is not null && kept is null)
                await session.TruncateItemAsync(item, 0, TimeSpan.FromMilliseconds(900), patience.Token);
            else if (update is RealtimeServerUpdateResponseDone { Response: var response } && response.OutputItems.Any(output => output is RealtimeMessageItem message && message.Id == item))
                isCancelled = response.Status == OpenAIStatus.Cancelled && response.StatusDetails.Reason == RealtimeResponseStatusReason.TurnDetected;
            else if (update is RealtimeServerUpdateConversationItemTruncated { ItemId: var cut, AudioEndTime: var end } && cut == item && end == TimeSpan.FromMilliseconds(900))
                await session.RequestItemRetrievalAsync(item, patience.Token);
            else if (update is RealtimeServerUpdateConversationItemRetrieved { Item: RealtimeMessageItem retrieved } && retrieved.Id == item)
                kept = ((RealtimeOutputAudioMessageContentPart)retrieved.Content[0]).Transcript;
            if (kept is not null && isCancelled)
                break;
        }
        Assert.NotEmpty(kept!);
        Assert.True(kept!.Length < said.Length && said.StartsWith(kept, StringComparison.Ordinal), $"'{kept}' of '{said}'");
    }

    [Fact]
    public async Task A_function_is_called_and_its_result_spoken_of()
    {
        ScriptedBrain caller = new() { Contents = [new FunctionCallContent("call_1", "weather", new Dictionary<string, object?> { ["city"] = "Bonn" })] };
        await using TestServer server = await StartAsync(new TurnByTurnBrain(caller, new ScriptedBrain("It is sunny in Bonn.")));
        using RealtimeSessionClient session = await ConnectAsync(server);
        RealtimeConversationSessionOptions options = Options();
        options.Tools.Add(new RealtimeFunctionTool("weather") { FunctionDescription = "Tells the weather.", FunctionParameters = BinaryData.FromString("""{"type":"object","properties":{"city":{"type":"string"}}}""") });
        await session.ConfigureConversationSessionAsync(options, patience.Token);
        await session.AddItemAsync(OpenAIItem.CreateUserMessageItem("What is the weather like in Bonn?"), patience.Token);
        await session.StartResponseAsync(patience.Token);

        string said = "";
        await foreach (RealtimeServerUpdate update in session.ReceiveUpdatesAsync(patience.Token))
        {
            if (update is RealtimeServerUpdateResponseOutputItemDone { Item: RealtimeFunctionCallItem call })
            {
                Assert.Equal("weather", call.FunctionName);
                Assert.Contains("Bonn", call.FunctionArguments.ToString(), StringComparison.Ordinal);
                await session.AddItemAsync(OpenAIItem.CreateFunctionCallOutputItem(call.CallId, "sunny"), patience.Token);
            }
            else if (update is RealtimeServerUpdateResponseOutputAudioTranscriptDelta delta)
                said += delta.Delta;
            else if (update is RealtimeServerUpdateResponseDone)
            {
                if (said.Length > 0)
                    break;
                await session.StartResponseAsync(patience.Token);
            }
        }
        Assert.Equal("It is sunny in Bonn.", said);
        Assert.Equal("weather", Assert.Single(caller.Asked[0].Options!.Tools!).Name);
    }

    [Fact]
    public async Task A_transcription_session_writes_down_what_is_said()
    {
        byte[] speech = await SayAsync("Good morning. The boat leaves at noon.");
        using RealtimeSessionClient session = await Client(real.Server).StartTranscriptionSessionAsync(new RealtimeSessionClientOptions(), patience.Token);
        await session.ConfigureTranscriptionSessionAsync(new RealtimeTranscriptionSessionOptions
        {
            AudioOptions = new() { InputAudioOptions = new() { AudioTranscriptionOptions = new() { Model = "gpt-4o-transcribe", Language = "en" }, TurnDetection = new RealtimeServerVadTurnDetection { SilenceDuration = TimeSpan.FromMilliseconds(600) } } },
        }, patience.Token);
        await SpeakAsync(session, speech);
        string heard = "";
        await foreach (RealtimeServerUpdate update in session.ReceiveUpdatesAsync(patience.Token))
        {
            if (update is RealtimeServerUpdateConversationItemInputAudioTranscriptionCompleted completed)
                heard += completed.Transcript;
            if (Letters(heard).EndsWith("noon", StringComparison.Ordinal))
                break;
        }
        Assert.Equal("goodmorningtheboatleavesatnoon", Letters(heard));
    }

    [Fact]
    public async Task Words_are_shown_while_they_are_spoken()
    {
        await using TestServer server = await TestServer.StartAsync(new ServerOptions(), TimeProvider.System, new ConversationSetup(new ConversationOptions(), () => new LoudnessDetector()),
            TestServer.Speaker(new ToneSpeaker()), TestServer.Ear(new LengthEar()), TestServer.Brain(new ScriptedBrain("Fine.")));
        using RealtimeSessionClient session = await ConnectAsync(server);
        await session.ConfigureConversationSessionAsync(Options(), patience.Token);
        string shown = "";
        bool isCommitted = false;
        await foreach (RealtimeServerUpdate update in session.ReceiveUpdatesAsync(patience.Token))
        {
            if (update is RealtimeServerUpdateSessionUpdated && shown.Length == 0)
            {
                await session.SendInputAudioAsync(BinaryData.FromBytes(RealtimeTestClient.Speech(0.2)), patience.Token);
                await session.ConfigureConversationSessionAsync(Options(), patience.Token); // asks for the next piece
            }
            else if (update is RealtimeServerUpdateConversationItemInputAudioTranscriptionDelta { Delta: var delta })
            {
                if (shown.Length == 0)
                {
                    Assert.False(isCommitted);
                    await session.SendInputAudioAsync(BinaryData.FromBytes(RealtimeTestClient.Silence(1.5)), patience.Token);
                }
                shown += delta;
            }
            else if (update is RealtimeServerUpdateInputAudioBufferCommitted)
            {
                isCommitted = true;
            }
            else if (update is RealtimeServerUpdateConversationItemInputAudioTranscriptionCompleted completed)
            {
                Assert.Equal(completed.Transcript, shown);
                break;
            }
        }
        Assert.StartsWith("one two", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_secret_is_made_by_the_client_too()
    {
        RealtimeClient client = Client(real.Server);
        ClientResult<CreateClientSecretResult> made = await client.CreateRealtimeClientSecretAsync(new CreateClientSecretOptions { SessionOptions = new RealtimeConversationSessionOptions { Instructions = "Sing." } }, patience.Token);
        using RealtimeSessionClient session = await client.StartConversationSessionAsync("gpt-realtime", new RealtimeSessionClientOptions { ClientSecret = made.Value.Value }, patience.Token);
        await foreach (RealtimeServerUpdate update in session.ReceiveUpdatesAsync(patience.Token))
        {
            RealtimeServerUpdateSessionCreated created = Assert.IsType<RealtimeServerUpdateSessionCreated>(update);
            Assert.Equal("Sing.", Assert.IsType<RealtimeConversationSession>(created.Session).Instructions);
            break;
        }
    }

    // The silence before a full stop is as long as the usual end of a turn; these sentences are one turn.
    private static RealtimeConversationSessionOptions Options() => new()
    {
        AudioOptions = new()
        {
            InputAudioOptions = new()
            {
                AudioTranscriptionOptions = new() { Model = "whisper-1", Language = "en" },
                TurnDetection = new RealtimeServerVadTurnDetection { SilenceDuration = TimeSpan.FromMilliseconds(900) },
            },
        },
    };

    private static RealtimeClient Client(TestServer server) => new(new ApiKeyCredential("none is needed"), new RealtimeClientOptions { Endpoint = new Uri(server.Address, "/v1") });

    private Task<RealtimeSessionClient> ConnectAsync(TestServer server) => Client(server).StartConversationSessionAsync("gpt-realtime", new RealtimeSessionClientOptions(), patience.Token);

    private async Task<byte[]> SayAsync(string text) => await real.SpeakAsync($$"""{"response_format":"pcm","input":"{{text}}"}""");

    /// <summary>In pieces as a microphone would give them, and the silence behind.</summary>
    private async Task SpeakAsync(RealtimeSessionClient session, byte[] pcm)
    {
        foreach (byte[] piece in ((byte[])[.. new byte[24_000], .. pcm, .. new byte[72_000]]).Chunk(4_800))
            await session.SendInputAudioAsync(BinaryData.FromBytes(piece), patience.Token);
    }

    private static Task<TestServer> StartAsync(IChatClient brain)
    {
        StarterModels models = StarterModels.Locate();
        return TestServer.StartAsync(new ServerOptions(), TimeProvider.System, new ConversationSetup(new ConversationOptions { InterruptionWarmUp = TimeSpan.Zero }),
            StarterEngines.Hibari(models), WhisperEngine.Starter(models, TestData.Compiled), TestServer.Brain(brain));
    }

    private static string Letters(string text) => string.Concat(text.ToLowerInvariant().Where(char.IsLetter));
}
