namespace Parley.Benchmarks;

internal static class Pictures
{
    public static void Draw(string folder) => throw new NotImplementedException(folder);
}
