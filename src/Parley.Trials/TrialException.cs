namespace Parley.Trials;

/// <summary>A trial cannot go on, or not yet; the message says why and what to do.</summary>
public sealed class TrialException(string message, Exception? inner = null) : Exception(message, inner);
