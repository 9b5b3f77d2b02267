using System.Text;
using System.Text.Json;
using CsCheck;
using Microsoft.Extensions.AI;
using Parley.Audio;

namespace Parley.Engines.Tests.Voices;

public sealed class VoiceLibraryTests : IDisposable
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("parley-voices-");

    private VoiceLibrary Library => new(folder.FullName); // a new one each time, as another program would have

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task A_voice_is_seen_at_once_by_everyone_who_has_the_library_open()
    {
        VoiceLibrary early = Library;
        Assert.Empty(early.List());

        LibraryVoice added = Library.Add(Anna(), [await RecordingAsync("Hello there.")]);

        Assert.Equal(added.Id, early.Find("ANNA")?.Id);
        Assert.Equal(added.Id, early.Find(added.Id)?.Id);
        Assert.Equal("Hello there.", early.Find("anna")!.References[0].Transcript);
        Assert.Equal(added.References[0].Sha256, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync(early.PathOf(added, added.References[0]), Cancel))));
    }

    [Fact]
    public async Task Only_the_allowed_fields_are_written()
    {
        LibraryVoice added = Library.Add(Anna() with { Language = "en", Description = "Warm." }, [await RecordingAsync("Hello.")]);
        JsonElement written = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(folder.FullName, added.Id, "voice.json"), Cancel)).RootElement;

        Assert.Equal(["schema", "id", "name", "language", "description", "consent", "source", "created_utc", "references"], written.EnumerateObject().Select(field => field.Name));
        Assert.Equal(["file", "sha256", "source_sha256", "duration_s", "sample_rate", "median_f0_hz", "lufs_i", "dbtp", "transcript"],
            written.GetProperty("references")[0].EnumerateObject().Select(field => field.Name));
    }

    [Fact]
    public async Task Deleting_keeps_nothing_behind()
    {
        VoiceLibrary library = Library;
        library.Add(Anna(), [await RecordingAsync()]);

        Assert.Equal("anna", library.Delete("Anna")?.Name);

        Assert.Null(library.Find("anna"));
        Assert.Null(library.Delete("anna"));
        Assert.Equal([".lock"], Directory.EnumerateFileSystemEntries(folder.FullName).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData(".new-")]
    [InlineData(".gone-")]
    public async Task What_a_crash_has_left_is_no_voice_and_goes_with_the_next_change(string prefix)
    {
        LibraryVoice whole = Library.Add(Anna(), [await RecordingAsync()]);
        string left = Path.Combine(folder.FullName, prefix + whole.Id);
        Directory.Move(Path.Combine(folder.FullName, whole.Id), left);

        Assert.Empty(Library.List());
        Library.Add(Anna(), [await RecordingAsync()]);

        Assert.False(Directory.Exists(left));
        Assert.Single(Library.List());
    }

    [Fact]
    public async Task A_name_is_taken_once_and_can_be_overwritten()
    {
        Library.Add(Anna(), [await RecordingAsync("First.")]);
        ReferenceRecording second = await RecordingAsync("Second.");

        Assert.Throws<VoiceExistsException>(() => Library.Add(Anna() with { Name = "ANNA" }, [second]));
        Library.Add(Anna() with { Overwrite = true }, [second]);

        Assert.Equal("Second.", Assert.Single(Library.List()).References[0].Transcript);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("../x")]
    [InlineData("a\\b")]
    [InlineData("a\0b")]
    [InlineData("voice_x")]
    [InlineData("alloy")]
    [InlineData("Heart")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task A_name_that_misleads_or_belongs_to_another_is_refused(string name)
    {
        ReferenceRecording recording = await RecordingAsync();
        Assert.Throws<ArgumentException>(() => Library.Add(Anna() with { Name = name, Reserved = ["heart"] }, [recording]));
        Assert.Empty(Library.List());
    }

    [Fact]
    public async Task Names_are_compared_in_their_composed_form()
    {
        Library.Add(Anna() with { Name = "Zoe\u0308" }, [await RecordingAsync()]);
        Assert.Equal("Zo\u00eb", Library.Find("zo\u00eb")?.Name);
    }

    [Fact]
    public async Task A_damaged_voice_is_named_and_does_not_hide_the_others()
    {
        LibraryVoice damaged = Library.Add(Anna(), [await RecordingAsync()]);
        Library.Add(Anna() with { Name = "berta" }, [await RecordingAsync()]);
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, damaged.Id, "voice.json"), """{"schema":1,"path":"/etc/passwd"}""", Cancel);

        Assert.Equal("berta", Assert.Single(Library.List()).Name);
        Assert.Contains(damaged.Id, Assert.Single(Library.Problems()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_file_outside_its_folder_can_become_a_voice_s_recording()
    {
        LibraryVoice voice = Library.Add(Anna(), [await RecordingAsync()]);
        string path = Path.Combine(folder.FullName, voice.Id, "voice.json");
        string text = await File.ReadAllTextAsync(path, Cancel);
        await File.WriteAllTextAsync(path, text.Replace("sample_1.wav", "../../etc/secret.wav", StringComparison.Ordinal), Cancel);

        Assert.Null(Library.Find(voice.Id));
    }

    [Fact]
    public void Whatever_stands_in_the_metadata_nothing_but_a_problem_comes_of_it()
    {
        string id = "voice_" + new string('a', 24), path = Path.Combine(folder.CreateSubdirectory(id).FullName, "voice.json");
        byte[] good = Encoding.UTF8.GetBytes($$"""{"schema":1,"id":"{{id}}","name":"x","consent":{"status":"declared","statement":"y"},"source":"file","created_utc":"2026-01-01T00:00:00Z","references":[]}""");
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte).Sample((at, value) =>
        {
            byte[] changed = [.. good];
            changed[at] = value;
            File.WriteAllBytes(path, changed);
            return Library.List().Count == 0 && Library.Problems().Count == 1; // no recordings: never a voice
        }, iter: 300, threads: 1);
    }

    [Fact]
    public void A_library_that_was_never_used_is_empty_and_makes_no_folder()
    {
        string never = Path.Combine(folder.FullName, "never");
        Assert.Empty(new VoiceLibrary(never).List());
        Assert.Null(new VoiceLibrary(never).Find("anna"));
        Assert.Null(new VoiceLibrary(never).Delete("anna"));
        Assert.False(Directory.Exists(never));
    }

    [Fact]
    public async Task An_engine_that_clones_gets_the_recording_in_the_place_of_the_name()
    {
        VoiceLibrary library = Library;
        LibraryVoice voice = library.Add(Anna() with { Language = "de" }, [await RecordingAsync("Guten Tag.")]);
        Listener inner = new();
        EngineRegistration engine = library.Serve(new(Cloning("omni"), _ => Task.FromResult<IDisposable>(inner)));
        using ITextToSpeechClient client = (ITextToSpeechClient)await engine.Open(Cancel);

        await client.GetAudioAsync("Hello.", new TextToSpeechOptions { VoiceId = "Anna" }, Cancel);
        await client.GetAudioAsync("Hello.", new TextToSpeechOptions { VoiceId = "preset" }, Cancel);

        TextToSpeechOptions cloned = inner.Heard[0]!;
        Assert.Null(cloned.VoiceId);
        Assert.Equal(("de", "Guten Tag."), (cloned.Language, cloned.ReferenceText));
        Assert.Equal(await File.ReadAllBytesAsync(library.PathOf(voice, voice.References[0]), Cancel), cloned.ReferenceAudio!.Data.ToArray());
        Assert.Equal("preset", inner.Heard[1]!.VoiceId);
    }

    [Fact]
    public async Task The_starter_voices_cannot_speak_with_a_recording_and_the_refusal_says_who_could()
    {
        IReadOnlyList<EngineDescription> starters = await StartersAsync();

        VoiceRefusal refusal = RecordedVoices.Refuse(starters, starters, [])!;

        Assert.Equal(["hibari", "espeak"], starters.Select(engine => engine.Name));
        Assert.Contains("'hibari' cannot copy a voice from a recording; 'espeak' cannot copy a voice from a recording", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("Engines that could: openai:REMOTE with \"dialect\": \"vllm_omni\"", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(refusal.Engines);
    }

    [Fact]
    public async Task A_refusal_names_the_engines_of_this_process_that_could()
    {
        IReadOnlyList<EngineDescription> starters = await StartersAsync();
        EngineDescription omni = Cloning("openai:omni");

        Assert.Equal(["openai:omni"], RecordedVoices.Refuse(starters, [.. starters, omni], [])!.Engines);
        Assert.Null(RecordedVoices.Refuse([.. starters, omni], [.. starters, omni], []));
    }

    [Fact]
    public async Task A_recording_must_be_what_the_engine_needs()
    {
        VoiceReference facts = (await RecordingAsync(transcript: null)).Facts;
        EngineDescription strict = Cloning("strict") with { Reference = new ReferenceNeed(NeedsTranscript: true) }, patient = Cloning("patient") with { Reference = new ReferenceNeed(MinSeconds: 5) };

        Assert.Contains("'strict' needs to know what the recording says", RecordedVoices.Refuse([strict], [strict], [facts])!.Message, StringComparison.Ordinal);
        Assert.Contains("'patient' needs a recording of 5 to 30 s; this one lasts 2.0 s", RecordedVoices.Refuse([patient], [patient], [facts])!.Message, StringComparison.Ordinal);
        Assert.Null(RecordedVoices.Refuse([strict], [strict], [facts with { Transcript = "Hello." }]));
    }

    private static NewVoice Anna() => new("anna", new VoiceConsent("declared", "She said yes."), "file");

    private static EngineDescription Cloning(string name) =>
        new() { Name = name, Task = EngineTask.Speech, Description = "", Model = name, Reference = new ReferenceNeed(), Voices = [new Voice("preset", "preset", "en")] };

    private static async Task<IReadOnlyList<EngineDescription>> StartersAsync()
    {
        await using EngineCatalogue catalogue = await new EngineNames(new EngineOptions(), new Dictionary<string, RemoteOptions>(), StarterModels.Locate(), "none", _ => null).AssembleAsync(["hibari", "espeak"], Cancel);
        return catalogue.Engines;
    }

    private static Task<ReferenceRecording> RecordingAsync(string? transcript = "Hello.") => ReferenceRecording.ReadAsync(WavWriter.ToBytes(Sounds.Voice(2, 150)), transcript, Cancel);

    private sealed class Listener : ITextToSpeechClient
    {
        public List<TextToSpeechOptions?> Heard { get; } = [];

        public Task<TextToSpeechResponse> GetAudioAsync(string text, TextToSpeechOptions? options = null, CancellationToken cancellationToken = default)
        {
            Heard.Add(options);
            return Task.FromResult(new TextToSpeechResponse());
        }

        public IAsyncEnumerable<TextToSpeechResponseUpdate> GetStreamingAudioAsync(string text, TextToSpeechOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
