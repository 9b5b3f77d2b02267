using System.Diagnostics;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;
using Parley.Audio;

namespace Parley.Engines.Tests.Espeak;

public class EspeakTests
{
    private const string Text = "The quick brown fox jumps over the lazy dog.";

    // A WAV header as espeak-ng writes it to a pipe, and one second of a constant.
    private const string Header = @"printf 'RIFF\044\360\377\177WAVEfmt \020\000\000\000\001\000\001\000\042\126\000\000\104\254\000\000\002\000\020\000data\000\360\377\177'";
    private const string OneSecond = "yes A | head -c 44100";

    [Fact]
    public async Task A_hundred_languages_are_listed_with_american_english_first()
    {
        EngineDescription engine = (await Register()).Description;
        Assert.True(engine.Voices.Count > 90, $"{engine.Voices.Count} voices");
        Assert.Equal("en-us", engine.Voices[0].Id);
        Assert.Contains(engine.Voices, voice => voice is { Id: "pt-br", Language: "pt-BR" });
        Assert.Contains("cmn", engine.Languages);
        Assert.Equal(engine.Voices.Count, engine.Voices.Select(voice => voice.Id).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task Sound_flows_and_the_whole_is_the_sum_of_its_parts()
    {
        using ITextToSpeechClient client = await Open();
        List<byte> streamed = [];
        int updates = 0;
        await foreach (TextToSpeechResponseUpdate update in client.GetStreamingAudioAsync(Text))
        {
            streamed.AddRange(Sound(update));
            updates++;
        }
        byte[] whole = Sound(await client.GetAudioAsync(Text));
        Assert.True(updates > 10);
        Assert.Equal(whole, streamed);
        AudioFrame frame = PcmContent.ToFrame(new DataContent(whole, PcmContent.MediaType(22_050)));
        Assert.InRange(frame.Duration.TotalSeconds, 2, 4);
        Assert.True(frame.Samples.Span.ToArray().Max() > 0.1f);
    }

    [Theory]
    [InlineData(0.25f)]
    [InlineData(0.5f)]
    [InlineData(2f)]
    [InlineData(4f)]
    public async Task Speed_is_honoured(float speed)
    {
        using ITextToSpeechClient client = await Open();
        double normal = Sound(await client.GetAudioAsync(Text)).Length, paced = Sound(await client.GetAudioAsync(Text, new() { Speed = speed })).Length;
        Assert.InRange(normal / paced / speed, 0.8, 1.25);
    }

    [Fact]
    public async Task Language_chooses_the_voice_and_a_variant_changes_it()
    {
        using ITextToSpeechClient client = await Open();
        byte[] english = Sound(await client.GetAudioAsync("Hallo Welt")), german = Sound(await client.GetAudioAsync("Hallo Welt", new() { Language = "de-DE" }));
        Assert.NotEqual(english, german);
        Assert.Equal(german, Sound(await client.GetAudioAsync("Hallo Welt", new() { VoiceId = "de" })));
        Assert.NotEqual(german, Sound(await client.GetAudioAsync("Hallo Welt", new() { VoiceId = "de+f3" })));
    }

    [Fact]
    public async Task What_it_cannot_honour_is_refused_at_the_door()
    {
        using ITextToSpeechClient client = await Open();
        Assert.Equal("en-us", Assert.Throws<UnknownVoiceException>(() => client.GetStreamingAudioAsync("x", new() { VoiceId = "en-ux" })).Nearest);
        Assert.Throws<UnknownVoiceException>(() => client.GetStreamingAudioAsync("x", new() { VoiceId = "en-us+f33" }));
        Assert.Throws<UnknownVoiceException>(() => client.GetStreamingAudioAsync("x", new() { VoiceId = "--help" }));
        Assert.Throws<UnsupportedLanguageException>(() => client.GetStreamingAudioAsync("x", new() { Language = "tlh" }));
        Assert.Throws<UnsupportedLanguageException>(() => client.GetStreamingAudioAsync("x", new() { VoiceId = "de", Language = "fr" }));
        Assert.Equal("Instructions", Assert.Throws<UnsupportedOptionException>(() => client.GetStreamingAudioAsync("x", new() { Instructions = "Whisper." })).Option);
        Assert.Throws<UnsupportedOptionException>(() => client.GetStreamingAudioAsync("x", new() { Pitch = 2 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => client.GetStreamingAudioAsync("x", new() { Speed = 5 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => client.GetStreamingAudioAsync("x", new() { Speed = float.NaN }));
        Assert.Throws<ArgumentException>(() => client.GetStreamingAudioAsync(" \n"));
    }

    [Fact]
    public async Task Text_is_never_taken_for_an_option_or_raw_phonemes()
    {
        using ITextToSpeechClient client = await Open();
        byte[] spoken = Sound(await client.GetAudioAsync("--version"));
        Assert.True(spoken.Length > 22_050);
        byte[] brackets = Sound(await client.GetAudioAsync("[[h@l'oU]] [[[[")), hello = Sound(await client.GetAudioAsync("hello"));
        Assert.True(brackets.Length > hello.Length);
        Assert.Equal(Sound(await client.GetAudioAsync("one  two")), Sound(await client.GetAudioAsync("one\0 two")));
    }

    [Fact]
    public async Task A_long_text_is_spoken_to_its_end_by_several_children()
    {
        using ITextToSpeechClient client = await Open();
        string sentence = "Seven swift swallows swoop south. ";
        double one = Sound(await client.GetAudioAsync(sentence)).Length, many = 0;
        int times = EspeakProgram.LongestText * 3 / sentence.Length;
        await foreach (TextToSpeechResponseUpdate update in client.GetStreamingAudioAsync(string.Concat(Enumerable.Repeat(sentence, times))))
            many += Sound(update).Length;
        Assert.InRange(many / (one * times), 0.8, 1.1);
    }

    [Fact]
    public async Task Callers_at_the_same_time_get_the_same_sound()
    {
        using ITextToSpeechClient client = await Open();
        byte[][] sounds = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ => Sound(await client.GetAudioAsync(Text))));
        Assert.All(sounds, sound => Assert.Equal(sounds[0], sound));
    }

    [Fact]
    public async Task A_missing_program_is_listed_and_says_what_to_do()
    {
        EngineRegistration registration = await EspeakEngine.RegisterAsync(new EspeakProgram("/nowhere/espeak-ng"), TestContext.Current.CancellationToken);
        Assert.Empty(registration.Description.Voices);
        MissingProgramException fault = await Assert.ThrowsAsync<MissingProgramException>(() => registration.Open(default));
        Assert.Contains("apt-get install espeak-ng", fault.Message);
    }

    [Fact]
    public async Task A_cancelled_child_is_dead_and_buried()
    {
        using FakeEspeak fake = new($"{Header}; {OneSecond}; exec cat /dev/zero");
        using CancellationTokenSource cancel = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (TextToSpeechResponseUpdate _ in Client(fake).GetStreamingAudioAsync(Text, cancellationToken: cancel.Token))
                await cancel.CancelAsync();
        });
        AssertGone(fake.Pid);
    }

    [Fact]
    public async Task A_child_whose_listener_left_is_dead_and_buried()
    {
        using FakeEspeak fake = new($"{Header}; {OneSecond}; exec cat /dev/zero");
        await foreach (TextToSpeechResponseUpdate _ in Client(fake).GetStreamingAudioAsync(Text))
            break;
        AssertGone(fake.Pid);
    }

    [Fact]
    public async Task A_child_killed_by_somebody_else_is_told_apart()
    {
        using FakeEspeak fake = new($"{Header}; {OneSecond}; kill -9 $$");
        int heard = 0;
        EngineProcessException fault = await Assert.ThrowsAsync<EngineProcessException>(async () =>
        {
            await foreach (TextToSpeechResponseUpdate update in Client(fake).GetStreamingAudioAsync(Text))
                heard += Sound(update).Length;
        });
        Assert.Contains("killed by signal 9", fault.Message);
        Assert.Equal(44_100, heard);
    }

    [Fact]
    public async Task A_failing_child_is_quoted()
    {
        using FakeEspeak fake = new("echo 'no data here' >&2; exit 3");
        EngineProcessException fault = await Assert.ThrowsAsync<EngineProcessException>(() => Client(fake).GetAudioAsync(Text));
        Assert.Contains("exit code 3: no data here", fault.Message);
    }

    [Fact]
    public async Task What_is_no_wav_is_refused()
    {
        using FakeEspeak fake = new("echo 'Usage: something else entirely, with a lot of text'");
        await Assert.ThrowsAsync<AudioFormatException>(() => Client(fake).GetAudioAsync(Text));
    }

    [Fact]
    public async Task A_child_that_stands_still_is_stopped()
    {
        using FakeEspeak fake = new($"{Header}; {OneSecond}; exec tail -f /dev/null");
        FakeTimeProvider time = new();
        using CancellationTokenSource over = new();
        Task clock = Task.CompletedTask;
        EngineProcessException fault = await Assert.ThrowsAsync<EngineProcessException>(async () =>
        {
            int heard = 0;
            await foreach (TextToSpeechResponseUpdate update in Client(fake, time).GetStreamingAudioAsync(Text))
            {
                if ((heard += Sound(update).Length) == 44_100) // all there is: from now on only the clock moves
                    clock = Advance(time, over.Token);
            }
        });
        await over.CancelAsync();
        await clock;
        Assert.Contains("gave nothing for 10 s", fault.Message);
        AssertGone(fake.Pid);
    }

    private static Task Advance(FakeTimeProvider time, CancellationToken over) => Task.Run(async () =>
    {
        while (!over.IsCancellationRequested)
        {
            time.Advance(EspeakProgram.Patience);
            await Task.Yield();
        }
    }, CancellationToken.None);

    private static Task<EngineRegistration> Register()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/espeak-ng"), "Needs espeak-ng: apt-get install espeak-ng");
        return EspeakEngine.RegisterAsync();
    }

    private static async Task<ITextToSpeechClient> Open() => (ITextToSpeechClient)await (await Register()).Open(default);

    private static EspeakTextToSpeechClient Client(FakeEspeak fake, TimeProvider? time = null) =>
        new(new()
        {
            Name = "espeak", Task = EngineTask.Speech, Description = "", Model = "", SampleRate = 22_050, Voices = [new("en-us", "", "en-US")],
        }, new EspeakProgram(fake.Program, time), []);

    private static byte[] Sound(TextToSpeechResponseUpdate update) => ((DataContent)Assert.Single(update.Contents)).Data.ToArray();

    private static byte[] Sound(TextToSpeechResponse response) => ((DataContent)Assert.Single(response.Contents)).Data.ToArray();

    /// <summary>Neither running nor a zombie: the number is unknown to the system.</summary>
    private static void AssertGone(int pid) => Assert.Throws<ArgumentException>(() => Process.GetProcessById(pid));
}
