namespace Parley.Models.Parity;

/// <summary>
/// One family of goldens (a first folder under the root): knows its kinds of cases by the files in them, its tolerances,
/// and how to run our code beside the stored results.
/// </summary>
public interface IParityFamily
{
    /// <summary>The folder name under the root: <c>voxtral</c>, <c>whisper</c>, <c>starter-voice</c> ...</summary>
    string Name { get; }

    /// <summary>True if the files in this folder make it a case of a kind that this family compares.</summary>
    bool Recognises(string folder);

    /// <summary>Runs one case, stage by stage. A stage that cannot run yields a failed row; it does not end the comparison.</summary>
    IEnumerable<ParityRow> Compare(string folder, CancellationToken cancel);
}
