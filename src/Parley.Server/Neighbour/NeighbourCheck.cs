using Parley.Trials.Plans;

namespace Parley.Server;

/// <summary>What must hold of the settings <c>neighbour.*</c> together, and what they ask for.</summary>
internal static class NeighbourCheck
{
    /// <returns>One line for each fault, beginning with the setting.</returns>
    public static IEnumerable<string> Faults(NeighbourOptions neighbour)
    {
        string[] ways = [.. new[] { neighbour.Chat is null ? null : "neighbour.chat", neighbour.Get is null ? null : "neighbour.get", neighbour.Command.Count == 0 ? null : "neighbour.command" }.OfType<string>()];
        if (ways.Length == 0)
            yield return "neighbour: nothing says how the neighbour is asked. Set one of neighbour.chat, neighbour.get and neighbour.command.";
        if (ways.Length > 1)
            yield return $"{string.Join(" and ", ways)}: the neighbour is asked in one way. Keep one.";
        if (neighbour.Chat is { } chat)
        {
            if (!IsHttp(chat.Url))
                yield return $"neighbour.chat.url: {Found(chat.Url)}; it takes an http or https address with the version, for instance http://127.0.0.1:8000/v1.";
            if (string.IsNullOrWhiteSpace(chat.Model))
                yield return "neighbour.chat.model is missing: the name of the model there.";
            if (string.IsNullOrWhiteSpace(chat.Prompt))
                yield return "neighbour.chat.prompt is empty: the neighbour must be asked something.";
        }
        if (neighbour.Get is not null && !IsHttp(neighbour.Get))
            yield return $"neighbour.get: {Found(neighbour.Get)}; it takes an http or https address.";
        if (neighbour.Command is ["", ..])
            yield return "neighbour.command: the program's name is empty.";
        if (neighbour.Recovery >= neighbour.Limit)
            yield return FormattableString.Invariant($"neighbour.recovery ({neighbour.Recovery}) must be less than neighbour.limit ({neighbour.Limit}).");
    }

    /// <summary>How to ask; the settings have no fault.</summary>
    public static NeighbourProbePlan Plan(NeighbourOptions neighbour) => neighbour switch
    {
        { Chat: { } chat } => new ChatProbePlan(chat.Url!, chat.Model!, chat.Prompt, chat.KeyVariable),
        { Get: { } address } => new GetProbePlan(address),
        _ => new CommandProbePlan(neighbour.Command),
    };

    private static bool IsHttp(Uri? address) => address is { IsAbsoluteUri: true, Scheme: "http" or "https" };

    private static string Found(Uri? address) => address is null ? "is missing" : $"found '{RequestField.Shorten(address.OriginalString)}'";
}
