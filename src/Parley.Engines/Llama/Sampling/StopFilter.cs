using System.Text;

namespace Parley.Engines.Llama;

/// <summary>
/// Cuts a stream of text at the first of several texts, wherever the pieces of the stream begin and end. What could be the beginning
/// of one of them is held back until it is known.
/// </summary>
/// <param name="stops">The texts; empty ones never match.</param>
internal sealed class StopFilter(IReadOnlyList<string> stops)
{
    private readonly string[] stops = [.. stops.Where(stop => stop.Length > 0)];
    private readonly StringBuilder held = new();

    /// <summary>The text that was found; it and what follows are not handed out.</summary>
    public string? Found { get; private set; }

    /// <returns>What can be handed out now.</returns>
    public string Push(string text)
    {
        if (Found is not null)
            return "";
        if (stops.Length == 0)
            return text;
        held.Append(text);
        string all = held.ToString();
        (int at, string? stop) = First(all);
        if (stop is not null)
        {
            Found = stop;
            held.Clear();
            return all[..at];
        }
        int kept = LongestBeginning(all, stops);
        held.Remove(0, all.Length - kept);
        return all[..^kept];
    }

    /// <returns>What was held back: the stream has ended.</returns>
    public string Finish()
    {
        string rest = held.ToString();
        held.Clear();
        return rest;
    }

    /// <summary>Length of the longest end of a text that begins one of the marks without being it.</summary>
    public static int LongestBeginning(string text, IReadOnlyList<string> marks)
    {
        int longest = 0;
        foreach (string mark in marks)
        {
            for (int length = Math.Min(mark.Length - 1, text.Length); length > longest; length--)
            {
                if (string.CompareOrdinal(text, text.Length - length, mark, 0, length) == 0)
                {
                    longest = length;
                    break;
                }
            }
        }
        return longest;
    }

    private (int At, string? Stop) First(string text)
    {
        (int at, string? found) = (int.MaxValue, null);
        foreach (string stop in stops)
        {
            int place = text.IndexOf(stop, StringComparison.Ordinal);
            if (place >= 0 && place < at)
                (at, found) = (place, stop);
        }
        return (at, found);
    }
}
