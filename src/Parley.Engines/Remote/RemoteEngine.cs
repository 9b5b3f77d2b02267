namespace Parley.Engines;

/// <summary>The catalogue lines of engines that run elsewhere.</summary>
public static class RemoteEngine
{
    public const string Prefix = "openai:";

    /// <param name="name">The remote's name in the configuration.</param>
    /// <param name="options">Its settings; task and base URL are set.</param>
    /// <param name="secret">Reads a secret by the name of its variable, when the engine is opened.</param>
    /// <param name="time">Clock of the time limits; the system's by default.</param>
    public static EngineRegistration Register(string name, RemoteOptions options, Func<string, string?> secret, TimeProvider? time = null)
    {
        EngineTask task = options.Task ?? throw new ArgumentException($"The remote '{name}' has no task.", nameof(options));
        string language = options.Languages is [string first, ..] ? first : "und";
        EngineDescription description = new()
        {
            Name = Prefix + name,
            Task = task,
            Description = $"{options.Model ?? name} on the server at {options.BaseUrl}.",
            Model = options.Model ?? name,
            Languages = options.Languages,
            CanStream = task != EngineTask.Transcription,
            Reference = task == EngineTask.Speech && options.Dialect == RemoteDialect.VllmOmni ? new ReferenceNeed(NeedsTranscript: options.ReferenceNeedsText) : null,
            WhyNoCloning = task == EngineTask.Speech ? "OpenAI's fields have no place for one; a vllm-omni server has, with \"dialect\": \"vllm_omni\"" : "",
            HasWordTimes = task == EngineTask.Transcription && options.HasSegments,
            SampleRate = task == EngineTask.Speech ? options.SampleRate : 0,
            IsRemote = true,
            Honours = task switch
            {
                EngineTask.Speech => options.Dialect == RemoteDialect.VllmOmni ? ["Instructions", "Seed"] : ["Instructions"],
                EngineTask.Transcription => ["Prompt", "Temperature"],
                _ => ["Seed", "Temperature", "TopP", "TopK", "MinP", "FrequencyPenalty", "PresencePenalty", "RepetitionPenalty", "LogitBias", "LogProbabilities", "Tools", "ResponseFormat", "Reasoning"],
            },
            Voices = task == EngineTask.Speech ? [.. options.Voices.Select(voice => new Voice(voice, voice, language))] : [],
        };
        return new EngineRegistration(description, _ => Task.FromResult<IDisposable>(Open(description, options, secret, time ?? TimeProvider.System)));
    }

    private static IDisposable Open(EngineDescription description, RemoteOptions options, Func<string, string?> secret, TimeProvider time)
    {
        string? key = null;
        if (options.KeyVariable is { } variable)
            key = secret(variable) ?? throw new RemoteServerException(description.Name, $"needs a key: {variable} is not set, neither in the environment nor in the env file.");
        RemoteServer server = new(description.Name, options, key, time);
        return description.Task switch
        {
            EngineTask.Speech => new RemoteTextToSpeechClient(server, options, description),
            EngineTask.Transcription => new RemoteSpeechToTextClient(server, options, description),
            _ => new RemoteChatClient(server, description),
        };
    }
}
