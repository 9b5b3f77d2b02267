using System.Text.Json;
using Parley.Agent;
using Parley.Engines;

namespace Parley.Server.Tests;

/// <summary>What a partial update changes, and what it leaves alone.</summary>
public class SessionReaderTests
{
    private static readonly SessionSettings Fresh = new() { Kind = SessionKind.Realtime, Model = "parrot", Instructions = "Be brief." };

    private readonly SessionReader reader = new(
        new EngineDirectory(new EngineCatalogue([TestServer.Speaker(new ToneSpeaker()), TestServer.Ear(new ScriptedEar()), TestServer.Brain(new ScriptedBrain())]), new ServerOptions()), Fresh);

    private SessionSettings Apply(string session, SessionSettings? current = null) => reader.Apply(current ?? Fresh, new JsonCursor(JsonElement.Parse(session), "session"));

    [Fact]
    public void A_present_null_switches_turn_detection_off_and_absence_leaves_it()
    {
        SessionSettings off = Apply("""{"audio":{"input":{"turn_detection":null}}}""");
        Assert.Null(off.Input.TurnDetection);
        Assert.Null(Apply("""{"audio":{"input":{"noise_reduction":null}},"instructions":"Sing."}""", off).Input.TurnDetection);
        Assert.NotNull(Apply("""{"audio":{"input":{"turn_detection":{"type":"server_vad"}}}}""", off).Input.TurnDetection);
    }

    [Fact]
    public void Objects_are_merged_member_by_member()
    {
        SessionSettings first = Apply("""{"audio":{"input":{"turn_detection":{"type":"server_vad","silence_duration_ms":700,"create_response":false}},"output":{"speed":1.25}}}""");
        SessionSettings second = Apply("""{"audio":{"input":{"turn_detection":{"type":"server_vad","threshold":0.7}},"output":{"voice":"anna"}}}""", first);
        Assert.Equal(new TurnDetectionSettings { SilenceDurationMs = 700, CreateResponse = false, Threshold = 0.7 }, second.Input.TurnDetection);
        Assert.Equal(new OutputSettings { Speed = 1.25f, Voice = "anna" }, second.Output);
    }

    [Fact]
    public void Another_kind_of_turn_detection_begins_with_its_own_defaults()
    {
        SessionSettings server = Apply("""{"audio":{"input":{"turn_detection":{"type":"server_vad","silence_duration_ms":700,"interrupt_response":false}}}}""");
        Assert.Equal(new TurnDetectionSettings { IsSemantic = true, Eagerness = "low" },
            Apply("""{"audio":{"input":{"turn_detection":{"type":"semantic_vad","eagerness":"low"}}}}""", server).Input.TurnDetection);
    }

    [Fact]
    public void Updates_in_any_split_make_the_same_settings() =>
        Gen.Shuffle((string[])[
            """{"instructions":"Sing."}""", """{"audio":{"input":{"turn_detection":{"silence_duration_ms":300}}}}""", """{"audio":{"input":{"turn_detection":{"threshold":0.9}}}}""",
            """{"audio":{"input":{"format":{"type":"audio/pcmu"}}}}""", """{"audio":{"output":{"format":{"type":"audio/pcma"}}}}""", """{"audio":{"output":{"voice":"anna"}}}""",
            """{"output_modalities":["text"]}""", """{"max_output_tokens":50}""", """{"audio":{"input":{"transcription":{"model":"whisper-1"}}}}""", """{"audio":{"input":{"transcription":{"language":"de"}}}}""",
        ]).Sample(parts =>
        {
            SessionSettings settings = parts.Aggregate(Fresh, (current, part) => Apply(part, current));
            Assert.Equal(Fresh with
            {
                Instructions = "Sing.",
                Speaks = false,
                MaxOutputTokens = new(50),
                Input = new() { Format = WireFormat.MuLaw, TurnDetection = new() { SilenceDurationMs = 300, Threshold = 0.9 }, Transcription = new() { Model = "whisper-1", Language = "de" } },
                Output = new() { Format = WireFormat.ALaw, Voice = "anna" },
            }, settings);
        });

