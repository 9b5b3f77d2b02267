namespace Parley.Audio;

/// <summary>How the channels of a file become one.</summary>
public enum ChannelMix
{
    /// <summary>Their mean.</summary>
    Mean,

    /// <summary>The front centre alone, where a film's dialogue is. Only of layouts that have one.</summary>
    Centre,

    /// <summary>The mean of front left and front right.</summary>
    Sides,
}
