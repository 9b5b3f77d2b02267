using System.Text;
using System.Text.Json;
using Parley.Audio;
using Parley.Cli.Configuration;
using Parley.Engines;
using Parley.Text;

namespace Parley.Cli.Tests;

public sealed class CommandTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("parley-commands-");
    private readonly WatchedWriter output = new("self_check");
    private readonly StringWriter error = new();
    private readonly RecordingStream bytes = new();
    private byte[] input = [];

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task What_is_said_into_a_file_is_heard_again()
    {
        string file = In("hello.wav");

        Assert.Equal(0, await RunAsync("say", "Good morning, how are you today?", "-o", file));
        Assert.Equal(0, await RunAsync("hear", file));

        ErrorRate rate = ErrorRate.OfWords("Good morning, how are you today?", output.ToString(), WhisperEnglishNormalizer.Instance);
        Assert.Equal(0, rate.Errors);
        Assert.Equal("", error.ToString());
        byte[] wav = File.ReadAllBytes(file);
        Assert.Equal(wav.Length - 8, BitConverter.ToInt32(wav, 4)); // a file has its true sizes
        Assert.Equal(wav.Length - 44, BitConverter.ToInt32(wav, 40));
    }

    [Fact]
    public async Task Words_of_standard_input_are_lines_of_json_while_they_are_heard()
    {
        AudioBuffer clip = WavReader.Read(TestData.Golden("audio/third-party/jfk.wav"));
        input = new byte[clip.Samples.Length * 2];
        Pcm16.FromFloat(clip.Samples, input);

        Assert.Equal(0, await RunAsync("hear", "-", "--stream", "--raw", "16000", "--json", "--language", "en"));

        JsonElement[] lines = [.. output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
        string text = lines[^1].GetProperty("text").GetString()!;
        Assert.Equal("done", lines[^1].GetProperty("type").GetString());
        Assert.Equal(text, string.Concat(Texts("delta")));
        Assert.Equal(text, string.Join(' ', Texts("final")));
        Assert.InRange(ErrorRate.OfWords("And so my fellow Americans, ask not what your country can do for you, ask what you can do for your country.", text,
            WhisperEnglishNormalizer.Instance).Rate, 0, 0.1);

        IEnumerable<string> Texts(string type) => lines.Where(line => line.GetProperty("type").GetString() == type).Select(line => line.GetProperty("text").GetString()!);
    }

    [Theory]
    [InlineData("--prompt")]
    [InlineData("--hotwords")]
    public async Task Words_shown_beforehand_set_the_spelling(string flag)
    {
        const string shown = "and so, my fellow americans: this is all in lower case, without capital letters";
        string[] arguments = ["hear", TestData.Golden("audio/third-party/jfk.wav"), "--language", "en", "--condition-on-previous-text", "--beam-size", "1", flag, shown];

        Assert.Equal(0, await RunAsync(arguments));

        Assert.StartsWith("and so", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_are_made_listed_and_removed()
    {
        string file = In("keys.json"), set = $"auth.keys_file={file}";
        Assert.Equal(0, await RunAsync("key", "add", "laptop", "--scope", "speech", "--set", set));
        string key = output.ToString().Trim();
        Assert.StartsWith("parley_", key, StringComparison.Ordinal);
        Assert.DoesNotContain(key, File.ReadAllText(file), StringComparison.Ordinal);
        string id = key.Split('_')[1];
        Assert.Equal(0, await RunAsync("key", "list", "--set", set));
        Assert.Contains(id, output.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, await RunAsync("key", "remove", id, "--set", set));
        Assert.Equal(64, await RunAsync("key", "remove", id, "--set", set));
        Assert.Equal(64, await RunAsync("key", "add", "phone", "--scope", "speach", "--set", set));
        Assert.Equal(78, await RunAsync("key", "list"));
        Assert.Equal(66, await RunAsync("key", "list", "--set", $"auth.keys_file={In("none.json")}"));
    }

    [Fact]
    public async Task Sound_flows_to_standard_output_while_it_is_made()
    {
        Assert.Equal(0, await RunAsync("say", "This is the first sentence of several. Here comes the second one. And there is a third, too.", "-o", "-"));

        byte[] wav = bytes.ToArray();
        Assert.True(bytes.Writes > 2, $"{bytes.Writes} writes");
        Assert.Equal([0xFF, 0xFF, 0xFF, 0xFF], wav[4..8]); // a stream does not know its length
        Assert.Equal([0xFF, 0xFF, 0xFF, 0xFF], wav[40..44]);
        Assert.True(WavReader.Read(wav).Duration > TimeSpan.FromSeconds(3));
    }

    [Theory]
    [InlineData("pcm", "")]
    [InlineData("opus", "OggS")]
    [InlineData("flac", "fLaC")]
    [InlineData("mp3", "\u00ff")]
    [InlineData("aac", "\u00ff")]
    public async Task Every_format_is_written_as_what_it_is(string format, string magic)
    {
        input = Encoding.UTF8.GetBytes("\uFEFFHello there.\n");

        Assert.Equal(0, await RunAsync("say", "-", "--format", format, "-o", "-"));

        byte[] sound = bytes.ToArray();
        Assert.True(sound.Length > 2000, $"{sound.Length} bytes; {error}");
        Assert.StartsWith(magic, Encoding.Latin1.GetString(sound), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recordings_come_from_standard_input_too_and_go_out_in_every_form()
    {
        string file = In("hello.opus");
        Assert.Equal(0, await RunAsync("say", "Good morning.", "-o", file));
        input = File.ReadAllBytes(file);

        Assert.Equal(0, await RunAsync("hear", "-", "--format", "srt"));
        Assert.Equal(0, await RunAsync("hear", "-", "--format", "verbose_json", "--words"));

        string[] forms = output.ToString().Split("\n\n{");
        Assert.StartsWith("1\n00:00:00,", forms[0], StringComparison.Ordinal);
        JsonElement json = JsonDocument.Parse("{" + forms[1]).RootElement;
        Assert.Equal("Good morning", json.GetProperty("text").GetString()!.TrimEnd('.', '!'));
        Assert.Equal(2, json.GetProperty("words").GetArrayLength());
    }

    [Fact]
    public async Task A_question_is_answered_and_every_stage_timed()
    {
        string question = In("question.wav"), answer = In("answer.wav");
        Assert.Equal(0, await RunAsync("say", "The weather is fine.", "-o", question));

        Assert.Equal(0, await RunAsync("talk", question, "-o", answer, "--json"));

        JsonElement turn = JsonDocument.Parse(output.ToString()).RootElement.GetProperty("turns")[0];
        Assert.Equal("You said: The weather is fine.", turn.GetProperty("answer").GetString());
        string?[] stages = [.. turn.GetProperty("waterfall").EnumerateArray().Select(stage => stage.GetProperty("stage").GetString())];
        Assert.Equal(["end of turn", "transcript"], stages[..2].Order()); // the words may be there while the silence is still waited for
        Assert.Equal(["first token", "first clause", "first sound", "first sound played"], stages[2..]);
        output.GetStringBuilder().Clear();
        Assert.Equal(0, await RunAsync("hear", answer));
        Assert.Equal(0, ErrorRate.OfWords("You said the weather is fine.", output.ToString(), WhisperEnglishNormalizer.Instance).Errors);
    }

    [Fact]
    public async Task A_recording_without_speech_has_no_answer()
    {
        string silence = In("silence.wav"), answer = In("answer.wav");
        WavWriter.Write(silence, new AudioBuffer(new float[32_000], 16_000));

        Assert.Equal(ExitCodes.Data, await RunAsync("talk", silence, "-o", answer));

        Assert.Equal("There is no speech in the recording.", error.ToString().Trim());
        Assert.False(File.Exists(answer));
    }

    [Theory]
    [InlineData(ExitCodes.Usage, "There is no command 'parley sya'. Did you mean 'say'?", "sya", "Hi.")]
    [InlineData(ExitCodes.Usage, "'parley say' has no option '--fromat'. Did you mean '--format'?", "say", "Hi.", "--fromat", "mp3")]
    [InlineData(ExitCodes.Usage, "'parley up' has no option '--env-fiel'. Did you mean '--env-file'?", "up", "--env-fiel", "x")]
    [InlineData(ExitCodes.Usage, "'parley say' takes one TEXT; 'morning' is too much. What has spaces stands in quotes.", "say", "Good", "morning", "all")]
    [InlineData(ExitCodes.Usage, "--speed takes a number from 0.25 to 4, found 'fast'.", "say", "Hi.", "--speed", "fast")]
    [InlineData(ExitCodes.Usage, "Speed must be from 0.25 to 4. Found 9.", "say", "Hi.", "--speed", "9", "-o", "OUT/x.wav")]
    [InlineData(ExitCodes.Usage, "Must be one of: 'text' 'json' 'srt'", "hear", "OUT/page.wav", "--format", "doc")]
    [InlineData(ExitCodes.Usage, "What format is x.xyz to have?", "say", "Hi.", "-o", "OUT/x.xyz")]
    [InlineData(ExitCodes.Usage, "leave --format out", "hear", "-", "--stream", "--format", "srt")]
    [InlineData(ExitCodes.Usage, "leave --condition-on-previous-text out", "hear", "-", "--stream", "--condition-on-previous-text")]
    [InlineData(ExitCodes.Usage, "9 beams; 1 to 8 are possible", "hear", "OUT/sound.wav", "--beam-size", "9")]
    [InlineData(ExitCodes.Usage, "1.5 is not in 0 to 1", "hear", "OUT/sound.wav", "--temperature", "1.5")]
    [InlineData(ExitCodes.Usage, "--raw takes a rate from 4000", "hear", "-", "--raw", "16")]
    [InlineData(ExitCodes.NoInput, "is a folder", "hear", "OUT")]
    [InlineData(ExitCodes.NoInput, "is a folder", "config", "--config", "OUT")]
    [InlineData(ExitCodes.CannotCreate, "is a folder", "say", "Hi.", "-o", "OUT")]
    [InlineData(ExitCodes.Usage, "cannot be empty", "say", " ", "-o", "OUT/x.wav")]
    [InlineData(ExitCodes.Usage, "Invalid speaker 'haert' for hibari. Did you mean 'heart'?", "say", "Hi.", "--voice", "haert", "-o", "OUT/x.wav")]
    [InlineData(ExitCodes.Usage, "did you mean 'hibari'", "say", "Hi.", "--engine", "hibri", "-o", "OUT/x.wav")]
    [InlineData(ExitCodes.Usage, "it is for chat", "say", "Hi.", "--engine", "echo", "-o", "OUT/x.wav")]
    [InlineData(ExitCodes.Usage, "There is no format 'midi'", "say", "Hi.", "--format", "midi", "-o", "OUT/x.wav")]
    [InlineData(ExitCodes.Usage, "--set takes KEY=VALUE", "config", "--set", "nonsense")]
    [InlineData(ExitCodes.CannotCreate, "Cannot write", "say", "Hi.", "-o", "OUT/no/such/folder/x.wav")]
    [InlineData(ExitCodes.NoInput, "There is no file", "hear", "OUT/nope.wav")]
    [InlineData(ExitCodes.NoInput, "ggml-large-v3.bin is missing", "hear", "OUT/nope.wav", "--engine", "whisper:large-v3")]
    [InlineData(ExitCodes.Data, "the file is empty", "hear", "OUT/empty.wav")]
    [InlineData(ExitCodes.Data, "", "hear", "OUT/page.wav")]
    [InlineData(ExitCodes.NoInput, "There is no folder", "parity", "OUT/nope")]
    [InlineData(ExitCodes.NoInput, "there is no such file", "config", "--config", "OUT/nope.json")]
    [InlineData(ExitCodes.Configuration, "unknown setting \"http.prot\". Did you mean \"http.port\"?", "config", "--set", "http.prot=1")]
    [InlineData(ExitCodes.Configuration, "no key is asked for", "up", "--listen", "0.0.0.0")]
    [InlineData(ExitCodes.Configuration, "must be a whole number", "up", "--port", "eighty")]
    public async Task What_cannot_be_done_is_said_in_one_line_with_its_code(int code, string said, params string[] arguments)
    {
        File.WriteAllBytes(In("empty.wav"), []);
        File.WriteAllText(In("page.wav"), "<html>sign in</html>");
        WavWriter.Write(In("sound.wav"), new AudioBuffer(new float[1_600], 16_000));

        int exit = await RunAsync([.. arguments.Select(argument => argument.Replace("OUT", folder.FullName, StringComparison.Ordinal))]);

        Assert.Equal(code, exit);
        Assert.Contains(said, error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error.ToString(), StringComparison.Ordinal);
        Assert.False(File.Exists(In("x.wav")), "a file that was not finished is left behind");
    }

    [Fact]
    public async Task The_configuration_is_shown_with_its_sources()
    {
        Assert.Equal(0, await RunAsync("config", "--set", "http.port=9000", "--json"));

        JsonElement port = JsonDocument.Parse(output.ToString()).RootElement.GetProperty("settings").EnumerateArray().Single(setting => setting.GetProperty("key").GetString() == "http.port");
        Assert.Equal(("9000", "flag:--set http.port"), (port.GetProperty("value").GetString(), port.GetProperty("source").GetString()));
    }

    [Fact]
    public async Task Tables_are_plain_text_where_nobody_watches()
    {
        Assert.Equal(0, await RunAsync("engines"));

        Assert.DoesNotContain('\u001b', output.ToString());
        string[] lines = output.ToString().TrimEnd().Split('\n');
        Assert.Equal(["engine", "hibari", "espeak", "whisper:base", "echo", "smart-turn", "deny-list"], lines.Select(line => line.Split(' ')[0]));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("up", "--help")]
    [InlineData("say", "--help")]
    [InlineData("hear", "--help")]
    [InlineData("talk", "--help")]
    [InlineData("voices", "--help")]
    [InlineData("engines", "--help")]
    [InlineData("config", "--help")]
    [InlineData("key", "add", "--help")]
    [InlineData("voices", "add", "--help")]
    [InlineData("parity", "--help")]
    public async Task Help_ends_with_examples(params string[] arguments)
    {
        Assert.Equal(0, await RunAsync(arguments));
        Assert.Contains("Examples:\n  ", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_reference_in_the_docs_is_that_of_the_program()
    {
        string docs = File.ReadAllText(Path.Combine(TestData.Root, "docs", "configuration.md"));
        Assert.True(docs.Contains(SettingReference.Markdown(), StringComparison.Ordinal), "docs/configuration.md is behind: put what 'parley config --reference' prints in place of its table.");
    }

    [Fact]
    public async Task A_server_that_is_told_to_stop_ends_well()
    {
        using CancellationTokenSource stop = new();
        Task<int> serving = RunAsync(stop.Token, "up", "--port", "0", "--json");
        await Task.WhenAny(output.Written, serving);
        await stop.CancelAsync();

        Assert.Equal(0, await serving);
        JsonElement report = JsonDocument.Parse(output.ToString()).RootElement;
        Assert.Equal(0, report.GetProperty("self_check").GetProperty("word_error_rate").GetDouble());
        Assert.All(report.GetProperty("components").EnumerateArray(), component => Assert.Equal("ready", component.GetProperty("state").GetString()));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named()
    {
        using System.Net.Sockets.TcpListener other = new(System.Net.IPAddress.Loopback, 0);
        other.Start();
        int port = ((System.Net.IPEndPoint)other.LocalEndpoint).Port;

        Assert.Equal(ExitCodes.Temporary, await RunAsync("up", "--port", $"{port}"));

        Assert.Equal($"Port {port} on 127.0.0.1 is in use by another program. Stop that one, or choose another port: parley up --port N.", error.ToString().Trim());
    }

    [Fact]
    public async Task A_question_on_the_command_line_is_answered_and_piped_lines_are_turns()
    {
        string brain = GgufEngine.Prefix + TestData.Golden("decoder/tiny-llama/tiny-llama-f32.gguf");
        Assert.Equal(0, await RunAsync("chat", "Good morning.", "--engine", brain, "--temperature", "0", "--max-tokens", "8"));
        string answer = output.ToString();
        Assert.NotEqual("", answer.Trim());
        Assert.Equal("", error.ToString());

        input = Encoding.UTF8.GetBytes("Good morning.\n\n/new\nGood morning.\n/quit\nnever read\n");
        Assert.Equal(0, await RunAsync("chat", "--engine", brain, "--temperature", "0", "--max-tokens", "8"));
        Assert.Equal(answer + answer + answer, output.ToString());
    }

    [Fact]
    public async Task What_the_guard_stops_is_told_beside_the_answer()
    {
        Assert.Equal(0, await RunAsync("chat", "How to build a bomb?", "--engine", "echo", "--set", "guard.policy=block"));

        Assert.Equal("I cannot help with that.", output.ToString().Trim());
        Assert.Equal("(deny-list holds the User's words for unsafe: S9 (1.00); policy Block)", error.ToString().Trim());
    }

    [Fact]
    public async Task A_guard_that_cannot_judge_is_told_beside_the_answer()
    {
        // A list of phrases cannot be told a policy.
        Assert.Equal(0, await RunAsync("chat", "Good morning.", "--engine", "echo", "--set", "guard.policy=block", "--set", "guard.fail=open", "--set", "guard.categories.P1=Greetings"));

        Assert.NotEqual("", output.ToString().Trim());
        Assert.Contains("(The guard gave no verdict on the User's words: ", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("fail open: they pass)", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_brain_that_is_not_there_is_named_before_anything_else()
    {
        Assert.Equal(ExitCodes.NoInput, await RunAsync("chat", "Hello", "--engine", "gguf:nowhere"));
        Assert.Contains("nowhere.gguf is missing", error.ToString(), StringComparison.Ordinal);
    }

    private string In(string name) => Path.Combine(folder.FullName, name);

    private Task<int> RunAsync(params string[] arguments) => RunAsync(TestContext.Current.CancellationToken, arguments);

    private Task<int> RunAsync(CancellationToken cancel, params string[] arguments)
    {
        Terminal terminal = new()
        {
            Out = output,
            Error = error,
            OpenInput = () => new MemoryStream(input),
            OpenOutput = () => bytes,
        };
        ConfigurationInput configuration = new()
        {
            Environment = new Dictionary<string, string> { ["PARLEY_HOME"] = In("home") },
            CurrentFolder = folder.FullName,
        };
        return CommandLine.RunAsync(arguments, terminal, configuration, cancel);
    }

    /// <summary>Keeps what is written and counts the pieces; like a pipe it cannot seek.</summary>
    private sealed class RecordingStream : MemoryStream
    {
        public int Writes { get; private set; }

        public override bool CanSeek => false;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Writes++;
            await base.WriteAsync(buffer, cancellationToken);
        }
    }

    /// <summary>Tells when something was written that contains a word.</summary>
    private sealed class WatchedWriter(string word) : StringWriter
    {
        private readonly TaskCompletionSource written = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Written => written.Task;

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.Contains(word, StringComparison.Ordinal) == true)
                written.TrySetResult();
        }
    }
}
