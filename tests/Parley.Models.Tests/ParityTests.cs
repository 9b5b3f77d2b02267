using Parley.Models.Parity;

namespace Parley.Models.Tests;

public class ParityTests
{
    public static TheoryData<string> Cases
    {
        get
        {
            TheoryData<string> cases = [];
            foreach ((string folder, _) in ParitySuite.FindCases(TestData.Goldens))
                cases.Add(Path.GetRelativePath(TestData.Goldens, folder));
            return cases;
        }
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Cases))]
    public void Every_stage_is_within_its_tolerance(string @case)
    {
        string folder = Path.Combine(TestData.Goldens, @case);
        (_, IParityFamily family) = ParitySuite.FindCases(folder).First(found => found.Folder == folder);
        List<ParityRow> rows = [.. family.Compare(folder, TestContext.Current.CancellationToken)];
        Assert.NotEmpty(rows);
        string[] failed = [.. rows.Where(row => !row.Passed).Select(row => $"{row.Stage}: error {row.Error:G4} above {row.Tolerance:G4}; {row.Detail}")];
        Assert.True(failed.Length == 0, string.Join(Environment.NewLine, failed));
    }
}
