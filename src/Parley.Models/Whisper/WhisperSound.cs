using Parley.Graphs;

namespace Parley.Models.Whisper;

/// <summary>
/// A window as the decoder sees it: keys and values of every layer, computed once and used for detecting the language, for every attempt
/// at decoding, and for aligning words. Belongs to the batch that made it; disposing gives the memory back to it.
/// </summary>
public sealed class WhisperSound : IDisposable
{
    private readonly Stack<WhisperSound> pool;
    private bool isOpen;

    internal WhisperSound(WhisperConfig c, Stack<WhisperSound> pool)
    {
        this.pool = pool;
        Keys = [.. Enumerable.Range(0, c.TextLayers).Select(_ => new SessionTensor(ElementType.F32, 1, c.TextHeads, c.AudioPositions, c.TextHeadDim))];
        Values = [.. Enumerable.Range(0, c.TextLayers).Select(_ => new SessionTensor(ElementType.F32, 1, c.TextHeads, c.TextHeadDim, c.AudioPositions))];
    }

    internal SessionTensor[] Keys { get; }

    internal SessionTensor[] Values { get; }

    /// <summary>Tells one window's content from the next in the same memory.</summary>
    internal long Id { get; private set; }

    internal WhisperSound Begin(long id)
    {
        (Id, isOpen) = (id, true);
        return this;
    }

    public void Dispose()
    {
        if (!isOpen)
            return;
        isOpen = false;
        pool.Push(this);
    }

    internal void Free()
    {
        foreach (SessionTensor tensor in Keys.Concat(Values))
            tensor.Dispose();
    }
}
