namespace Parley.Engines;

/// <summary>Memory that an open engine holds; its client answers <c>GetService(typeof(EngineMemory))</c>.</summary>
/// <param name="WeightBytes">The weights.</param>
/// <param name="CacheBytes">Room for what is kept between steps, taken once and never more.</param>
public sealed record EngineMemory(long WeightBytes, long CacheBytes)
{
    public long Bytes => WeightBytes + CacheBytes;
}
