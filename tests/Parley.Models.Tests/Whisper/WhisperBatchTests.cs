using Parley.Models.Whisper;

namespace Parley.Models.Tests.Whisper;

/// <summary>Several windows in one batch, on a small model of random weights.</summary>
public sealed class WhisperBatchTests : IDisposable
{
    private readonly WhisperModel model = WhisperModel.Open(WhisperCheckpoint.Open(TestData.Golden("whisper/tiny-random/v3-layout")), WhisperPrecision.F32);

    public void Dispose() => model.Dispose();

    [Theory]
    [InlineData("f32")]
    [InlineData("q8")]
    public void Windows_of_several_callers_say_together_what_each_says_alone(string precision)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using WhisperModel kept = Open(precision);
        using WhisperBatch batch = kept.CreateBatch(slots: 3);
        WhisperSound[] sounds = [.. Enumerable.Range(0, 5).Select(i => batch.Encode(Mel(i), cancel))];
        WhisperDecodingOptions[] wishes =
        [
            .. Enumerable.Range(0, 5).Select(i => new WhisperDecodingOptions { Language = "de", SampleLength = 6 + 5 * i, BeamSize = i == 3 ? 4 : null, Seed = i, Temperature = i == 4 ? 0.8f : 0, BestOf = i == 4 ? 2 : 1 }),
        ];
        WhisperDecodingResult[] alone = [.. sounds.Zip(wishes, (sound, wish) => batch.Decode(sound, wish, cancel))];

