using Parley.Audio;
using Parley.Cli.Configuration;
using Parley.Engines;
using Parley.Graphs;
using Parley.Models;
using Parley.Server;
using Parley.Text;
using Parley.Text.Tokenizers;
using Parley.Trials;
using Parley.Trials.Plans;
using Parley.Trials.Rules;

namespace Parley.Cli;

/// <summary>A command cannot do what it was asked; the message is for the person who asked.</summary>
internal sealed class CommandException(int code, string message) : Exception(message)
{
    public int Code { get; } = code;
}

/// <summary>What the world's faults mean at the command line: one clear line each, and an exit code. Anything else is a fault of ours and shows its trace.</summary>
internal static class Failures
{
    /// <returns>The exit code and the lines to print; <see langword="null"/> for what nobody foresaw.</returns>
    public static (int Code, string Message)? Explain(Exception fault) => fault switch
    {
        CommandException command => (command.Code, command.Message),
        ConfigurationException configuration => (configuration.Problems.Max(problem => problem.Code), configuration.Message),
        ServerStartException start => (start.ExitCode, start.Message),
        ApiKeyFileException keys => (Path.Exists(keys.Path) ? ExitCodes.Permission : ExitCodes.NoInput, keys.Message),
        ModelFileException model => (Path.Exists(model.Path) ? ExitCodes.Data : ExitCodes.NoInput, model.Message),
        CheckpointException checkpoint => (Path.Exists(checkpoint.Path) ? ExitCodes.Data : ExitCodes.NoInput, checkpoint.Message),
        TokenizerException or OnnxModelException or ContextOverflowException or ChatTemplateException => (ExitCodes.Data, fault.Message),
        UnknownEngineException or UnknownVoiceException or UnsupportedLanguageException or UnsupportedOptionException => (ExitCodes.Usage, fault.Message),
        PlanException or RuleException or SubtitleException => (ExitCodes.Data, fault.Message),
        TrialException => (ExitCodes.Failure, fault.Message),
        ArgumentException argument => (ExitCodes.Usage, Plain(argument)),
        AudioFormatException or FfmpegException => (ExitCodes.Data, fault.Message),
        FfmpegMissingException or MissingProgramException or RemoteServerException or EngineProcessException or EngineFailedException => (ExitCodes.Unavailable, fault.Message),
        ReferenceException => (ExitCodes.Data, fault.Message),
        VoiceExistsException => (ExitCodes.CannotCreate, fault.Message),
        VoiceLibraryException => (ExitCodes.Temporary, fault.Message),
        QueueFullException => (ExitCodes.Temporary, fault.Message),
        FileNotFoundException or DirectoryNotFoundException => (ExitCodes.NoInput, fault.Message),
        UnauthorizedAccessException => (ExitCodes.Permission, fault.Message),
        IOException => (ExitCodes.CannotCreate, fault.Message),
        _ => null,
    };

    /// <summary>The message without what .NET adds for programmers.</summary>
    public static string Plain(ArgumentException fault)
    {
        string said = fault.Message.ReplaceLineEndings("\n").Split('\n')[0];
        said = fault.ParamName is null ? said : said.Replace($" (Parameter '{fault.ParamName}')", "", StringComparison.Ordinal);
        return fault is ArgumentOutOfRangeException { ActualValue: { } found } ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{said} Found {found}.") : said;
    }
}
