using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Parley.Server;

/// <summary>
/// A service on the same machine that this server must not slow down. It is asked by the clock, in exactly one way: <c>chat</c>, <c>get</c>
/// or <c>command</c>. When it slows down, the engines here take on fewer jobs at once, and more again when it has recovered.
/// </summary>
public sealed class NeighbourOptions
{
    /// <summary>A streamed chat completion of 16 tokens.</summary>
    [ValidateObjectMembers]
    public NeighbourChatOptions? Chat { get; set; }

    /// <summary>An address that answers a GET with 2xx; the whole body is read.</summary>
    public Uri? Get { get; set; }

    /// <summary>A program and its arguments; it must end with 0.</summary>
    public IReadOnlyList<string> Command { get; set; } = [];

    /// <summary>Times its usual latency from which on it counts as slow, 1.1 to 100. Default 2; judged by the median of the last seven answers.</summary>
    [Range(1.1, 100.0)]
    public double Limit { get; set; } = 2;

    /// <summary>Times its usual latency below which it counts as recovered, 1 to 100; less than <c>neighbour.limit</c>. Default 1.2.</summary>
    [Range(1.0, 100.0)]
    public double Recovery { get; set; } = 1.2;

    /// <summary>From one question to the next, 100 ms to 10 min. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Time to wait for an answer, 100 ms to 10 min. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>What it usually takes, 1 ms to 10 min. Default: learned from the first answers while no engine here works.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")]
    public TimeSpan? Baseline { get; set; }

    /// <summary>Answers from which that is learned, 3 to 1,000. Default 20.</summary>
    [Range(3, 1000)]
    public int BaselineSamples { get; set; } = 20;
}

/// <summary>The neighbour as a language model.</summary>
public sealed class NeighbourChatOptions
{
    /// <summary>Where its routes begin, with the version: <c>http://127.0.0.1:8000/v1</c>.</summary>
    public Uri? Url { get; set; }

    /// <summary>The model's name there.</summary>
    public string? Model { get; set; }

    /// <summary>What it is asked, always the same. Default: to count from one to ten.</summary>
    public string Prompt { get; set; } = "Say the numbers from one to ten.";

    /// <summary>Name of the environment variable (or line of the env file) that holds the key. Default: no key is sent.</summary>
    [RegularExpression("[A-Za-z_][A-Za-z0-9_]*", ErrorMessage = "takes the name of a variable, not the key itself")]
    public string? KeyVariable { get; set; }
}