        List<WhisperDecoding> together = [];
        for (int i = 0; i < sounds.Length; i++)
        {
            while (!batch.HasRoom(wishes[i]))
                batch.Step(cancel);
            together.Add(batch.Start(sounds[i], wishes[i], cancel));
            batch.Step(cancel); // the next one joins while this one is under way
        }
        while (batch.Active > 0)
            batch.Step(cancel);
        for (int i = 0; i < sounds.Length; i++)
        {
            Assert.Equal(alone[i].Tokens, together[i].Result.Tokens);
            Assert.Equal(alone[i].AverageLogProbability, together[i].Result.AverageLogProbability, 1e-4);
        }
    }

    [Theory]
    [InlineData("f32")]
    [InlineData("q8")]
    public void Windows_encoded_together_say_what_each_says_alone(string precision)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using WhisperModel kept = Open(precision);
        using WhisperBatch batch = kept.CreateBatch(slots: 4);
        Assert.Equal(4, batch.EncodedTogether);
        WhisperDecodingOptions options = new() { Language = "de", SampleLength = 30 };
        foreach (int count in (int[])[4, 2, 3]) // the memory of the largest serves all
        {
            float[][] mels = [.. Enumerable.Range(0, count).Select(i => Mel(10 * count + i))];
            WhisperSound[] together = batch.Encode(mels, cancel);
            for (int i = 0; i < count; i++)
            {
                using WhisperSound alone = batch.Encode(mels[i], cancel);
                WhisperDecodingResult expected = batch.Decode(alone, options, cancel), result = batch.Decode(together[i], options, cancel);
                Assert.Equal(expected.Tokens, result.Tokens);
                Assert.Equal(expected.AverageLogProbability, result.AverageLogProbability, 1e-5);
                together[i].Dispose();
            }
        }
    }

    [Fact]
    public void Eight_bit_keeps_nearly_the_same_probabilities()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using WhisperModel coarse = Open("q8");
        using WhisperBatch fineBatch = model.CreateBatch(slots: 1), coarseBatch = coarse.CreateBatch(slots: 1);
        using WhisperSound fine = fineBatch.Encode(Mel(0), cancel), rough = coarseBatch.Encode(Mel(0), cancel);
        double worst = fineBatch.DetectLanguage(fine, cancel).Zip(coarseBatch.DetectLanguage(rough, cancel), (a, b) => Math.Abs(Math.Log(a) - Math.Log(b))).Max();
        Assert.InRange(worst, 1e-6, 0.2); // weights of chance; what words become on trained ones is measured: bench whisper --words
    }

    [Fact]
    public void The_encoder_takes_no_more_windows_than_the_batch_has_places()
    {
        using WhisperBatch single = model.CreateBatch(slots: 1);
        Assert.Equal(1, single.EncodedTogether);
        Assert.Throws<ArgumentOutOfRangeException>(() => single.Encode([Mel(0), Mel(1)], CancellationToken.None));
    }

    [Theory]
    [InlineData("f32")]
    [InlineData("q8")]
    public void A_window_that_is_cancelled_leaves_the_others_alone(string precision)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using WhisperModel kept = Open(precision);
        using WhisperBatch batch = kept.CreateBatch(slots: 3);
        WhisperDecodingOptions options = new() { Language = "de", SampleLength = 20 };
        WhisperSound[] sounds = [.. Enumerable.Range(0, 3).Select(i => batch.Encode(Mel(i), cancel))];
        WhisperDecodingResult[] alone = [.. sounds.Select(sound => batch.Decode(sound, options, cancel))];
        WhisperDecoding[] together = [.. sounds.Select(sound => batch.Start(sound, options, cancel))];
        batch.Step(cancel);
        batch.Cancel(together[0]);
        while (batch.Active > 0)
            batch.Step(cancel);
        Assert.False(together[0].IsDone);
        Assert.Equal(alone[1].Tokens, together[1].Result.Tokens);
        Assert.Equal(alone[2].Tokens, together[2].Result.Tokens);
    }

    [Theory]
    [InlineData("f32")]
    [InlineData("q8")]
    public void A_greedy_step_allocates_nothing(string precision)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using WhisperModel kept = Open(precision);
        using WhisperBatch batch = kept.CreateBatch(slots: 2);
        WhisperDecodingOptions options = new() { Language = "de", Suppressed = [model.Vocabulary.EndOfText], WithoutTimestamps = true };
        foreach (int i in (int[])[0, 1])
            batch.Start(batch.Encode(Mel(i), cancel), options, cancel);
        Assert.Equal(0, SteadyState.AllocatedBytes(() => batch.Step(CancellationToken.None)));
    }

    [Fact]
    public void A_hypothesis_without_end_says_so()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using WhisperBatch batch = model.CreateBatch(slots: 1);
        using WhisperSound sound = batch.Encode(Mel(0), cancel);
        WhisperDecodingResult result = batch.Decode(sound, new() { Language = "de", SampleLength = 5, Suppressed = [model.Vocabulary.EndOfText] }, cancel);
        Assert.False(result.Ended);
        Assert.Equal((5, 5), (result.Tokens.Count, result.LogProbabilities.Count));
    }

    [Fact]
    public void An_unknown_language_is_refused_before_anything_runs()
    {
        using WhisperBatch batch = model.CreateBatch(slots: 1);
        using WhisperSound sound = batch.Encode(Mel(0), TestContext.Current.CancellationToken);
        Assert.Contains("'xx'", Assert.Throws<ArgumentException>(() => batch.Start(sound, new() { Language = "xx" }, CancellationToken.None)).Message, StringComparison.Ordinal);
        Assert.Equal(0, batch.Active);
    }

    private static WhisperModel Open(string precision)
    {
        WhisperCheckpoint checkpoint = WhisperCheckpoint.Open(TestData.Golden("whisper/tiny-random/v3-layout"));
        return WhisperModel.Open(checkpoint, WhisperPrecision.Of(Graphs.Precision.Parse(precision), checkpoint.Config));
    }

    private float[] Mel(int seed)
    {
        Random random = new(seed);
        float[] mel = new float[model.Config.Mels * model.Config.MelFrames];
        for (int i = 0; i < mel.Length; i++)
            mel[i] = (float)(random.NextDouble() * 2 - 0.5);
        return mel;
    }
}
