using Microsoft.Extensions.AI;
using Parley.Models.LiveKitTurn;

namespace Parley.Engines;

/// <summary>LiveKit's text model behind <see cref="ITurnDetector"/>: judges by what was said.</summary>
public sealed class LiveKitTurnDetector : ITurnDetector
{
    /// <summary>The engine's name, and that of its folder among the models.</summary>
    public const string Name = "livekit-turn";

    private readonly LiveKitTurnModel model;
    private readonly float? threshold;
    private readonly SemaphoreSlim place = new(1); // one judgement keeps every core busy

    private LiveKitTurnDetector(LiveKitTurnModel model, float? threshold)
    {
        this.model = model;
        this.threshold = threshold;
    }

    public TurnEvidence Evidence => TurnEvidence.Words;

    /// <summary>The catalogue's line.</summary>
    /// <param name="folder">The published files; <see cref="LiveKitTurnModel.Open"/> says which.</param>
    /// <param name="threshold">Takes the place of the model's own thresholds, for the languages that it knows.</param>
    /// <exception cref="Parley.Models.ModelFileException">Files are missing, or the list of languages is damaged. The others are read when the engine is opened.</exception>
    public static EngineRegistration Register(string folder, float? threshold = null)
    {
        EngineDescription engine = new()
        {
            Name = Name,
            Task = EngineTask.TurnDetection,
            Description = "Reads in the words so far whether the speaker has finished or only paused.",
            Model = "livekit/turn-detector",
            Languages = [.. LiveKitTurnLanguages.Read(LiveKitTurnFolder.Find(folder).Languages).Codes],
        };
        return new(engine, cancel => Task.Run<IDisposable>(() => new LiveKitTurnDetector(LiveKitTurnModel.Open(folder), threshold), cancel));
    }

    public bool Judges(string? language) => language is not null && model.Languages.Threshold(language) is not null;

    public async ValueTask<TurnPrediction?> PredictAsync(TurnSoFar turn, CancellationToken cancel = default)
    {
        if (turn.Language is null || model.Languages.Threshold(turn.Language) is not { } tuned)
            return null;
        SpokenMessage[] messages =
        [
            .. turn.Messages.Where(message => message.Role == ChatRole.User || message.Role == ChatRole.Assistant)
                .Select(message => new SpokenMessage(message.Role == ChatRole.User ? Speaker.User : Speaker.Assistant, message.Text)),
        ];
        await place.WaitAsync(cancel).ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // the caller gets its thread back
        try
        {
            return model.Predict(messages, cancel) is { } probability ? new TurnPrediction(probability, threshold ?? tuned) : null;
        }
        finally
        {
            place.Release();
        }
    }

    public void Dispose()
    {
        model.Dispose();
        place.Dispose();
    }
}
