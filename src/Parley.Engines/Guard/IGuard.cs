using Microsoft.Extensions.AI;

namespace Parley.Engines;

/// <summary>Whose words are judged.</summary>
public enum GuardRole
{
    /// <summary>What a person said.</summary>
    User,

    /// <summary>What the agent answers.</summary>
    Agent,
}

/// <summary>What a guard found.</summary>
public enum GuardOutcome
{
    Safe,

    Unsafe,

    /// <summary>It could not tell: it failed, or had no time. The policy decides.</summary>
    Error,
}

/// <summary>One kind of unsafe content.</summary>
/// <param name="Id">Short and stable, for instance <c>S10</c>.</param>
/// <param name="Name">For people.</param>
public sealed record GuardCategory(string Id, string Name);

/// <summary>What is to be judged: the last message, in the light of those before it.</summary>
public sealed record GuardRequest
{
    /// <summary>The conversation; system messages are left out of it.</summary>
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    /// <summary>Whose message the last one is.</summary>
    public required GuardRole Role { get; init; }

    /// <summary>A policy of the caller's own instead of the built-in categories, in order; <see langword="null"/> for the built-in ones.</summary>
    public IReadOnlyList<GuardCategory>? Categories { get; init; }

    /// <summary>Ids of categories that are left out.</summary>
    public IReadOnlyList<string> Excluded { get; init; } = [];

    /// <summary>Probability from which the message is unsafe, 0 to 1. Default 0.5.</summary>
    public double Threshold { get; init; } = 0.5;
}

/// <summary>A guard's judgement.</summary>
/// <param name="Outcome">What it found.</param>
/// <param name="Probability">That the message is unsafe, 0 to 1; <see langword="null"/> if it could not tell.</param>
/// <param name="Categories">What it violates; empty unless it is unsafe.</param>
/// <param name="Guard">Who judged.</param>
public sealed record GuardVerdict(GuardOutcome Outcome, double? Probability, IReadOnlyList<GuardCategory> Categories, string Guard)
{
    /// <summary>Why it could not tell.</summary>
    public string? Problem { get; init; }
}

/// <summary>Judges whether a message is safe. Can be called from several places at once.</summary>
public interface IGuard : IDisposable
{
    EngineDescription Description { get; }

    /// <summary>What it looks for unless a request says otherwise.</summary>
    IReadOnlyList<GuardCategory> Categories { get; }

    Task<GuardVerdict> JudgeAsync(GuardRequest request, CancellationToken cancel = default);
}
