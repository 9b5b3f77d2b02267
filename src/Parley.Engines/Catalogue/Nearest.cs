namespace Parley.Engines;

/// <summary>The known name nearest to a mistyped one.</summary>
public static class Nearest
{
    /// <returns>The candidate with the least edit distance, if that is at most a third of the name's length (at least 1, at most 3); else <see langword="null"/>.</returns>
    public static string? Of(string name, IEnumerable<string> candidates)
    {
        int limit = Math.Clamp(name.Length / 3, 1, 3);
        string? best = null;
        foreach (string candidate in candidates)
        {
            int distance = Distance(Plain(name), Plain(candidate));
            if (distance > limit)
                continue;
            limit = distance - 1;
            best = candidate;
        }
        return best;
    }

    private static string Plain(string name) =>
        name.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();

    /// <summary>Optimal string alignment: insert, delete, substitute and swap of neighbours cost 1 each.</summary>
    private static int Distance(string a, string b)
    {
        int[,] d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
            d[i, 0] = i;
        for (int j = 0; j <= b.Length; j++)
            d[0, j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                int same = a[i - 1] == b[j - 1] ? 0 : 1;
                d[i, j] = Math.Min(Math.Min(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + same);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }
        return d[a.Length, b.Length];
    }
}
