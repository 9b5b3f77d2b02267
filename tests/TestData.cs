using Xunit;

namespace Parley.Tests;

/// <summary>Where tests find their files.</summary>
internal static class TestData
{
    /// <summary>The root of the checkout: the nearest folder above the test program that holds Parley.slnx.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The root of the goldens: <c>PARLEY_GOLDENS</c>, or the project's own copy.</summary>
    public static string Goldens { get; } = Environment.GetEnvironmentVariable("PARLEY_GOLDENS") is { Length: > 0 } given
        ? Path.GetFullPath(given) : Path.Combine(Root, "tests", "goldens");

    /// <summary>A file or folder of the project's own copy of the goldens, whatever <c>PARLEY_GOLDENS</c> says.</summary>
    public static string Golden(string path) => Path.Combine(Root, "tests", "goldens", path);

    /// <summary>A file of models/starter.</summary>
    public static string Starter(string path) => Path.Combine(Root, "models", "starter", path);

    /// <summary>Where the tests compile graphs of models that lie elsewhere than in the checkout; kept from run to run.</summary>
    public static string Compiled { get; } = Path.Combine(Path.GetTempPath(), "parley-compiled");

    /// <summary>
    /// A file or folder of the wider test data (<c>PARLEY_TEST_DATA</c>, or <c>../shared</c> beside the checkout);
    /// the test is skipped with a message where it is absent.
    /// </summary>
    public static string SharedOrSkip(string path)
    {
        string? full = FindShared(path);
        Assert.SkipWhen(full is null, $"Needs {path} from the wider test data: set PARLEY_TEST_DATA to a folder that has it.");
        return full;
    }

    /// <returns>The same, or <see langword="null"/> where it is absent.</returns>
    public static string? FindShared(string path)
    {
        string folder = Environment.GetEnvironmentVariable("PARLEY_TEST_DATA") is { Length: > 0 } given ? given : Path.Combine(Root, "..", "shared");
        string full = Path.GetFullPath(Path.Combine(folder, path));
        return Path.Exists(full) ? full : null;
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Parley.slnx")))
                return folder.FullName;
        }
        throw new DirectoryNotFoundException("The tests must run inside the checkout: no Parley.slnx above " + AppContext.BaseDirectory);
    }
}
