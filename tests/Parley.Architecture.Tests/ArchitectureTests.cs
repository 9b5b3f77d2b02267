using System.Reflection;
using System.Xml.Linq;

namespace Parley.Architecture.Tests;

/// <summary>The plan of the house (docs/architecture.md): imports only go down, and each room keeps to its trade.</summary>
public class ArchitectureTests
{
    // A project may use those of lower rows only; those of one row do not know each other.
    private static readonly Dictionary<string, int> Rows = new(StringComparer.Ordinal)
    {
        ["Parley.Audio"] = 0,
        ["Parley.Text"] = 0,
        ["Parley.Graphs"] = 0,
        ["Parley.Models"] = 1,
        ["Parley.Engines"] = 2,
        ["Parley.Agent"] = 3,
        ["Parley.Trials"] = 3,
        ["Parley.Rtc"] = 3,
        ["Parley.Server"] = 4,
        ["Parley.Cli"] = 5,
    };

    // What the rooms below must never touch: sockets, hosts and settings belong above.
    private static readonly Dictionary<string, string[]> Foreign = new(StringComparer.Ordinal)
    {
        ["Parley.Audio"] = ["System.Net", "Microsoft.AspNetCore", "Microsoft.Extensions"],
        ["Parley.Text"] = ["System.Net", "Microsoft.AspNetCore", "Microsoft.Extensions"],
        ["Parley.Graphs"] = ["System.Net", "Microsoft.AspNetCore", "Microsoft.Extensions"],
        ["Parley.Models"] = ["System.Net", "Microsoft.AspNetCore", "Microsoft.Extensions"],
        ["Parley.Engines"] = ["Microsoft.AspNetCore"],
        ["Parley.Agent"] = ["System.Net", "Microsoft.AspNetCore"],
    };

    // Names that say nothing.
    private static readonly string[] EmptyWords = ["Manager", "Helper", "Helpers", "Util", "Utils", "Utility", "Base", "Impl", "Info", "Misc", "Common"];
    private static readonly string[] EmptyFolders = ["Common", "Shared", "Helpers", "Misc", "Utils", "Utilities"];

    public static TheoryData<string> Projects => [.. Directory.EnumerateFiles(Path.Combine(TestData.Root, "src"), "*.csproj", SearchOption.AllDirectories).Select(path => Path.GetFileNameWithoutExtension(path)!)];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Imports_only_go_down(string project)
    {
        Assert.True(Rows.ContainsKey(project), $"{project} has no row yet: give it one here and in docs/architecture.md.");
        string[] declared = [.. XDocument.Load(Path.Combine(TestData.Root, "src", project, $"{project}.csproj")).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(((string)reference.Attribute("Include")!).Replace('\\', '/')))];
        string[] used = [.. Load(project).GetReferencedAssemblies().Select(name => name.Name!).Where(name => name.StartsWith("Parley.", StringComparison.Ordinal))];

        Assert.All(declared.Union(used), other => Assert.True(Rows[other] < Rows[project], $"{project} must not use {other}."));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Each_room_keeps_to_its_trade(string project)
    {
        string[] foreign = Foreign.GetValueOrDefault(project, []);
        Assert.DoesNotContain(Load(project).GetReferencedAssemblies(), used =>
            Array.Exists(foreign, prefix => used.Name == prefix || used.Name!.StartsWith(prefix + ".", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void No_name_says_nothing(string project)
    {
        Assert.DoesNotContain(Load(project).GetTypes(), type => !type.Name.Contains('<', StringComparison.Ordinal)
            && Array.Exists(EmptyWords, word => type.Name.Split('`')[0].EndsWith(word, StringComparison.Ordinal) && type.Name.Length > word.Length));
        Assert.DoesNotContain(Directory.EnumerateDirectories(Path.Combine(TestData.Root, "src", project), "*", SearchOption.AllDirectories),
            folder => EmptyFolders.Contains(Path.GetFileName(folder)));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Every_project_has_its_tests_and_its_place_in_the_solution(string project)
    {
        string solution = File.ReadAllText(Path.Combine(TestData.Root, "Parley.slnx"));
        Assert.Contains($"src/{project}/{project}.csproj", solution, StringComparison.Ordinal);
        Assert.Contains($"tests/{project}.Tests/{project}.Tests.csproj", solution, StringComparison.Ordinal);
    }

    private static Assembly Load(string project) => Assembly.Load(project == "Parley.Cli" ? "parley" : project);
}
