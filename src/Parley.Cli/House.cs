using Microsoft.Extensions.Logging;
using Parley.Cli.Configuration;
using Parley.Engines;

namespace Parley.Cli;

/// <summary>The configuration in force and the engines that it names, as a command uses them.</summary>
/// <param name="configuration">The configuration.</param>
/// <param name="logs">Where engines tell what an operator should know; nowhere by default.</param>
internal sealed class House(ParleyConfiguration configuration, ILoggerFactory? logs = null)
{
    private readonly EngineNames names = new(
        configuration.Options.Engines, configuration.Options.Remotes, StarterModels.Locate(), ModelFolder(configuration.Options), configuration.Secret,
        configuration.Options.Brain, configuration.Options.Guard, logs, new CompileNotice(Console.Error, !Console.IsErrorRedirected), Library(configuration.Options));

    /// <summary>The voices that were brought here.</summary>
    public VoiceLibrary Voices { get; } = Library(configuration.Options);

    public ParleyOptions Options => configuration.Options;

    /// <summary>A secret by the name of its variable, from the env file or the environment.</summary>
    public string? Secret(string variable) => configuration.Secret(variable);

    public Task<EngineCatalogue> AssembleAsync(CancellationToken cancel) => names.AssembleAsync(cancel);

    /// <summary>A catalogue of the engines asked for alone.</summary>
    /// <param name="wanted">Names, or <see langword="null"/> for the default of the task.</param>
    /// <param name="cancel">Stops the reading of models.</param>
    /// <exception cref="CommandException">The task has no engine at all.</exception>
    public async Task<EngineCatalogue> AssembleAsync(IEnumerable<(EngineTask Task, string? Name)> wanted, CancellationToken cancel)
    {
        string[] all = [.. wanted.Select(engine => engine.Name ?? Default(engine.Task))];
        return await names.AssembleAsync(all, cancel);
    }

    private string Default(EngineTask task)
    {
        IReadOnlyList<string> engines = task switch
        {
            EngineTask.Speech => Options.Engines.Speech,
            EngineTask.Transcription => Options.Engines.Transcription,
            EngineTask.Chat => Options.Engines.Chat,
            EngineTask.TurnDetection => Options.Engines.TurnDetection,
            EngineTask.Guard => Options.Engines.Guard,
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        string key = $"engines.{SettingName.Of(task.ToString())}";
        return engines is [string first, ..] ? first : throw new CommandException(ExitCodes.Configuration, $"\"{key}\" is empty: no engine does that. Name one there, or with --engine.");
    }

    private static VoiceLibrary Library(ParleyOptions options) => new(Path.Combine(options.Server.DataFolder ?? ".", "voices"));

    private static string ModelFolder(ParleyOptions options) => options.Engines.ModelFolder ?? Path.Combine(options.Server.DataFolder ?? ".", "models");
}
