namespace Parley.Trials.Plans;

/// <summary>A plan that cannot be carried out as it stands; the message names file, line and field.</summary>
public sealed class PlanException(string message, Exception? inner = null) : Exception(message, inner);
