namespace Parley.Models.Parity;

/// <summary>The models of the clone, which some comparisons run.</summary>
internal static class StarterFolder
{
    /// <summary>A folder of models/starter, in the program's folder or in one above it.</summary>
    /// <exception cref="DirectoryNotFoundException">It is not there.</exception>
    public static string Find(string model)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, "models", "starter", model);
            if (Directory.Exists(candidate))
                return candidate;
        }
        throw new DirectoryNotFoundException($"There is no models/starter/{model} in {AppContext.BaseDirectory} or above it; the comparison needs it.");
    }
}
