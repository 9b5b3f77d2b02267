using Parley.Audio;

namespace Parley.Engines.Tests.Native;

public sealed class SmartTurnDetectorTests : IAsyncLifetime
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;
    private readonly EngineRegistration registration = SmartTurnDetector.Register(StarterModels.Open(TestData.Starter("")));
    private ITurnDetector detector = null!;

    public async ValueTask InitializeAsync() => detector = (ITurnDetector)await registration.Open(Cancel);

    public ValueTask DisposeAsync()
    {
        detector.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(8.6, false)]
    [InlineData(10.9, true)]
    public async Task It_hears_whether_a_sentence_goes_on(double until, bool isOver)
    {
        TurnPrediction? prediction = await detector.PredictAsync(Jfk(until), Cancel);
        Assert.Equal(isOver, prediction!.Value.IsOver);
    }

    [Fact]
    public async Task It_needs_nothing_but_the_sound()
    {
        Assert.Equal(TurnEvidence.Sound, detector.Evidence);
        Assert.NotNull(await detector.PredictAsync(Jfk(3), Cancel));
    }

    [Fact]
    public async Task Many_callers_get_what_each_would_get_alone()
    {
        TurnSoFar[] turns = [.. Enumerable.Range(1, 12).Select(half => Jfk(half * 0.9))];
        List<TurnPrediction?> alone = [];
        foreach (TurnSoFar turn in turns)
            alone.Add(await detector.PredictAsync(turn, Cancel));
        TurnPrediction?[] together = await Task.WhenAll(turns.Select(turn => detector.PredictAsync(turn, Cancel).AsTask()));
        Assert.Equal(alone, together);
    }

    [Fact]
    public async Task A_caller_who_has_gone_is_not_served()
    {
        using CancellationTokenSource gone = new();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => detector.PredictAsync(Jfk(3), gone.Token).AsTask());
    }

    [Fact]
    public void The_catalogue_says_what_it_is() =>
        Assert.Equal(("smart-turn", EngineTask.TurnDetection, 23),
            (registration.Description.Name, registration.Description.Task, registration.Description.Languages.Count));

    private static TurnSoFar Jfk(double until)
    {
        AudioBuffer sound = WavReader.Read(TestData.Golden("audio/third-party/jfk.wav"));
        return new() { Sound = sound.Samples.AsMemory(0, (int)(until * sound.SampleRate)) };
    }
}
