using Microsoft.Extensions.AI;

namespace Parley.Engines.Tests.Native;

public class LiveKitTurnDetectorTests
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("de", 0.002f)]
    [InlineData("en-US", 0.0011f)]
    public async Task A_language_has_its_own_threshold(string language, float threshold)
    {
        using ITurnDetector detector = await OpenAsync(null);
        TurnPrediction? prediction = await detector.PredictAsync(Turn(language), Cancel);
        Assert.Equal(threshold, prediction!.Value.Threshold);
        Assert.True(detector.Judges(language));
    }

    [Theory]
    [InlineData("fr")]
    [InlineData(null)]
    public async Task Of_an_unknown_language_it_says_nothing_whatever_the_threshold(string? language)
    {
        using ITurnDetector detector = await OpenAsync(0.5f);
        Assert.Null(await detector.PredictAsync(Turn(language), Cancel));
        Assert.False(detector.Judges(language));
    }

    [Fact]
    public async Task A_threshold_of_ones_own_takes_the_place_of_the_models()
    {
        using ITurnDetector detector = await OpenAsync(0.5f);
        Assert.Equal(0.5f, (await detector.PredictAsync(Turn("de"), Cancel))!.Value.Threshold);
    }

    [Fact]
    public async Task It_reads_what_the_two_sides_said_and_not_the_instructions()
    {
        using ITurnDetector detector = await OpenAsync(null);
        TurnSoFar turn = Turn("de");
        TurnPrediction? bare = await detector.PredictAsync(turn, Cancel);
        TurnPrediction? instructed = await detector.PredictAsync(turn with { Messages = [new(ChatRole.System, "Be kind."), .. turn.Messages] }, Cancel);
        Assert.Equal(bare, instructed);
        Assert.Equal(TurnEvidence.Words, detector.Evidence);
    }

    private static TurnSoFar Turn(string? language) => new()
    {
        Messages = [new(ChatRole.Assistant, "Guten Morgen. Wie geht es Ihnen?"), new(ChatRole.User, "Mir geht es gut, und")],
        Language = language,
    };

    private static async Task<ITurnDetector> OpenAsync(float? threshold) =>
        (ITurnDetector)await LiveKitTurnDetector.Register(TestData.Golden("decoder/turn-detector"), threshold).Open(Cancel);
}