    [Theory]
    [InlineData("""{"audio":{"output":{"speed":3}}}""", "session.audio.output.speed", "invalid_value")]
    [InlineData("""{"audio":{"output":{"voice":"bert"}}}""", "session.audio.output.voice", "unknown_voice")]
    [InlineData("""{"audio":{"output":{"voice":{"id":"bert"}}}}""", "session.audio.output.voice.id", "unknown_voice")]
    [InlineData("""{"audio":{"input":{"format":{"type":"audio/mp3"}}}}""", "session.audio.input.format.type", "invalid_value")]
    [InlineData("""{"audio":{"input":{"format":{"type":"audio/pcm","rate":16000}}}}""", "session.audio.input.format.rate", "invalid_value")]
    [InlineData("""{"audio":{"input":{"turn_detection":{"type":"psychic"}}}}""", "session.audio.input.turn_detection.type", "invalid_value")]
    [InlineData("""{"audio":{"input":{"turn_detection":{"type":"server_vad","threshold":2}}}}""", "session.audio.input.turn_detection.threshold", "invalid_value")]
    [InlineData("""{"audio":{"input":{"turn_detection":{"type":"server_vad","idle_timeout_ms":100}}}}""", "session.audio.input.turn_detection.idle_timeout_ms", "invalid_value")]
    [InlineData("""{"audio":{"input":{"turn_detection":{"type":"semantic_vad","eagerness":"very"}}}}""", "session.audio.input.turn_detection.eagerness", "invalid_value")]
    [InlineData("""{"audio":{"input":{"transcription":{"language":"fr"}}}}""", "session.audio.input.transcription.language", "unsupported_language")]
    [InlineData("""{"audio":{"input":[]}}""", "session.audio.input", "invalid_value")]
    [InlineData("""{"output_modalities":["audio","text"]}""", "session.output_modalities", "invalid_value")]
    [InlineData("""{"output_modalities":["video"]}""", "session.output_modalities[0]", "invalid_value")]
    [InlineData("""{"max_output_tokens":0}""", "session.max_output_tokens", "invalid_value")]
    [InlineData("""{"max_output_tokens":"many"}""", "session.max_output_tokens", "invalid_value")]
    [InlineData("""{"tools":[{"type":"function","name":"a b"}]}""", "session.tools[0].name", "invalid_value")]
    [InlineData("""{"tools":[{"type":"function"}]}""", "session.tools[0].name", "missing_required_parameter")]
    [InlineData("""{"tools":[{"type":"mcp","server_label":"x"}]}""", "session.tools[0]", "capability_missing")]
    [InlineData("""{"tool_choice":"maybe"}""", "session.tool_choice", "invalid_value")]
    [InlineData("""{"prompt":{"id":"pmpt_1"}}""", "session.prompt", "capability_missing")]
    [InlineData("""{"truncation":{"type":"retention_ratio","retention_ratio":2}}""", "session.truncation.retention_ratio", "invalid_value")]
    [InlineData("""{"truncation":{"type":"retention_ratio","retention_ratio":0.5,"token_limits":{"post_instructions":-1}}}""", "session.truncation.token_limits.post_instructions", "invalid_value")]
    [InlineData("""{"truncation":"some"}""", "session.truncation", "invalid_value")]
    [InlineData("""{"reasoning":{"effort":"high"}}""", "session.reasoning.effort", "capability_missing")]
    [InlineData("""{"reasoning":{"effort":"much"}}""", "session.reasoning.effort", "invalid_value")]
    [InlineData("""{"audio":{"input":{"noise_reduction":{"type":"near_field"}}}}""", "session.audio.input.noise_reduction", "capability_missing")]
    [InlineData("""{"type":"transcription"}""", "session.type", "invalid_value")]
    [InlineData("""{"instructions":5}""", "session.instructions", "invalid_value")]
    [InlineData("""{"x_playback":"yes"}""", "session.x_playback", "invalid_value")]
    public void A_refusal_names_the_path(string session, string parameter, string code)
    {
        ApiException fault = Assert.Throws<ApiException>(() => Apply(session));
        Assert.Equal((parameter, code), (fault.Error.Param, fault.Error.Code));
    }

