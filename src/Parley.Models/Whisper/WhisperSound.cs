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

    internal WhisperSound(WhisperModel model, Stack<WhisperSound> pool)
    {
        this.pool = pool;
        Parts = Allocate(model, 1);
    }

    /// <summary>One for each of <see cref="WhisperModel.Memory"/>.</summary>
    internal SessionTensor[] Parts { get; }

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
        foreach (SessionTensor tensor in Parts)
            tensor.Dispose();
    }

    /// <summary>Memory for the keys and values of several windows.</summary>
    internal static SessionTensor[] Allocate(WhisperModel model, int windows) =>
        [.. model.Memory.Select(port => new SessionTensor(port.ElementType, [windows, .. port.Shape.Axes[1..].Select(axis => axis.Size)]))];
}
