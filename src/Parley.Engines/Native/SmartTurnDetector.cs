using System.Collections.Concurrent;
using Parley.Models.SmartTurn;

namespace Parley.Engines;

/// <summary>Smart Turn behind <see cref="ITurnDetector"/>: judges by how something was said.</summary>
public sealed class SmartTurnDetector : ITurnDetector
{
    /// <summary>The engine's name.</summary>
    public const string Name = "smart-turn";

    private const string File = "smart-turn/smart-turn-v3.2-cpu.onnx";
    private const float PublishedThreshold = 0.5f;

    private readonly SmartTurnModel model;
    private readonly float threshold;
    private readonly SemaphoreSlim places = new(Environment.ProcessorCount);
    private readonly ConcurrentBag<SmartTurnJudge> idle = [];

    private SmartTurnDetector(SmartTurnModel model, float threshold)
    {
        this.model = model;
        this.threshold = threshold;
    }

    public TurnEvidence Evidence => TurnEvidence.Sound;

    /// <summary>The catalogue's line.</summary>
    /// <param name="starter">The starter models, which hold the network.</param>
    /// <param name="threshold">From which probability on a turn is over; by default the published 0.5.</param>
    public static EngineRegistration Register(StarterModels starter, float? threshold = null)
    {
        EngineDescription engine = new()
        {
            Name = Name,
            Task = EngineTask.TurnDetection,
            Description = "Hears from the last 8 s of sound whether the speaker has finished or only paused.",
            Model = "smart-turn v3.2 int8",
            Languages =
            [
                "ar", "bn", "da", "de", "en", "es", "fi", "fr", "hi", "id", "it", "ja", "ko", "mr", "nl", "no", "pl", "pt", "ru", "tr", "uk", "vi", "zh",
            ],
            SampleRate = SmartTurnJudge.SampleRate,
        };
        return new(engine, cancel => Task.Run<IDisposable>(() => Open(starter.Verified(File), threshold), cancel));
    }

    /// <exception cref="Parley.Graphs.OnnxModelException">The file is missing, damaged or another model.</exception>
    public static SmartTurnDetector Open(string path, float? threshold = null)
    {
        SmartTurnDetector detector = new(SmartTurnModel.Open(path), threshold ?? PublishedThreshold);
        try
        {
            SmartTurnJudge judge = detector.model.CreateJudge();
            detector.idle.Add(judge);
            judge.Predict([]); // what the first caller would wait for
            return detector;
        }
        catch
        {
            detector.Dispose();
            throw;
        }
    }

    public bool Judges(string? language) => true; // it hears how something is said, in any language

    public async ValueTask<TurnPrediction?> PredictAsync(TurnSoFar turn, CancellationToken cancel = default)
    {
        await places.WaitAsync(cancel).ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // the caller gets its thread back
        try
        {
            if (!idle.TryTake(out SmartTurnJudge? judge))
                judge = model.CreateJudge();
            try
            {
                return new TurnPrediction(judge.Predict(turn.Sound.Span), threshold);
            }
            finally
            {
                idle.Add(judge);
            }
        }
        finally
        {
            places.Release();
        }
    }

    public void Dispose()
    {
        foreach (SmartTurnJudge judge in idle)
            judge.Dispose();
        model.Dispose();
        places.Dispose();
    }
}
