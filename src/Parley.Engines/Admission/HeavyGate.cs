namespace Parley.Engines;

/// <summary>
/// One job at a time among those that keep every core busy (a Whisper, a large voice, a language model): two of them side by side
/// both take twice as long, and nobody gains. A conversation passes first.
/// </summary>
public sealed class HeavyGate
{
    internal FairLine Line { get; } = new(places: 1);
}
