using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Parley.Engines;

/// <summary>What happens to unsafe words.</summary>
public enum GuardPolicy
{
    /// <summary>Nothing is judged; <c>/v1/moderations</c> answers all the same.</summary>
    Off,

    /// <summary>They pass, and the answer and the log say what was found.</summary>
    Flag,

    /// <summary>An unsafe question is answered with the refusal; an unsafe answer ends before its unsafe clause.</summary>
    Block,

    /// <summary>As block, and the refusal is said in place of the unsafe clause.</summary>
    Replace,
}

/// <summary>What counts when a guard cannot answer.</summary>
public enum GuardFailure
{
    /// <summary>The words count as unsafe.</summary>
    Closed,

    /// <summary>The words pass.</summary>
    Open,
}

/// <summary>The guard over the brains: what people say to them and what they answer.</summary>
public sealed class GuardOptions
{
    /// <summary>What happens to unsafe words: <c>off</c>, <c>flag</c>, <c>block</c> or <c>replace</c>. Default off.</summary>
    public GuardPolicy Policy { get; set; }

    /// <summary>True to judge what people say. Default true.</summary>
    public bool Input { get; set; } = true;

    /// <summary>True to judge what is answered, clause by clause before it is handed on. Default true.</summary>
    public bool Output { get; set; } = true;

    /// <summary>Probability from which words are unsafe, 0 to 1. Default 0.5.</summary>
    [Range(0.0, 1.0)]
    public double Threshold { get; set; } = 0.5;

    /// <summary>Longest time that one judgement may take, 10 ms to 1 min. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan Budget { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>What counts when the guard fails or is late: <c>closed</c> or <c>open</c>. Default: closed under block and replace, open under flag.</summary>
    public GuardFailure? Fail { get; set; }

    /// <summary>What is said instead.</summary>
    public string Refusal { get; set; } = "I cannot help with that.";

    /// <summary>A policy of your own instead of the built-in categories: an id and what it forbids.</summary>
    public IReadOnlyDictionary<string, string> Categories { get; set; } = new Dictionary<string, string>();

    /// <summary>Ids of built-in categories that are not judged, for instance <c>S6</c>.</summary>
    public IReadOnlyList<string> Excluded { get; set; } = [];

    /// <summary>Further phrases of the built-in deny list.</summary>
    public IReadOnlyList<string> Deny { get; set; } = [];

    internal bool FailsClosed => (Fail ?? (Policy is GuardPolicy.Flag or GuardPolicy.Off ? GuardFailure.Open : GuardFailure.Closed)) == GuardFailure.Closed;
}

/// <summary>Checks <see cref="GuardOptions"/> against the ranges they state.</summary>
[OptionsValidator]
public sealed partial class GuardOptionsValidator : IValidateOptions<GuardOptions>;
