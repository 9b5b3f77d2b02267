using System.Text;

namespace Parley.Engines;

/// <summary>
/// A list of phrases, for a house without a guard model. It knows these phrases and nothing else: it understands no sentence, no other
/// wording and no language but English. Spelling is compared without case, marks and repeated blanks.
/// </summary>
public sealed class DenyListGuard : IGuard
{
    public const string Name = "deny-list";

    private static readonly (string Id, string Name, string[] Phrases)[] BuiltIn =
    [
        ("S1", "Violent Crimes", ["how to kill someone", "how to murder", "how do i kill someone", "how to poison someone", "hire a hitman"]),
        ("S2", "Non-Violent Crimes", ["how to pick a lock to break in", "how to launder money", "how to make meth", "how to cook meth", "how to hotwire a car", "how to steal a car"]),
        ("S4", "Child Exploitation", ["child porn", "child pornography", "sexualize a child", "sexualise a child"]),
        ("S9", "Indiscriminate Weapons", ["how to build a bomb", "how to make a bomb", "build a pipe bomb", "make a pipe bomb", "make nerve gas", "make sarin", "build a dirty bomb"]),
        ("S11", "Self-Harm", ["how to kill myself", "best way to kill myself", "want to kill myself", "how to commit suicide", "help me commit suicide"]),
    ];

    private readonly List<(GuardCategory Category, string Phrase)> phrases = [];

    /// <param name="further">Phrases of the user's own; their category is <c>deny</c>.</param>
    public DenyListGuard(IEnumerable<string> further)
    {
        foreach ((string id, string name, string[] list) in BuiltIn)
            phrases.AddRange(list.Select(phrase => (new GuardCategory(id, name), Spell(phrase))));
        GuardCategory own = new("deny", "On this server's deny list");
        phrases.AddRange(further.Select(Spell).Where(phrase => phrase.Trim().Length > 0).Select(phrase => (own, phrase)));
        Categories = [.. phrases.Select(entry => entry.Category).Distinct()];
    }

    public EngineDescription Description { get; } = Facts;

    public IReadOnlyList<GuardCategory> Categories { get; }

    public static EngineDescription Facts { get; } = new()
    {
        Name = Name,
        Task = EngineTask.Guard,
        Description = "A short list of English phrases. It is no language model, understands nothing and is easily passed; configure llama-guard:FILE for a guard.",
        Model = "list of phrases",
        Languages = ["en"],
    };

    /// <summary>A guard over the phrases; categories of the caller's own are beyond it.</summary>
    /// <exception cref="UnsupportedOptionException">The request brings categories.</exception>
    public Task<GuardVerdict> JudgeAsync(GuardRequest request, CancellationToken cancel = default)
    {
        if (request.Categories is not null)
            throw new UnsupportedOptionException(Name, "Categories", "it is a list of phrases and cannot be told a policy. Configure llama-guard:FILE.");
        string text = Spell(request.Messages.Count > 0 ? request.Messages[^1].Text : "");
        GuardCategory[] found = [.. phrases.Where(entry => text.Contains(entry.Phrase, StringComparison.Ordinal)).Select(entry => entry.Category).Distinct()
            .Where(category => !request.Excluded.Contains(category.Id, StringComparer.OrdinalIgnoreCase))];
        return Task.FromResult(new GuardVerdict(found.Length > 0 ? GuardOutcome.Unsafe : GuardOutcome.Safe, found.Length > 0 ? 1 : 0, found, Name));
    }

    public void Dispose()
    {
    }

    public static EngineRegistration Register(IReadOnlyList<string> further) => new(Facts, _ => Task.FromResult<IDisposable>(new DenyListGuard(further)));

    /// <summary>Letters and digits in lower case, everything between them one blank, a blank at both ends: words match as whole words.</summary>
    private static string Spell(string text)
    {
        StringBuilder spelled = new(" ");
        foreach (Rune rune in text.Normalize(NormalizationForm.FormKC).ToLowerInvariant().EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune))
                spelled.Append(rune.ToString());
            else if (rune.Value != '\'' && spelled[^1] != ' ')
                spelled.Append(' ');
        }
        if (spelled[^1] != ' ')
            spelled.Append(' ');
        return spelled.ToString();
    }
}
