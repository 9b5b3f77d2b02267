using Parley.Agent;

namespace Parley.Server;

/// <summary>Who hears, thinks and speaks in one session, and what a session's settings mean to a conversation.</summary>
/// <param name="options">How conversations take turns.</param>
/// <param name="engines">Those of this one; its voice activity detector is disposed with this.</param>
/// <param name="ear">The recogniser among them.</param>
internal sealed class SessionEngines(ConversationOptions options, ConversationEngines engines, SessionEar ear) : IDisposable
{
    public ConversationOptions Options => options;

    public SessionEar Ear => ear;

    public ConversationEngines Conversation => engines;

    public ConversationSettings Map(SessionSettings settings) => new()
    {
        Instructions = settings.Instructions,
        Answers = settings.Kind == SessionKind.Realtime,
        Output = settings.Speaks ? OutputModality.Audio : OutputModality.Text,
        Voice = settings.Output.Voice,
        Speed = settings.Output.Speed == 1 ? null : settings.Output.Speed,
        Language = settings.Input.Transcription?.Language ?? options.Language,
        TranscriptionPrompt = settings.Input.Transcription?.Prompt,
        // Where nobody reads the words as they come, they are recognised only if they decide about interruptions.
        PartialTranscripts = options.PartialTranscripts && (settings.Input.Transcription is not null || options.MinInterruptionWords > 0),
        TurnDetection = settings.Input.TurnDetection is { } turns ? Map(turns) : null,
        Playback = settings.ReportsPlayback ? PlaybackKind.Reported : PlaybackKind.Buffered,
        Tools = [.. settings.Tools.Select(tool => tool.ToTool())],
        ToolMode = settings.Tools.Count == 0 ? null : settings.ToolChoice.Mode,
        AllowParallelToolCalls = settings.Tools.Count == 0 ? null : settings.ParallelToolCalls,
        MaxOutputTokens = settings.MaxOutputTokens.Tokens,
        Reasoning = settings.Reasoning?.Effort,
        Truncation = settings.Truncation.How,
    };

    /// <summary>OpenAI's eagerness is the longest silence: 8, 4 and 2 s. The conversation's own longest is never exceeded.</summary>
    private TurnDetection Map(TurnDetectionSettings turns)
    {
        TurnDetection common = TurnDetection.From(options) with { CreateResponse = turns.CreateResponse, InterruptResponse = turns.InterruptResponse };
        if (!turns.IsSemantic)
        {
            return common with
            {
                Ending = TurnEnding.Silence,
                Threshold = (float)turns.Threshold,
                PrefixPadding = TimeSpan.FromMilliseconds(turns.PrefixPaddingMs),
                SilenceDelay = TimeSpan.FromMilliseconds(turns.SilenceDurationMs),
                IdleTimeout = turns.IdleTimeoutMs is { } idle ? TimeSpan.FromMilliseconds(idle) : null,
            };
        }
        (double least, double most) = turns.Eagerness switch
        {
            "low" => (0.8, 8.0),
            "high" => (0.3, 2.0),
            _ => (0.5, 4.0),
        };
        return common with
        {
            Ending = TurnEnding.Detector,
            MinDelay = TimeSpan.FromSeconds(least),
            MaxDelay = TimeSpan.FromSeconds(Math.Max(least, Math.Min(most, options.MaxEndpointingDelay.TotalSeconds))),
        };
    }

    public void Dispose() => engines.Detector.Dispose();
}
