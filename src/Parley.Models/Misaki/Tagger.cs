using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Parley.Models.Misaki;

/// <summary>
/// The averaged perceptron that gives each token its Penn tag (<c>tagger.json.gz</c>), greedy from left to right.
/// </summary>
internal sealed class Tagger
{
    private const string Before = "-START-", WellBefore = "-START2-", After = "-END-", WellAfter = "-END2-";

    private readonly List<string> tags = [];
    private readonly Utf8Map tagNumbers = new(64);
    private readonly Utf8Map exact = new(14_000);                              // token to its only tag
    private readonly Utf8Map vocabulary = new(22_000);
    private readonly Utf8Map features = new(80_000);                           // feature to its place in starts
    private readonly List<int> starts = new(80_000);
    private readonly List<Weight> weights = new(300_000);
    private int[] rank = [];                                                   // order of the tags by code points, for ties

    private Tagger()
    {
    }

    public long Bytes => exact.Bytes + vocabulary.Bytes + features.Bytes + (starts.Capacity * 4L) + (weights.Capacity * 4L);

    /// <exception cref="ModelFileException">The file is missing or damaged.</exception>
    public static Tagger Read(string path) => DataFile.Read(path, Parse);

    /// <summary>Sets the tag of every token; the neighbours that count are those in the list.</summary>
    public void Tag(IReadOnlyList<Token> tokens)
    {
        string[] contexts = [WellBefore, Before, .. tokens.Select(token => Context(token.Text)), After, WellAfter];
        string previous = Before, beforeThat = WellBefore;
        double[] scores = new double[tags.Count];
        for (int i = 0; i < tokens.Count; i++)
        {
            int known = exact.Get(tokens[i].Text);
            tokens[i].Tag = known >= 0 ? tags[known] : Best(tokens[i].Text, i == 0, contexts.AsSpan(i, 5), previous, beforeThat, scores);
            (beforeThat, previous) = (previous, tokens[i].Tag);
        }
    }

    /// <summary>
    /// Sums in double and in this order: with the weights' single decimals, exact ties depend on the rounding of every step.
    /// </summary>
    private string Best(string word, bool isFirst, ReadOnlySpan<string> around, string previous, string beforeThat, double[] scores)
    {
        Array.Clear(scores);
        bool known = Add(scores, "b", "");
        known |= Add(scores, "s3=", LastThree(word));
        known |= Add(scores, "p1=", First(word));
        known |= Add(scores, "w=", around[2]);
        known |= Add(scores, "sh=", Shape(word));
        known |= Add(scores, isFirst ? "i0" : "i+", "");
        known |= Add(scores, "t-1=", previous);
        known |= Add(scores, "t-2=", beforeThat);
        known |= Add(scores, "t-12=", $"{previous},{beforeThat}");
        known |= Add(scores, "w-1=", around[1]);
        known |= Add(scores, "s3-1=", LastThree(around[1]));
        known |= Add(scores, "w-2=", around[0]);
        known |= Add(scores, "w+1=", around[3]);
        known |= Add(scores, "s3+1=", LastThree(around[3]));
        known |= Add(scores, "w+2=", around[4]);
        if (!known)
            return "NN";
        int best = 0;
        for (int tag = 1; tag < scores.Length; tag++)
        {
            if (scores[tag] > scores[best] || (scores[tag] == scores[best] && rank[tag] > rank[best]))
                best = tag;
        }
        return tags[best];
    }

    private bool Add(double[] scores, string name, ReadOnlySpan<char> value)
    {
        Span<byte> key = stackalloc byte[Utf8Map.LongestKey];
        if ((name.Length + value.Length) * 3 > key.Length)
            return false;
        int length = Encoding.UTF8.GetBytes(name, key);
        length += Encoding.UTF8.GetBytes(value, key[length..]);
        int feature = features.Get(key[..length]);
        if (feature < 0)
            return false;
        for (int i = starts[feature]; i < starts[feature + 1]; i++)
            scores[weights[i].Tag] += weights[i].Tenths / 10.0;
        return true;
    }

    /// <summary>The normalised word if the training text had it, else its shape.</summary>
    private string Context(string word)
    {
        string normal =
            word.IndexOf('-', StringComparison.Ordinal) > 0 ? "!HYPHEN"
            : word.Length == 4 && word.All(char.IsDigit) ? "!YEAR"
            : char.IsDigit(word[0]) ? "!DIGITS"
            : word.ToLowerInvariant();
        return vocabulary.Get(normal) >= 0 ? normal : $"<{Shape(word)}>";
    }

