using System.Text;
using System.Text.RegularExpressions;

namespace Parley.Engines;

/// <summary>Names, languages and remarks that strangers give to voices.</summary>
public static partial class VoiceText
{
    private const int LongestName = 64;

    /// <summary>The name in its composed form, without space around it.</summary>
    /// <exception cref="ArgumentException">It is no name: empty, too long, or with characters that would mislead.</exception>
    public static string Name(string name)
    {
        string? problem = null, composed = null;
        try
        {
            composed = name.Normalize(NormalizationForm.FormC).Trim();
        }
        catch (ArgumentException)
        {
            problem = "it has half a surrogate pair in it";
        }
        if (composed is not null)
        {
            int length = composed.EnumerateRunes().Count();
            problem = length is 0 or > LongestName ? $"it has {length} characters, and 1 to {LongestName} are allowed"
                : composed is "." or ".." || composed.AsSpan().ContainsAny('/', '\\') ? "it looks like a path"
                : composed.Any(char.IsControl) ? "it has control characters in it"
                : composed.StartsWith(LibraryVoiceId.Prefix, StringComparison.OrdinalIgnoreCase) ? $"it begins like an id ('{LibraryVoiceId.Prefix}')"
                : null;
        }
        return problem is null ? composed! : throw new ArgumentException($"This cannot be a voice's name: {problem}.", nameof(name));
    }

    /// <exception cref="ArgumentException">It is no BCP 47 tag.</exception>
    public static string? Language(string? tag) => tag is null || Tag().IsMatch(tag) ? tag
        : throw new ArgumentException("The language must be a BCP 47 tag, for instance 'de' or 'en-GB'.", nameof(tag));

    /// <summary>A remark without control characters; <see langword="null"/> for an empty one.</summary>
    public static string? Plain(string? text, int longest)
    {
        string plain = text is null ? "" : string.Concat(text.Where(letter => !char.IsControl(letter) || letter == '\n').Take(longest)).Trim();
        return plain.Length > 0 ? plain : null;
    }

    [GeneratedRegex(@"\A[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}\z")]
    private static partial Regex Tag();
}

/// <summary>Ids of library voices: random, so that a name never touches the file system.</summary>
internal static class LibraryVoiceId
{
    public const string Prefix = "voice_";

    private const string Letters = "abcdefghijklmnopqrstuvwxyz234567";
    private const int Length = 24;

    private static readonly System.Buffers.SearchValues<char> Known = System.Buffers.SearchValues.Create(Letters);

    public static string Fresh() => Prefix + System.Security.Cryptography.RandomNumberGenerator.GetString(Letters, Length);

    public static bool Is(string text) =>
        text.Length == Prefix.Length + Length && text.StartsWith(Prefix, StringComparison.Ordinal) && !text.AsSpan(Prefix.Length).ContainsAnyExcept(Known);
}
