namespace Parley.Server;

/// <summary>The small REST interface of older stacks.</summary>
internal sealed class LegacyEndpoints
{
    /// <summary>Marks a request whose errors are worded as those stacks did.</summary>
    public static readonly object Mark = new();
}