    private static string Shape(string word)
    {
        if (CharacterClass.IsAlphabetic(word))
        {
            return word.All(char.IsLower) ? "x"
                : word.All(char.IsUpper) ? word.Length == 1 ? "X1" : "XX"
                : char.IsUpper(word[0]) && word.Skip(1).All(char.IsLower) ? "Xx"
                : "xX";
        }
        if (word.All(char.IsDigit))
            return "d";
        StringBuilder shape = new(4);
        foreach (char c in word.AsSpan(0, Math.Min(4, word.Length)))
            shape.Append(char.IsDigit(c) ? 'd' : char.IsLetter(c) ? 'x' : c);
        return shape.ToString();
    }

    private static ReadOnlySpan<char> LastThree(string word) => word.AsSpan(Math.Max(0, word.Length - 3));

    private static ReadOnlySpan<char> First(string word) => word.AsSpan(0, word.Length > 1 && char.IsSurrogatePair(word[0], word[1]) ? 2 : 1);

    private static Tagger Parse(byte[] json)
    {
        Tagger tagger = new();
        Utf8JsonReader reader = new(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string part = reader.GetString()!;
            reader.Read();
            switch (part)
            {
                case "tags":
                    while (reader.Read() && reader.TokenType == JsonTokenType.String)
                        tagger.TagNumber(reader.ValueSpan);
                    break;
                case "tagdict":
                    ReadMap(ref reader, tagger.exact, (ref Utf8JsonReader value) => tagger.TagNumber(value.ValueSpan));
                    break;
                case "vocab":
                    while (reader.Read() && reader.TokenType == JsonTokenType.String)
                        tagger.vocabulary.Set(Encoding.UTF8.GetBytes(reader.GetString()!), 1);
                    break;
                case "weights":
                    ReadMap(ref reader, tagger.features, tagger.ReadWeights);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        if (tagger.tags.Count is 0 or > 255 || tagger.starts.Count == 0)
            throw new FormatException("it has no tags or no weights");
        tagger.starts.Add(tagger.weights.Count);
        tagger.rank = [.. tagger.tags.Select(tag => tagger.tags.Count(other => string.CompareOrdinal(other, tag) < 0))];
        foreach (Utf8Map map in (ReadOnlySpan<Utf8Map>)[tagger.exact, tagger.vocabulary, tagger.features])
            map.Trim();
        return tagger;
    }

    private delegate int ReadValue(ref Utf8JsonReader reader);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ReadMap(ref Utf8JsonReader reader, Utf8Map map, ReadValue readValue)
    {
        Span<byte> key = stackalloc byte[Utf8Map.LongestKey];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueSpan.Length > key.Length)
                throw new FormatException($"a key has {reader.ValueSpan.Length} bytes");
            int length = reader.CopyString(key);
            reader.Read();
            map.Set(key[..length], readValue(ref reader));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int ReadWeights(ref Utf8JsonReader reader)
    {
        starts.Add(weights.Count);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            int tag = TagNumber(reader.ValueSpan);
            reader.Read();
            weights.Add(new((byte)tag, Tenths(reader.ValueSpan)));
        }
        return starts.Count - 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int TagNumber(ReadOnlySpan<byte> tag)
    {
        int number = tagNumbers.Get(tag);
        if (number >= 0)
            return number;
        tags.Add(Encoding.UTF8.GetString(tag));
        tagNumbers.Set(tag, tags.Count - 1);
        return tags.Count - 1;
    }

    /// <summary>"-12.3" is -123; a fifth of the time of the general reader for a third of a million numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static short Tenths(ReadOnlySpan<byte> number)
    {
        bool isNegative = number.StartsWith((byte)'-');
        int point = number.IndexOf((byte)'.'), value = 0;
        if (point != number.Length - 2)
            throw new FormatException($"'{Encoding.UTF8.GetString(number)}' is no weight with one decimal");
        for (int i = isNegative ? 1 : 0; i < number.Length; i++)
        {
            if (i != point)
                value = (value * 10) + (number[i] - '0');
        }
        return checked((short)(isNegative ? -value : value));
    }

    /// <summary>A weight for one tag, in tenths: every weight of the file has one decimal.</summary>
    private readonly record struct Weight(byte Tag, short Tenths);
}
