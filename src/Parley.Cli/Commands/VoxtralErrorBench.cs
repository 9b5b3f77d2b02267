using System.Globalization;
using Parley.Graphs;
using Parley.Models.Voxtral;

namespace Parley.Cli.Commands;

/// <summary><c>bench voxtral --errors</c>: what each precision adds to every stage.</summary>
internal static class VoxtralErrorBench
{
    /// <param name="model">A published folder; null for random weights of the published size.</param>
    /// <param name="precisions">What to compare with f32.</param>
    /// <param name="folder">Where compiled graphs are kept.</param>
    /// <param name="progress">Of the compilations.</param>
    /// <param name="cancel">Ends it.</param>
    public static BenchErrorReport Run(string? model, Precision[] precisions, string folder, CompileNotice progress, CancellationToken cancel)
    {
        IReadOnlyList<VoxtralPrecisionError> errors = model is null
            ? VoxtralPrecisionErrors.OfRandom(VoxtralConfig.Published, precisions, folder, progress, cancel)
            : VoxtralPrecisionErrors.OfModel(new(model), precisions, Path.Combine(folder, Path.GetFileName(Path.GetFullPath(model).TrimEnd(Path.DirectorySeparatorChar))), progress, cancel);
        return new(
            model ?? "random",
            [.. errors.SelectMany(error => error.Stages.Select(stage => new BenchErrorRow(error.Precision.Name, stage.Stage, stage.RootMeanSquare, stage.Largest, stage.CodesChanged)))]);
    }

    public static void WriteTable(Terminal terminal, BenchErrorReport report)
    {
        DataTable table = new("precision", "stage", "root mean square", "largest", "codes changed");
        foreach (BenchErrorRow row in report.Errors)
            table.Add(row.Precision, row.Stage, Share(row.RootMeanSquare), Share(row.Largest), Share(row.CodesChanged));
        table.Write(terminal);
        terminal.Out.WriteLine("Beside f32 on the same weights, as shares: of the values' root mean square, of the largest value, of all codes. Every stage is fed what f32 made of the one before, but for the frames.");
    }

    private static string Share(double? value) => value?.ToString("P2", CultureInfo.InvariantCulture) ?? "";
}
