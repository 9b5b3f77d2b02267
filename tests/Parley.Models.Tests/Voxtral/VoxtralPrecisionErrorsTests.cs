using Parley.Graphs;
using Parley.Models.Voxtral;

namespace Parley.Models.Tests;

public sealed class VoxtralPrecisionErrorsTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("parley-errors-");

    public void Dispose() => folder.Delete(recursive: true);

    private Dictionary<string, VoxtralStageError[]> OfRandom(params Precision[] precisions) => VoxtralPrecisionErrors.OfRandom(
        VoxtralConfig.Read(TestData.Golden("voxtral/tiny/params.json")), precisions, folder.FullName, cancel: TestContext.Current.CancellationToken)
        .ToDictionary(error => error.Precision.Name, error => error.Stages.ToArray());

    [Fact]
    public void F32_adds_nothing_to_itself()
    {
        VoxtralStageError[] stages = OfRandom(Precision.F32)["f32"];
        Assert.Equal(6, stages.Length);
        Assert.All(stages, stage => Assert.All([stage.RootMeanSquare, stage.Largest, stage.CodesChanged], share => Assert.True(share is null or 0, $"{stage}")));
    }

    /// <summary>The semantic head is 8 bit in both, so that it is equal there.</summary>
    [Fact]
    public void The_coarser_precision_adds_more_to_every_stage_whose_weights_it_keeps()
    {
        Dictionary<string, VoxtralStageError[]> errors = OfRandom(Precision.Q8, Precision.Q4);
        foreach ((VoxtralStageError fine, VoxtralStageError coarse) in errors["q8"].Zip(errors["q4"]))
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"q8 {fine}{Environment.NewLine}q4 {coarse}");
            if (fine.Stage == "semantic head")
                Assert.Equal(fine, coarse);
            else
                Assert.True((fine.RootMeanSquare ?? fine.CodesChanged) * 2 < (coarse.RootMeanSquare ?? coarse.CodesChanged), $"{fine} {coarse}");
        }
    }

    /// <summary>Eight bits of a random weight are off by half a per cent, and a few such products are behind every value.</summary>
    [Fact]
    public void The_error_of_8_bit_is_that_of_a_few_roundings()
    {
        foreach (VoxtralStageError stage in OfRandom(Precision.Q8)["q8"].Where(stage => stage.RootMeanSquare is not null))
            Assert.InRange(stage.RootMeanSquare!.Value, 0.002, 0.06);
    }
}
