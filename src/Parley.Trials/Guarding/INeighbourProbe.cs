namespace Parley.Trials.Guarding;

/// <summary>One way to ask the neighbour for something small and always the same.</summary>
public interface INeighbourProbe : IDisposable
{
    /// <summary>Of what is asked, so that two trials can be told to have asked the same.</summary>
    string PromptSha256 { get; }

    /// <summary>The model asked, for a chat; else what is asked.</summary>
    string Model { get; }

    /// <summary>Returns when the answer is complete.</summary>
    /// <exception cref="NeighbourException">It refused or could not be reached.</exception>
    Task<NeighbourAnswer> AskAsync(CancellationToken cancel);
}

/// <summary>A complete answer.</summary>
/// <param name="FirstTokenMs">From the request to its first token, for chat.</param>
/// <param name="Tokens">Pieces of text, for chat.</param>
public readonly record struct NeighbourAnswer(double? FirstTokenMs = null, int? Tokens = null);

/// <summary>The neighbour did not answer as it should.</summary>
public sealed class NeighbourException(string message, Exception? inner = null) : Exception(message, inner);
