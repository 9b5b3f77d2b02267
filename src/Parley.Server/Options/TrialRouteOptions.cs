namespace Parley.Server;

/// <summary>Trials that people listen to over HTTP.</summary>
public sealed class TrialRouteOptions
{
    /// <summary>The folder of all trials (<c>--trials</c> of <c>parley trial</c>); <see langword="null"/> (default) offers none.</summary>
    public string? Folder { get; set; }
}
