using System.Text.Json;
using Parley.Audio;
using Parley.Graphs;
using Parley.Models.Parity;
using Parley.Models.SmartTurn;

namespace Parley.Models.Tests.SmartTurn;

public sealed class SmartTurnTests : IDisposable
{
    private readonly SmartTurnModel model = SmartTurnModel.Open(TestData.Starter("smart-turn/smart-turn-v3.2-cpu.onnx"));

    public void Dispose() => model.Dispose();

    [Fact]
    public void Every_stored_clip_is_judged_as_by_the_original()
    {
        string twoCities = TestData.SharedOrSkip("models/whisper/two_cities_16k.wav"), golden = TestData.Golden("smart-turn");
        List<ParityRow> rows =
        [
            .. SmartTurnParity.Compare(golden, clip => WavReader.Read(clip == "jfk.wav" ? TestData.Golden("audio/third-party/jfk.wav") : twoCities).Samples,
                TestContext.Current.CancellationToken),
        ];
        Assert.Equal(1 + 2 * 21, rows.Count);
        Assert.DoesNotContain(rows, row => !row.Passed);
    }

    [Fact]
    public void Every_decision_is_that_of_the_original()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(TestData.Golden("smart-turn/expected.json")));
        float[] jfk = Jfk();
        using SmartTurnJudge judge = model.CreateJudge();
        foreach (JsonElement entry in document.RootElement.GetProperty("cases").EnumerateArray().Where(entry => entry.GetProperty("clip").GetString() == "jfk.wav"))
        {
            float found = judge.Predict(jfk.AsSpan(0, (int)Math.Round(entry.GetProperty("end").GetDouble() * SmartTurnJudge.SampleRate)));
            Assert.Equal(entry.GetProperty("probability").GetDouble() > 0.5, found > 0.5);
        }
    }

    [Fact]
    public void Only_the_last_8_s_count()
    {
        float[] sound = Jfk()[..(int)(10.9 * SmartTurnJudge.SampleRate)];
        using SmartTurnJudge judge = model.CreateJudge();
        Assert.Equal(judge.Predict(sound.AsSpan(sound.Length - SmartTurnJudge.WindowSamples)), judge.Predict(sound));
    }

    [Fact]
    public void A_judgement_leaves_nothing_behind_for_the_next()
    {
        float[] sound = Jfk();
        using SmartTurnJudge judge = model.CreateJudge();
        float first = judge.Predict(sound.AsSpan(0, 36_160));
        judge.Predict(sound);
        Assert.Equal(first, judge.Predict(sound.AsSpan(0, 36_160)));
    }

    [Fact]
    public void A_judgement_allocates_nothing_managed()
    {
        float[] sound = Jfk();
        using SmartTurnJudge judge = model.CreateJudge();
        Assert.Equal(0, SteadyState.AllocatedBytes(() => judge.Predict(sound)));
    }

    [Theory]
    [InlineData("silero/silero_vad.onnx", "has no 'input_features'")]
    [InlineData("smart-turn/LICENSE", "cannot be opened as an ONNX model")]
    [InlineData("smart-turn/absent.onnx", "is missing")]
    public void Another_file_is_refused_by_name(string file, string problem)
    {
        string path = TestData.Starter(file);
        OnnxModelException fault = Assert.Throws<OnnxModelException>(() => SmartTurnModel.Open(path));
        Assert.StartsWith(path, fault.Message, StringComparison.Ordinal);
        Assert.Contains(problem, fault.Message, StringComparison.Ordinal);
    }

    private static float[] Jfk() => WavReader.Read(TestData.Golden("audio/third-party/jfk.wav")).Samples;
}
