namespace Parley.Server;

/// <summary>What somebody who brings a voice must say about it.</summary>
public enum ConsentPolicy
{
    /// <summary>A statement why the voice may be used; it is kept with the voice.</summary>
    Declared,

    /// <summary>Nothing; what is said all the same is kept.</summary>
    None,
}

/// <summary>Voices that are brought here over HTTP. They lie in <c>voices</c> of the data folder.</summary>
public sealed class VoiceRouteOptions
{
    /// <summary>What an upload must say about consent: <c>declared</c> (default), or <c>none</c>.</summary>
    public ConsentPolicy Consent { get; set; }
}
