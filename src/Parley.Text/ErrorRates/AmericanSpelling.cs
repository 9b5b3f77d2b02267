using System.Reflection;

namespace Parley.Text;

/// <summary>Gives British words their American spelling, by Whisper's table of them.</summary>
internal static class AmericanSpelling
{
    private static readonly Lazy<Dictionary<string, string>> Table = new(Read);

    /// <param name="text">Words in lower case.</param>
    public static string Of(string text) =>
        string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(word => Table.Value.GetValueOrDefault(word, word)));

    private static Dictionary<string, string> Read()
    {
        const string name = "Parley.Text.ErrorRates.british-to-american.txt";
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using StreamReader reader = new(stream);
        Dictionary<string, string> table = new(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            if (!line.StartsWith('#') && line.Split(' ') is [string british, string american])
                table.Add(british, american);
        }
        return table;
    }
}