    [Fact]
    public void Members_of_other_servers_and_cloud_models_do_no_harm() =>
        Assert.Equal(Fresh, Apply("""{"type":"realtime","model":"gpt-realtime-2.1","x_other":{"a":1},"temperature":0.8,"audio":{"input":{"x":1}}}"""));

    [Fact]
    public void Null_goes_back_to_what_the_server_has() =>
        Assert.Equal(Fresh, Apply("""{"instructions":null,"tools":null,"max_output_tokens":null,"audio":{"output":{"voice":null,"speed":null}}}""",
            Apply("""{"instructions":"Sing.","tools":[{"type":"function","name":"f"}],"max_output_tokens":9,"audio":{"output":{"voice":"anna","speed":1.5}}}""")) with
        { Tools = Fresh.Tools });

    [Fact]
    public void The_object_that_is_told_is_complete_and_valid()
    {
        OpenAISchema schema = OpenAISchema.Get();
        foreach (string session in (string[])
        [
            "{}", """{"audio":{"input":{"turn_detection":null,"transcription":{"model":"whisper-1","language":"de"}}},"include":["item.input_audio_transcription.logprobs"]}""",
            """{"audio":{"input":{"turn_detection":{"type":"semantic_vad"},"format":{"type":"audio/pcmu"}}},"tracing":"auto","truncation":{"type":"retention_ratio","retention_ratio":0.8,"token_limits":{"post_instructions":2000}},"tool_choice":{"type":"function","name":"f"},"tools":[{"type":"function","name":"f","description":"d","parameters":{"type":"object"}}]}""",
        ])
        {
            JsonElement told = JsonSerializer.SerializeToElement(SessionObject.From(Apply(session), "sess_1", DateTimeOffset.UnixEpoch), RealtimeJson.Compact.SessionObject);
            schema.Check("RealtimeSessionCreateResponseGA", told);
            foreach (string member in (string[])["type", "object", "id", "model", "output_modalities", "instructions", "tools", "tool_choice", "max_output_tokens", "tracing", "truncation", "prompt", "expires_at", "audio"])
                Assert.True(told.TryGetProperty(member, out _), member);
            Assert.True(told.GetProperty("audio").GetProperty("input").TryGetProperty("turn_detection", out _));
        }
        SessionSettings writing = Fresh with { Kind = SessionKind.Transcription, Model = "" };
        schema.Check("RealtimeTranscriptionSessionCreateResponseGA", JsonSerializer.SerializeToElement(SessionObject.From(writing, "sess_1", DateTimeOffset.UnixEpoch), RealtimeJson.Compact.SessionObject));
    }

    [Theory]
    [InlineData("\"auto\"", 1.0, null)]
    [InlineData("\"disabled\"", null, null)]
    [InlineData("""{"type":"retention_ratio","retention_ratio":0.7}""", 0.7, null)]
    [InlineData("""{"type":"retention_ratio","retention_ratio":0.7,"token_limits":{"post_instructions":900}}""", 0.7, 900)]
    public void Truncation_is_what_the_conversation_does(string truncation, double? share, int? most) =>
        Assert.Equal(new HistoryTruncation { Retention = share, MaxTokens = most }, Engines().Map(Apply($$"""{"truncation":{{truncation}}}""")).Truncation);

    [Theory]
    [InlineData("low", 0.8, 2.5)] // the conversation's longest wait is never exceeded
    [InlineData("medium", 0.5, 2.5)]
    [InlineData("auto", 0.5, 2.5)]
    [InlineData("high", 0.3, 2.0)]
    public void Eagerness_is_the_shortest_and_the_longest_wait(string eagerness, double least, double most)
    {
        TurnDetection turns = Engines().Map(Apply("""{"audio":{"input":{"turn_detection":{"type":"semantic_vad","eagerness":"?"}}}}""".Replace("?", eagerness, StringComparison.Ordinal))).TurnDetection!;
        Assert.Equal((TurnEnding.Detector, TimeSpan.FromSeconds(least), TimeSpan.FromSeconds(most)), (turns.Ending, turns.MinDelay, turns.MaxDelay));
    }

    private static SessionEngines Engines() => new(new ConversationOptions(), null!, null!);
}
