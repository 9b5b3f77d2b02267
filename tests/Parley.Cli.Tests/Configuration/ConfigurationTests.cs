using System.Net;
using System.Runtime.Versioning;
using Parley.Cli.Configuration;
using Parley.Engines;

namespace Parley.Cli.Tests.Configuration;

public sealed class ConfigurationTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("parley-configuration-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void Without_a_word_everything_has_its_default()
    {
        ParleyConfiguration configuration = Load();

        Assert.Equal(8080, configuration.Options.Server.Http.Port);
        Assert.Equal(["hibari", "espeak"], configuration.Options.Engines.Speech);
        Assert.All(configuration.Settings(), setting => Assert.Equal("default", setting.Origin.ToString()));
    }

    [Fact]
    public void The_stronger_source_wins_and_the_weaker_stay_known()
    {
        string file = Write("parley.json", "{\n  \"http\": { \"port\": 1 }\n}");
        string env = Write("parley.env", "PARLEY__HTTP__PORT=2\n");

        Assert.Equal((1, $"file:{file}:2"), Port(Load(file)));
        Assert.Equal((2, $"envfile:{env}:1"), Port(Load(file, env)));
        Assert.Equal((3, "env:PARLEY__HTTP__PORT"), Port(Load(file, env, new() { ["PARLEY__HTTP__PORT"] = "3" })));
        ParleyConfiguration all = Load(file, env, new() { ["PARLEY__HTTP__PORT"] = "3" }, new FlagSetting("http.port", "4", "--port"));
        Assert.Equal((4, "flag:--port"), Port(all));
        Assert.Equal([$"file:{file}:2", $"envfile:{env}:1", "env:PARLEY__HTTP__PORT"], Find(all, "http.port").Overridden.Select(origin => origin.ToString()));
    }

    [Fact]
    public void Every_kind_of_value_is_read_from_a_file()
    {
        ParleyConfiguration configuration = LoadJson("""
            {
              "http": { "listen": "127.0.0.2", "port": 0, "allowed_hosts": ["a.example", "b"], "legacy_ports": { "speech": 9082 } },
              "auth": { "public_listing": true },
              "limits": { "json_bytes": "2MiB", "upload_bytes": 4096, "first_audio": "1m30s" },
              "model_aliases": { "tts-2.5": "hibari" },
              "data_folder": null,
              "engines": { "chat": ["openai:brain", "echo"] },
              "remotes": { "brain": { "task": "chat", "base_url": "http://10.0.0.5:8000/v1", "dialect": "vllm_omni", "read_timeout": "1500ms" } },
            }
            """);

        Parley.Server.ServerOptions server = configuration.Options.Server;
        Assert.Equal(IPAddress.Parse("127.0.0.2"), server.Http.Listen);
        Assert.Equal(["a.example", "b"], server.Http.AllowedHosts);
        Assert.Equal((9082, 8083), (server.Http.LegacyPorts!.Speech, server.Http.LegacyPorts.Transcription));
        Assert.Equal((2L << 20, 4096L), (server.Limits.JsonBytes, server.Limits.UploadBytes));
        Assert.Equal(TimeSpan.FromSeconds(90), server.Limits.FirstAudio);
        Assert.Equal("hibari", server.ModelAliases["tts-2.5"]);
        Assert.Null(server.DataFolder);
        RemoteOptions brain = configuration.Options.Remotes["brain"];
        Assert.Equal((EngineTask.Chat, RemoteDialect.VllmOmni, 1.5), (brain.Task, brain.Dialect, brain.ReadTimeout.TotalSeconds));
    }

    [Fact]
    public void Every_kind_of_value_is_read_from_the_environment()
    {
        ParleyConfiguration configuration = Load(environment: new()
        {
            ["PARLEY__HTTP__ALLOWED_HOSTS"] = "a.example, b",
            ["PARLEY__HTTP__LEGACY_PORTS"] = "true",
            ["PARLEY__LIMITS__JSON_BYTES"] = "2MiB",
            ["PARLEY__DRAIN__REQUESTS"] = "250ms",
            ["PARLEY__REMOTES__BRAIN__TASK"] = "chat",
            ["PARLEY__REMOTES__BRAIN__BASE_URL"] = "https://example.org/v1",
        });

        Assert.Equal(["a.example", "b"], configuration.Options.Server.Http.AllowedHosts);
        Assert.Equal(8082, configuration.Options.Server.Http.LegacyPorts!.Speech);
        Assert.Equal(TimeSpan.FromMilliseconds(250), configuration.Options.Server.Drain.Requests);
        Assert.Equal("https://example.org/v1", configuration.Options.Remotes["brain"].BaseUrl!.AbsoluteUri);
    }

    [Theory]
    [InlineData("""{ "http": { "prot": 1 } }""", "unknown setting \"http.prot\". Did you mean \"http.port\"?")]
    [InlineData("""{ "htpp": { "port": 1 } }""", "unknown setting \"htpp\". Did you mean \"http\"?")]
    [InlineData("""{ "port": 1 }""", "There is \"http.port\"; you wrote \"port\".")]
    [InlineData("""{ "remotes": { "x": { "task": "chat", "base_url": "http://h", "api_key": "sk-secret" } } }""", "You may mean \"remotes.NAME.key_variable\"")]
    [InlineData("""{ "http": { "port": "8080" } }""", "\"http.port\" must be a whole number, found \"8080\".")]
    [InlineData("""{ "http": { "port": 1.5 } }""", "\"http.port\" must be a whole number, found 1.5.")]
    [InlineData("""{ "http": { "port": 99999 } }""", "\"http.port\" must be from 0 to 65535, found 99999.")]
    [InlineData("""{ "http": { "port": null } }""", "\"http.port\" must be a whole number, found null.")]
    [InlineData("""{ "http": 8080 }""", "\"http\" is a section")]
    [InlineData("""{ "http": { "listen": "localhost" } }""", "\"http.listen\" must be an IP address")]
    [InlineData("""{ "http": { "allowed_hosts": "a" } }""", "must be a list of texts")]
    [InlineData("""{ "limits": { "first_audio": 30 } }""", "The unit is missing: write \"30s\".")]
    [InlineData("""{ "limits": { "first_audio": "2h" } }""", "must be from 1s to 1h, found 2h.")]
    [InlineData("""{ "limits": { "json_bytes": "8GB" } }""", "must be from 1KiB to 64MiB, found 8GB.")]
    [InlineData("""{ "remotes": { "x": { "task": "sing", "base_url": "http://h" } } }""", "must be one of speech, transcription, chat")]
    [InlineData("""{ "remotes": { "x": { "task": "chat", "base_url": "h:1" } } }""", "begins with http://")]
    [InlineData("""{ "remotes": { "x": { "task": "chat" } } }""", "lacks its \"base_url\"")]
    [InlineData("""{ "remotes": { "x": { "task": "chat", "base_url": "http://h", "key_variable": "sk-abc" } } }""", "takes the name of a variable, not the key itself")]
    [InlineData("""{ "remotes": { "x": { "task": "turn_detection", "base_url": "http://h" } } }""", "\"remotes.x.task\" must be speech, transcription or chat")]
    [InlineData("""{ "engines": { "chat": ["openai:brian"] }, "remotes": { "brain": { "task": "chat", "base_url": "http://h" } } }""", "Did you mean \"openai:brain\"?")]
    [InlineData("""{ "http": { "listen": "0.0.0.0" } }""", "no key is asked for")]
    [InlineData("""{ "queue": { "max_wait": "30m" } }""", "must be less than \"limits.total\"")]
    public void A_mistake_is_named_with_its_place_and_its_remedy(string json, string said)
    {
        string file = Write("parley.json", json);

        ConfigurationException fault = Assert.Throws<ConfigurationException>(() => Load(file));

        Problem problem = Assert.Single(fault.Problems);
        Assert.StartsWith($"{file}:1:", problem.ToString(), StringComparison.Ordinal);
        Assert.Contains(said, problem.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Configuration, problem.Code);
        Assert.DoesNotContain("sk-", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_mistakes_of_all_sources_are_named_at_once()
    {
        string file = Write("parley.json", "{ \"http\": { \"prot\": 1,\n \"port\": \"x\" } }");
        string env = Write("parley.env", "A =1\nPARLEY__NOPE=1\n");

        ConfigurationException fault = Assert.Throws<ConfigurationException>(() => Load(file, env, new() { ["PARLEY__HTTP__PORT"] = "eighty" }, new FlagSetting("quue.waiting", "1", "--set")));

        Assert.Equal([$"{file}:1:13", $"{env}:1", $"{env}:2", "--set", $"{file}:2:10", "PARLEY__HTTP__PORT"], fault.Problems.Select(problem => problem.Origin.Place));
    }

    [Fact]
    public void An_open_address_is_fine_once_it_is_said_so()
    {
        ParleyConfiguration configuration = Load(flags: [new("http.listen", "0.0.0.0", "--listen"), new("auth.open", "true", "--no-auth")]);
        Assert.True(configuration.Options.Server.Auth.Open);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("bom")]
    [InlineData("crlf")]
    [InlineData("bom-crlf")]
    [InlineData("no-newline")]
    [InlineData("quotes")]
    [InlineData("export")]
    [InlineData("comment")]
    public void Env_files_of_every_system_mean_the_same(string name)
    {
        string file = TestData.SharedOrSkip($"cases/inputs/env/{name}.env");

        ParleyConfiguration configuration = Load(envFile: file);

        Assert.Equal(18080, configuration.Options.Server.Http.Port);
        Assert.StartsWith("set (24 bytes, sha256 ", Find(configuration, "OPENAI_API_KEY").Value, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("merged", "runs into another assignment: ...PARLEY__HTTP__PORT=")]
    [InlineData("merged-start", "begins with another assignment")]
    [InlineData("placeholder", "placeholder")]
    [InlineData("smart-quotes", "U+201C")]
    [InlineData("spaces", "a space before '='")]
    [InlineData("twice", "already set in line 1")]
    public void Env_files_with_accidents_are_refused(string name, string said)
    {
        string file = TestData.SharedOrSkip($"cases/inputs/env/{name}.env");

        ConfigurationException fault = Assert.Throws<ConfigurationException>(() => Load(envFile: file));

        Assert.Contains(said, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("0123456789", fault.Message, StringComparison.Ordinal);
    }

    [Fact, UnsupportedOSPlatform("windows")]
    public void A_secret_in_a_file_that_others_can_read_is_not_handed_out()
    {
        string file = Write("keys.env", "STUDIO_KEY=sk-1\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        ParleyConfiguration open = Load(envFile: file);

        ConfigurationException fault = Assert.Throws<ConfigurationException>(() => open.Secret("STUDIO_KEY"));

        Assert.Equal(ExitCodes.Permission, Assert.Single(fault.Problems).Code);
        Assert.Contains($"mode 0640). Close it: chmod 600 {file}", fault.Message, StringComparison.Ordinal);
        Assert.Contains(open.Warnings, warning => warning.Message.Contains("chmod 600", StringComparison.Ordinal));

        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Equal("sk-1", Load(envFile: file).Secret("STUDIO_KEY"));
    }

    [Fact]
    public void Variables_that_look_meant_for_us_and_are_not_read_are_told()
    {
        ParleyConfiguration configuration = Load(environment: new() { ["OPENAI_KEY"] = "x", ["PARLEY_PORT"] = "1", ["PARLEY_HOME"] = folder.FullName });

        Assert.Equal(["OPENAI_KEY", "PARLEY_PORT"], configuration.Warnings.Select(warning => warning.Origin.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Data_lies_under_PARLEY_HOME_or_where_the_desktop_says()
    {
        Assert.Equal(folder.FullName, Load(environment: new() { ["PARLEY_HOME"] = folder.FullName }).Options.Server.DataFolder);
        Assert.Equal("/x/parley", Load(environment: new() { ["XDG_DATA_HOME"] = "/x" }).Options.Server.DataFolder);
        Assert.Equal("/h/.local/share/parley", Load(environment: new() { ["HOME"] = "/h", ["XDG_DATA_HOME"] = "relative" }).Options.Server.DataFolder);
    }

    [Fact]
    public void A_parley_json_is_found_in_the_current_folder_then_at_home()
    {
        string home = folder.CreateSubdirectory("home").FullName;
        File.WriteAllText(Path.Combine(home, "parley.json"), """{ "http": { "port": 2 } }""");
        Dictionary<string, string> environment = new() { ["PARLEY_HOME"] = home };
        Assert.Equal(2, Load(environment: environment).Options.Server.Http.Port);

        Write("parley.json", """{ "http": { "port": 1 } }""");
        Assert.Equal(1, Load(environment: environment).Options.Server.Http.Port);
    }

    [Fact]
    public void A_file_that_is_named_and_missing_is_an_error()
    {
        ConfigurationException fault = Assert.Throws<ConfigurationException>(() => Load(Path.Combine(folder.FullName, "nope.json")));
        Assert.Equal(ExitCodes.NoInput, Assert.Single(fault.Problems).Code);
    }

    [Fact]
    public void Durations_and_sizes_read_back_as_they_are_shown()
    {
        Gen.Long[0, 1_000_000_000_000].Sample(tenths =>
            ValueReaders.TryReadDuration(ValueReaders.ShowDuration(TimeSpan.FromTicks(tenths * 1000)), out TimeSpan read) && read.Ticks == tenths * 1000);
        Gen.Long[0, long.MaxValue].Sample(bytes => ValueReaders.TryReadBytes(ValueReaders.ShowBytes(bytes), out long read) && read == bytes);
    }

    [Fact]
    public void Whatever_stands_in_the_environment_loads_or_is_refused()
    {
        string[] names = [.. SettingsOf(Load()).Select(SettingName.Variable), "PARLEY__", "PARLEY____", "PARLEY__HTTP", "PARLEY__REMOTES__A__B"];
        Gen.Select(Gen.Int[0, names.Length - 1], Gen.String[Gen.Char["0123456789abcsmhKiBtrue,:[]{}\"./ -"], 0, 12]).Sample((name, value) =>
        {
            try
            {
                Load(environment: new() { [names[name]] = value });
            }
            catch (ConfigurationException fault)
            {
                Assert.NotEmpty(fault.Problems);
            }
        }, iter: 3_000);
    }

    private static IEnumerable<string> SettingsOf(ParleyConfiguration configuration) => configuration.Settings().Select(setting => setting.Key);

    private static (int, string) Port(ParleyConfiguration configuration) => (configuration.Options.Server.Http.Port, Find(configuration, "http.port").Origin.ToString());

    private static EffectiveSetting Find(ParleyConfiguration configuration, string key) => configuration.Settings().Single(setting => setting.Key == key);

    private string Write(string name, string text)
    {
        string path = Path.Combine(folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }

    private ParleyConfiguration LoadJson(string json) => Load(Write("parley.json", json));

    private ParleyConfiguration Load(string? file = null, string? envFile = null, Dictionary<string, string>? environment = null, params FlagSetting[] flags) =>
        ConfigurationLoader.Load(new()
        {
            File = file,
            EnvironmentFile = envFile,
            Environment = environment ?? new() { ["PARLEY_HOME"] = Path.Combine(folder.FullName, "empty") },
            CurrentFolder = file is null ? folder.FullName : "/",
            Flags = flags,
        });
}
