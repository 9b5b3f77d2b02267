using Microsoft.Extensions.AI;
using Parley.Engines.Llama;
using Parley.Text.Jinja;

namespace Parley.Engines.Tests.Llama;

public class GgufTurnDetectorTests(TinyBrain tiny) : IClassFixture<TinyBrain>
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_probability_is_that_of_the_template_s_end_behind_the_words()
    {
        using ITurnDetector detector = await OpenAsync();
        TurnPrediction? prediction = await detector.PredictAsync(Turn("Good morning, and"), Cancel);
        MarkedText text = MarkedText.OfTemplate("<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\ngood morning and");
        double[] logits = await LogitsAsync(tiny.Model.Encode(text));
        int end = tiny.Model.SpecialTokens["<|eot_id|>"];
        double largest = logits.Max();
        Assert.Equal(Math.Exp(logits[end] - largest) / logits.Sum(logit => Math.Exp(logit - largest)), prediction!.Value.Probability, 1e-6);
        Assert.Equal(0.05f, prediction.Value.Threshold);
    }

    [Fact]
    public async Task A_conversation_that_grows_is_judged_as_one_that_is_read_anew()
    {
        using ITurnDetector kept = await OpenAsync(), fresh = await OpenAsync();
        await kept.PredictAsync(Turn("Good morning"), Cancel);
        Assert.Equal((await fresh.PredictAsync(Turn("Good morning, how are you"), Cancel))!.Value.Probability,
            (await kept.PredictAsync(Turn("Good morning, how are you"), Cancel))!.Value.Probability, 1e-6f);
    }

    [Theory]
    [InlineData("")]
    [InlineData("...")]
    public async Task No_words_give_no_prediction(string text)
    {
        using ITurnDetector detector = await OpenAsync();
        Assert.Null(await detector.PredictAsync(Turn(text), Cancel));
    }

    [Fact]
    public async Task Older_messages_give_way_and_a_speech_longer_than_the_context_is_left_to_silence()
    {
        using ITurnDetector detector = await OpenAsync();
        string speech = string.Concat(Enumerable.Repeat("the weather is fine and ", 200));
        Assert.NotNull(await detector.PredictAsync(new TurnSoFar { Messages = [new(ChatRole.User, speech), new(ChatRole.Assistant, speech), new(ChatRole.User, "and so")] }, Cancel));
        Assert.Null(await detector.PredictAsync(Turn(speech), Cancel));
    }

    [Fact]
    public void Without_a_threshold_it_says_what_to_do() =>
        Assert.Contains("Set engines.turn_threshold", Assert.Throws<UnsupportedOptionException>(() => GgufTurnDetector.Register(TinyBrain.FilePath, null)).Message, StringComparison.Ordinal);

    private static TurnSoFar Turn(string text) => new() { Messages = [new(ChatRole.System, "never read"), new(ChatRole.User, text)] };

    private static async Task<ITurnDetector> OpenAsync() =>
        (ITurnDetector)await GgufTurnDetector.Register(TinyBrain.FilePath, 0.05f, new BrainOptions { Cache = CacheType.F32, Threads = 1 }).Open(Cancel);

    private async Task<double[]> LogitsAsync(List<int> prompt)
    {
        using LlamaScheduler scheduler = tiny.Schedule();
        LogitsJob job = new(prompt);
        scheduler.Submit(job);
        return await job.Logits.WaitAsync(Cancel);
    }

    private sealed class LogitsJob(IReadOnlyList<int> prompt) : LlamaJob(prompt)
    {
        private readonly TaskCompletionSource<double[]> logits = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<double[]> Logits => logits.Task;

        public override int? Continue(ReadOnlySpan<float> logits, SamplerBuffers buffers)
        {
            this.logits.TrySetResult([.. logits.ToArray().Select(logit => (double)logit)]);
            return null;
        }

        public override void End(Exception? fault)
        {
        }
    }
}
