using System.Net;
using Parley.Agent;
using Parley.Engines;
using Parley.Server;

namespace Parley.Cli.Configuration;

/// <summary>Everything that a <c>parley.json</c> can say. The options types of the rooms below are the schema: names, types, ranges, defaults.</summary>
internal sealed class ParleyOptions
{
    /// <summary>The server's sections stand at the top level.</summary>
    [InlineSection]
    public ServerOptions Server { get; set; } = new();

    /// <summary>Which engines there are.</summary>
    public EngineOptions Engines { get; set; } = new();

    /// <summary>Engines on other servers, by a name of your choice.</summary>
    public IReadOnlyDictionary<string, RemoteOptions> Remotes { get; set; } = new Dictionary<string, RemoteOptions>();

    /// <summary>How language models run on this machine.</summary>
    public BrainOptions Brain { get; set; } = new();

    /// <summary>The guard over the brains.</summary>
    public GuardOptions Guard { get; set; } = new();

    /// <summary>How a conversation takes turns.</summary>
    public ConversationOptions Conversation { get; set; } = new();

    /// <summary>What is well-formed and yet cannot be meant.</summary>
    /// <param name="originOf">Where a key was written.</param>
    public IEnumerable<Problem> Contradictions(Func<string, Origin> originOf)
    {
        if (!IPAddress.IsLoopback(Server.Http.Listen) && Server.Auth.KeysFile is null && !Server.Auth.Open)
        {
            yield return new(originOf("http.listen"), $"\"http.listen\" {Server.Http.Listen} can be reached from other machines, and no key is asked for. "
                + "Set \"auth.keys_file\", or open it to everyone with \"auth.open\": true (--no-auth).");
        }
        if (Server.Auth is { KeysFile: not null, Open: true })
            yield return new(originOf("auth.open"), "\"auth.open\" lets everyone in, and \"auth.keys_file\" asks for keys. Keep one.");
        if (Server.Queue.MaxWait >= Server.Limits.Total)
        {
            yield return new(originOf("queue.max_wait"), $"\"queue.max_wait\" ({ValueReaders.ShowDuration(Server.Queue.MaxWait)}) must be less than "
                + $"\"limits.total\" ({ValueReaders.ShowDuration(Server.Limits.Total)}): a request would time out while it waits.");
        }
        foreach ((string name, RemoteOptions remote) in Remotes)
        {
            if (remote.Task is null)
                yield return new(originOf($"remotes.{name}"), $"\"remotes.{name}\" lacks its \"task\": speech, transcription or chat.");
            if (remote.BaseUrl is null)
                yield return new(originOf($"remotes.{name}"), $"\"remotes.{name}\" lacks its \"base_url\", for instance \"http://127.0.0.1:8091/v1\".");
        }
        foreach (Problem problem in UnknownRemotes("speech", Engines.Speech, originOf).Concat(UnknownRemotes("transcription", Engines.Transcription, originOf)).Concat(UnknownRemotes("chat", Engines.Chat, originOf)).Concat(UnknownRemotes("turn_detection", Engines.TurnDetection, originOf)))
            yield return problem;
    }

    private IEnumerable<Problem> UnknownRemotes(string task, IReadOnlyList<string> engines, Func<string, Origin> originOf)
    {
        foreach (string engine in engines)
        {
            if (!engine.StartsWith(RemoteEngine.Prefix, StringComparison.Ordinal))
                continue;
            string name = engine[RemoteEngine.Prefix.Length..];
            if (!Remotes.TryGetValue(name, out RemoteOptions? remote))
            {
                string hint = Nearest.Of(name, Remotes.Keys) is { } near ? $" Did you mean \"{RemoteEngine.Prefix}{near}\"?" : $" Describe it under \"remotes.{name}\".";
                yield return new(originOf($"engines.{task}"), $"\"engines.{task}\" names \"{engine}\", and there is no remote \"{name}\".{hint}");
            }
            else if (remote.Task is { } other && SettingName.Of(other.ToString()) != task)
                yield return new(originOf($"engines.{task}"), $"\"engines.{task}\" names \"{engine}\", whose task is {SettingName.Of(other.ToString())}.");
        }
    }
}
