namespace Parley.Engines;

/// <summary>Who is served first; a job never overtakes one of a higher kind.</summary>
public enum WorkPriority
{
    /// <summary>A conversation: somebody hears the wait.</summary>
    Realtime,

    /// <summary>An answer that flows while it is made.</summary>
    Streaming,

    /// <summary>An answer that is sent whole.</summary>
    Buffered,

    /// <summary>Work that nobody waits for.</summary>
    Batch,
}
