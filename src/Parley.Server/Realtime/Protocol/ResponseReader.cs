using Parley.Agent;

namespace Parley.Server;

/// <summary>Reads what a client wants of one response.</summary>
internal static class ResponseReader
{
    private const int MaxItems = 1024, MaxInstructions = 64 * 1024, MaxMetadata = 16, MaxMetadataKey = 64, MaxMetadataValue = 512;

    /// <param name="response">As it was sent.</param>
    /// <param name="settings">The session's.</param>
    /// <param name="reader">Reads what has the same shape as in a session.</param>
    /// <exception cref="ApiException">400 with the path of the member at fault.</exception>
    public static ResponseOptions Read(JsonCursor response, SessionSettings settings, SessionReader reader)
    {
        SessionReader.RefusePrompt(response);
        return new()
        {
            IsInConversation = !Has(response, "conversation", out JsonCursor conversation) || conversation.Choice("auto", "none") == "auto",
            Input = Has(response, "input", out JsonCursor input) ? [.. input.List(MaxItems).Select(item => ItemReader.ReadInput(item, settings.Input.Format))] : null,
            Instructions = Has(response, "instructions", out JsonCursor instructions) ? instructions.Text(MaxInstructions) : null,
            Output = !Has(response, "output_modalities", out JsonCursor modalities) ? null : SessionReader.Speaks(modalities) ? OutputModality.Audio : OutputModality.Text,
            Voice = Voice(response, settings, reader),
            Tools = Has(response, "tools", out JsonCursor tools) ? [.. SessionReader.Tools(tools).Select(tool => tool.ToTool())] : null,
            ToolMode = Has(response, "tool_choice", out JsonCursor choice) ? SessionReader.ReadToolChoice(choice).Mode : null,
            AllowParallelToolCalls = Has(response, "parallel_tool_calls", out JsonCursor parallel) ? parallel.Flag() : null,
            MaxOutputTokens = Has(response, "max_output_tokens", out JsonCursor tokens) ? SessionReader.Tokens(tokens).Tokens : null,
            Reasoning = Has(response, "reasoning", out JsonCursor reasoning) ? reader.Reasoning(settings, reasoning)?.Effort : null,
            Metadata = Has(response, "metadata", out JsonCursor metadata) ? Metadata(metadata.Object()) : new Dictionary<string, string>(),
        };
    }

    private static string? Voice(JsonCursor response, SessionSettings settings, SessionReader reader)
    {
        if (!Has(response, "audio", out JsonCursor audio) || !Has(audio.Object(), "output", out JsonCursor output))
            return null;
        OutputSettings asked = reader.Apply(settings.Output, output.Object());
        if (asked.Format != settings.Output.Format && output.TryGet("format", out JsonCursor format))
            throw format.Refuse("differs from the session's; one session has one format of sound. Change it by session.update.", "capability_missing");
        return asked.Voice == settings.Output.Voice ? null : asked.Voice;
    }

    private static Dictionary<string, string> Metadata(JsonCursor metadata)
    {
        Dictionary<string, string> pairs = new(StringComparer.Ordinal);
        foreach (string name in metadata.Value.EnumerateObject().Select(member => member.Name))
        {
            if (pairs.Count == MaxMetadata || name.Length > MaxMetadataKey)
                throw metadata.Refuse($"may have {MaxMetadata} members, with names of at most {MaxMetadataKey} characters.");
            pairs[name] = metadata.Require(name).Text(MaxMetadataValue);
        }
        return pairs;
    }

    private static bool Has(JsonCursor owner, string name, out JsonCursor member) => owner.TryGet(name, out member) && !member.IsNull;
}
